"""The e-mails of invitations. The row is the order to send: nothing is lost between the commit and the mail server."""

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from marketplace.accounts.models import User
from marketplace.accounts.speaking import in_words_of
from marketplace.organizations.models import Invitation
from marketplace.organizations.services.inviting import token_of
from marketplace.tenancy.scope import as_system

AGAIN_AFTER: Final = timedelta(minutes=2)
log = structlog.get_logger(__name__)


def send_invitations(*, most: int = 20) -> int:
    """Send the e-mails that are due; answers how many went out.

    A row is claimed for two minutes, sent outside any transaction, and marked. Who dies in between leaves it to be
    sent once more, with the same link.
    """
    with transaction.atomic(), as_system("the clock mails for every organization"):
        waiting = Invitation.objects.to_mail(timezone.now()).order_by("mail_due_at")
        due = list(waiting.values_list("pk", flat=True)[:most])
    return sum(_send(pk) for pk in due)


def _send(pk: int) -> bool:
    claimed = timezone.now() + AGAIN_AFTER
    invitation = _claim(pk, claimed)
    if invitation is None:
        return False
    try:
        written(invitation).send()
    except OSError as problem:  # the mail server cannot be reached, or says no (SMTPException is an OSError)
        log.warning("invitation not mailed", invitation=pk, problem=type(problem).__name__)
        return False
    with transaction.atomic(), as_system("the clock mails for every organization"):
        # A re-send asked for meanwhile has set another time, and is not overlooked.
        Invitation.objects.filter(pk=pk, mail_due_at=claimed).update(mailed_at=timezone.now())
    return True


def _claim(pk: int, until: datetime) -> Invitation | None:
    """Take the row for a while, unless another worker just did."""
    with transaction.atomic(), as_system("the clock mails for every organization"):
        due = Invitation.objects.to_mail(timezone.now()).filter(pk=pk)
        if not due.update(mail_due_at=until):
            return None
        return Invitation.objects.select_related("org", "invited_by").get(pk=pk)


def written(invitation: Invitation) -> EmailMultiAlternatives:
    """The e-mail, as text and as HTML."""
    path = reverse("organizations:invitation", args=[token_of(invitation)])
    name = " ".join(invitation.org.name.split())
    reader = User.objects.filter(email=invitation.email).first()
    with in_words_of(reader or invitation.invited_by):
        return _in_words(invitation, name, f"{settings.BASE_URL}{path}")


def _in_words(invitation: Invitation, name: str, url: str) -> EmailMultiAlternatives:
    context = {"invitation": invitation, "name": name, "url": url, "market": settings.BASE_URL}
    text = render_to_string("organizations/mail/invitation.txt", context)
    mail = EmailMultiAlternatives(_("Join %(name)s on Guildhall") % {"name": name}, text, to=[invitation.email])
    mail.attach_alternative(render_to_string("organizations/mail/invitation.html", context), "text/html")
    return mail
