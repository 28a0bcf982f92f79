"""Sound and end alarms: told in the log once, kept as a row until the trouble has passed, shown in the console."""

import structlog
from django.conf import settings
from django.db import connection
from django.utils import timezone

from chain.models import Alarm

log = structlog.get_logger(__name__)
SOUND = """
INSERT INTO chain_alarm (chain, kind, subject, sentence, began_at, noticed_at)
VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (chain, kind, subject) WHERE ended_at IS NULL
DO UPDATE SET sentence = excluded.sentence, noticed_at = excluded.noticed_at
RETURNING xmax = 0
"""


def sound(kind: str, sentence: str, *, subject: str = "", chain: str | None = None) -> None:
    """Open an alarm, or refresh the open one. Call it outside a transaction that may be rolled back."""
    chain, now = chain or settings.CHAIN_ID, timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(SOUND, [chain, kind, subject, sentence, now, now])
        is_new = cursor.fetchone()[0]
    if is_new:
        log.error("chain.alarm", chain=chain, kind=kind, subject=subject, sentence=sentence)


def end(kind: str, *, subject: str = "", chain: str | None = None) -> None:
    """The trouble has passed; nothing to do when there was none."""
    chain = chain or settings.CHAIN_ID
    ended = Alarm.objects.open().filter(chain=chain, kind=kind, subject=subject).update(ended_at=timezone.now())
    if ended:
        log.warning("chain.alarm_ended", chain=chain, kind=kind, subject=subject)


def sounding(chain: str | None = None) -> list[Alarm]:
    """The open alarms of a chain, the oldest first."""
    return list(Alarm.objects.open().filter(chain=chain or settings.CHAIN_ID))
