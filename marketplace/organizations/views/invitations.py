"""The page behind the link of an invitation."""

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from marketplace.accounts.models import User
from marketplace.lifecycle import Refused
from marketplace.organizations import services
from marketplace.tenancy import door
from marketplace.tenancy.door import ActedRequest


@door.public
@never_cache
@require_http_methods(["GET", "POST"])
def invitation(request: ActedRequest, token: str) -> HttpResponse:
    """Who invites, to what; joining, or signing up to join. Every link that does not work gets the same answer."""
    if request.method == "POST" and request.user.is_authenticated:
        try:
            org = services.accept_invitation(request.actor, token=token)
        except Refused as refused:
            return render(request, "organizations/invitation.html", {"problem": str(refused)}, status=422)
        messages.success(request, _("You belong to %(org)s now.") % {"org": org})
        return redirect("organizations:home", org=org.slug)
    try:
        found = services.read_invitation(token=token)
    except Refused as refused:
        return render(request, "organizations/invitation.html", {"problem": str(refused)}, status=404)
    is_theirs = isinstance(request.user, User) and request.user.email == found.email
    if not request.user.is_authenticated:
        # Who has the link reads the address: signing up with it needs no second mail, and it is filled in already.
        get_adapter(request).stash_verified_email(request, found.email)
    context = {"invitation": found, "is_theirs": is_theirs, "here": request.path}
    return render(request, "organizations/invitation.html", context)
