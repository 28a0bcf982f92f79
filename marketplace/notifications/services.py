"""What a person does with notices: open them, and choose which ones to be told."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from marketplace.accounts.acting import person_of
from marketplace.lifecycle import Refused
from marketplace.notifications.models import (
    ALWAYS_BY_MAIL,
    ALWAYS_IN_INBOX,
    MOST_COUNTED,
    Kind,
    Notification,
    Preference,
    wishes,
)
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import scope

SALT = "marketplace.notifications.mails"


def unread_count(user_id: int, *, moderates: bool) -> int:
    """How many notices a person has not opened, counted to a hundred and no further. Opens the person's own scope."""
    with transaction.atomic(savepoint=False), scope(user_id=user_id):
        unread = Notification.objects.inbox(user_id, moderates=moderates).unread()
        return unread.order_by()[: MOST_COUNTED + 1].count()


def open_notice(actor: Actor, *, notice_id: int) -> str:
    """Note that the person has opened a notice; returns where it leads."""
    with transaction.atomic():
        mine = Notification.objects.select_for_update().filter(user_id=person_of(actor), pk=notice_id)
        notice = mine.first()
        if notice is None:
            raise Refused(_("This notice is gone. You may have left the organization that it was about."))
        mine.filter(read_at=None).update(read_at=timezone.now())
    return notice.path


def open_all(actor: Actor, *, up_to: int) -> int:
    """Note all notices up to `up_to` as opened, so that one that came meanwhile stays new; returns how many."""
    with transaction.atomic():
        unread = Notification.objects.filter(user_id=person_of(actor), pk__lte=up_to).unread()
        return unread.update(read_at=timezone.now())


def choose(actor: Actor, *, wanted: Mapping[Kind, tuple[bool, bool]]) -> None:
    """Store what the person wants of each kind: in the inbox, by e-mail. What cannot be switched off stays on."""
    with transaction.atomic():
        for kind, (inbox, mail) in wanted.items():
            stored = {"in_inbox": inbox or kind in ALWAYS_IN_INBOX, "by_mail": mail or kind in ALWAYS_BY_MAIL}
            Preference.objects.update_or_create(user_id=person_of(actor), kind=kind, defaults=stored)


def chosen(user_id: int) -> dict[Kind, tuple[bool, bool]]:
    """For each kind, whether it goes into the inbox and by e-mail, as things stand for a person."""
    rows = {row.kind: row for row in Preference.objects.of(user_id)}
    return {kind: wishes(kind, rows.get(kind)) for kind in Kind}


def mail_token(user_id: int, kind: str) -> str:
    """What a link in an e-mail carries to switch off mails of this kind, for this person and nothing else."""
    return signing.dumps([user_id, str(kind)], salt=SALT)


def read_mail_token(token: str) -> tuple[int, Kind]:
    """The person and the kind of a token; raises Refused for one that we did not make."""
    try:
        user_id, kind = signing.loads(token, salt=SALT)
        return int(user_id), Kind(kind)
    except (signing.BadSignature, ValueError, TypeError):
        raise Refused(
            _("This link is incomplete. Copy it whole from the e-mail, or sign in and choose there.")
        ) from None


def stop_mails(*, token: str) -> Kind:
    """Switch off the e-mails that a token names, signed in or not. Done twice, it stays done."""
    user_id, kind = read_mail_token(token)
    if kind in ALWAYS_BY_MAIL:
        raise Refused(_("We always write to you about the security of your account."))
    with transaction.atomic(), scope(user_id=user_id):
        in_inbox, _by_mail = chosen(user_id)[kind]
        choose(Actor(user_id=user_id), wanted={kind: (in_inbox, False)})
    return kind


def market_host() -> str:
    """The host that this market is reached at, as it stands in Message-IDs."""
    return urlsplit(settings.BASE_URL).hostname or "localhost"
