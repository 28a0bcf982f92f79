"""The inbox, the bell that every shell shows, and what a person wants to be told."""

from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marketplace.accounts.acting import person_of
from marketplace.notifications import services
from marketplace.notifications.forms import PreferencesForm
from marketplace.notifications.models import Notification
from marketplace.notifications.words import shown
from marketplace.tenancy import door
from marketplace.tenancy.door import ActedRequest

SIZE: Final = 20
LARGEST: Final = 2**63 - 1


def _moderates(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_moderator", False))


def _number(text: str) -> int:
    return min(int(text), LARGEST) if text.isdecimal() else LARGEST


@door.person
@require_GET
def inbox(request: ActedRequest) -> HttpResponse:
    """What happened, newest first."""
    mine = Notification.objects.inbox(person_of(request.actor), moderates=_moderates(request))
    before = _number(request.GET.get("before", ""))
    rows = list(mine.filter(pk__lt=before)[: SIZE + 1])
    more, rows = len(rows) > SIZE, rows[:SIZE]
    context = {
        "items": shown(rows),
        "newest": rows[0].pk if rows else 0,
        "has_unread": mine.unread().exists(),
        "next_url": f"?before={rows[-1].pk}" if more else "",
        "is_first": before == LARGEST,
    }
    return render(request, "notifications/inbox.html", context)


@door.public
@require_GET
def bell(request: HttpRequest) -> HttpResponse:
    """The bell with the number of unread notices; 204 when the page shows it already, or nobody is signed in."""
    if not request.user.is_authenticated:
        return HttpResponse(status=204)
    unread = services.unread_count(request.user.pk, moderates=_moderates(request))
    if str(unread) == request.GET.get("shown"):
        return HttpResponse(status=204)
    return render(request, "shells/_bell.html", {"unread": unread})


@door.person
@require_POST
def open_notice(request: ActedRequest, notice_id: int) -> HttpResponse:
    """Mark a notice as read and go to what it is about."""
    return redirect(services.open_notice(request.actor, notice_id=notice_id))


@door.person
@require_POST
def read_all(request: ActedRequest) -> HttpResponse:
    """Mark all notices as read, up to the newest that the page showed."""
    services.open_all(request.actor, up_to=_number(request.POST.get("up_to", "")))
    return redirect("notifications:inbox")


@door.person
@require_http_methods(["GET", "POST"])
def preferences(request: ActedRequest) -> HttpResponse:
    """What the person wants to be told, and how."""
    chosen = services.chosen(person_of(request.actor))
    form = PreferencesForm(chosen, request.POST or None, moderates=_moderates(request))
    if request.method == "POST" and form.is_valid():
        services.choose(request.actor, wanted=form.wanted())
        messages.success(request, _("Saved. It holds from the next notice on."))
        return redirect("notifications:preferences")
    return render(request, "notifications/preferences.html", {"form": form})


@csrf_exempt  # a mailbox sends this by itself (RFC 8058); the token says who and what, and can do nothing else
@door.public
@require_http_methods(["GET", "POST"])
def stop_mails(request: HttpRequest, token: str) -> HttpResponse:
    """Ask before, then stop e-mails of one kind."""
    if request.method == "POST":
        kind = services.stop_mails(token=token)
        return render(request, "notifications/stopped.html", {"kind": kind.label, "is_done": True})
    _, kind = services.read_mail_token(token)
    return render(request, "notifications/stopped.html", {"kind": kind.label})
