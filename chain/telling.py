"""Tell operators by e-mail of alarms that began: once each, again if nobody knows whether it went out."""

import structlog
from django.conf import settings
from django.core.mail import mail_admins
from django.utils import timezone

from chain.models import Alarm

log = structlog.get_logger(__name__)
AT_ONCE = 50


def tell() -> int:
    """One e-mail about all that is new; returns how many alarms it names. Without ADMINS nobody is told.

    It is noted after the e-mail went out: who dies in between sends it twice rather than never.
    """
    new = list(Alarm.objects.open().filter(told_at__isnull=True)[:AT_ONCE])
    if not new or not settings.ADMINS:
        return 0
    lines = [f"{alarm.began_at:%d %B %H:%M:%S} UTC, {alarm.chain}, {alarm.kind}:\n{alarm.sentence}" for alarm in new]
    where = f"{settings.BASE_URL}/console/chain/"
    subject = new[0].sentence[:120] if len(new) == 1 else f"{len(new)} alarms"
    try:
        mail_admins(subject, "\n\n".join([*lines, f"What to do is in docs/operations.md; how things stand: {where}"]))
    except OSError as problem:  # smtplib's errors are among them; the next round tries again
        log.warning("chain.not_told", problem=str(problem), alarms=len(new))
        return 0
    Alarm.objects.filter(pk__in=[alarm.pk for alarm in new]).update(told_at=timezone.now())
    return len(new)
