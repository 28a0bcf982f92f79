"""Send the e-mails that are due: claim one, send it, note it. Never inside a request, never inside a transaction.

A claim moves the time of the next try. So a process that dies between sending and noting it sends the same e-mail
once more, under the same Message-ID, by which a mailbox can tell that it has it already.
"""

from datetime import datetime, timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any, Final

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from marketplace.accounts.speaking import in_words_of
from marketplace.notifications.models import ALWAYS_BY_MAIL, Kind, Notification
from marketplace.notifications.services import mail_token, market_host
from marketplace.notifications.words import Shown, shown
from marketplace.organizations.models import Membership
from marketplace.tenancy.scope import as_system

BATCH: Final = 50
MOST_ATTEMPTS: Final = 12
LONGEST_WAIT: Final = timedelta(hours=6)
REASON: Final = "e-mails go to people of every organization"
log = structlog.get_logger(__name__)


def send_due() -> int:
    """Send what is due, each in its own small transactions; returns how many went out."""
    sent = 0
    for _ in range(BATCH):
        claimed = _claim(timezone.now())
        if claimed is None:
            break
        sent += _send(claimed)
    return sent


def _claim(now: datetime) -> Shown | None:
    """Take the next e-mail, so that nobody else does until the time for another try has come."""
    with transaction.atomic(), as_system(REASON):
        due = Notification.objects.due(now).select_related("user").select_for_update(of=("self",), skip_locked=True)
        for notice in due[:BATCH]:
            if _may_read(notice):
                notice.mail_attempts += 1
                notice.mail_due_at = now + wait(notice.mail_attempts)
                notice.save(update_fields=["mail_attempts", "mail_due_at"])
                with in_words_of(notice.user):
                    return shown([notice])[0]
            notice.mail_due_at = None
            notice.save(update_fields=["mail_due_at"])
    return None


def _may_read(notice: Notification) -> bool:
    """Whether the person is still there, and still belongs to the organization that it is about."""
    if not notice.user.is_active or notice.user.email.endswith(".invalid"):
        return False
    if notice.org_id is None:
        return True
    return Membership.objects.filter(org_id=notice.org_id, user_id=notice.user_id).exists()


def wait(attempts: int) -> timedelta:
    """How long after so many attempts the next one is made: 2, 4, 8 … minutes, at most six hours."""
    return min(timedelta(minutes=2**attempts), LONGEST_WAIT)


def _send(item: Shown) -> bool:
    try:
        with in_words_of(item.notice.user):
            mail = message(item)
        mail.send()
    except SMTPRecipientsRefused:
        _note(item, problem="The address was not accepted.", give_up=True)
    except Exception as problem:  # whatever a mail server, or the way to it, raises: it is tried again
        give_up = item.notice.mail_attempts >= MOST_ATTEMPTS
        log.warning("notifications.mail_not_sent", notice=item.notice.pk, problem=type(problem).__name__)
        _note(item, problem=type(problem).__name__, give_up=give_up)
    else:
        _note(item, sent=True)
        return True
    return False


def _note(item: Shown, *, sent: bool = False, problem: str = "", give_up: bool = False) -> None:
    changes: dict[str, Any] = {"mail_problem": problem}
    if sent:
        changes["mailed_at"] = timezone.now()
    if sent or give_up:
        changes["mail_due_at"] = None
    with transaction.atomic(), as_system(REASON):
        Notification.objects.filter(pk=item.notice.pk).update(**changes)


def message(item: Shown) -> EmailMultiAlternatives:
    """The e-mail of a notice: text and HTML of the same words."""
    notice, base = item.notice, settings.BASE_URL.rstrip("/")
    stop = ""
    headers = {"Message-ID": f"<{notice.public_id}@{market_host()}>", "Auto-Submitted": "auto-generated"}
    if notice.kind not in ALWAYS_BY_MAIL:
        stop = base + reverse("notifications:stop_mails", args=[mail_token(notice.user_id, notice.kind)])
        headers |= {"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    words = {
        "shown": item,
        "kind": Kind(notice.kind).label,
        "url": base + notice.path,
        "stop": stop,
        "preferences": base + reverse("notifications:preferences"),
        "market": base,
    }
    mail = EmailMultiAlternatives(
        subject=" ".join(item.sentence.split()),
        body=render_to_string("notifications/mail.txt", words),
        to=[notice.user.email],
        headers=headers,
    )
    mail.attach_alternative(render_to_string("notifications/mail.html", words), "text/html")
    return mail
