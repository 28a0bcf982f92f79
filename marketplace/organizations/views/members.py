"""Who belongs to the organization, and as what."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marketplace.accounts.acting import person_of
from marketplace.accounts.models import Wallet
from marketplace.lifecycle import Refused
from marketplace.organizations import services
from marketplace.organizations.access import EVERYBODY, MAY_MANAGE, MAY_OWN, PERMISSIONS, Role
from marketplace.organizations.forms import InviteForm, RoleForm
from marketplace.organizations.models import Invitation, Membership
from marketplace.tenancy import door
from marketplace.tenancy.door import ActedRequest

WHAT = {role: [permission.may for permission in PERMISSIONS if role in permission.roles] for role in EVERYBODY}


def _members(request: ActedRequest, form: InviteForm, status: int = 200) -> HttpResponse:
    org_id = request.org.pk
    found = Membership.objects.for_org(org_id).select_related("user").order_by("since", "pk")
    manages = request.actor.role in MAY_MANAGE
    context = {
        "members": found,
        "asked": Invitation.objects.for_org(org_id).open().select_related("invited_by").order_by("pk"),
        "manages": manages,
        "owns": request.actor.role in MAY_OWN,
        "form": form,
    }
    return render(request, "organizations/members.html", context, status=status)


@door.member(*EVERYBODY)
@require_GET
def members(request: ActedRequest) -> HttpResponse:
    """Who may act for the organization, and who has been asked to."""
    return _members(request, InviteForm())


@door.member(*EVERYBODY)
@require_GET
def roles(request: ActedRequest) -> HttpResponse:
    """What each role may do."""
    rows = [(permission.may, [role in permission.roles for role in EVERYBODY]) for permission in PERMISSIONS]
    return render(request, "organizations/roles.html", {"rows": rows, "roles": Role.labels})


@door.member(*MAY_MANAGE)
@require_POST
def invite(request: ActedRequest) -> HttpResponse:
    """Ask somebody in."""
    form = InviteForm(request.POST)
    if form.is_valid():
        try:
            invitation = services.invite(request.actor, **form.cleaned_data)
        except Refused as refused:
            form.add_error("email", str(refused))
        else:
            messages.success(request, _("The invitation to %(email)s is on its way.") % {"email": invitation.email})
            return redirect("organizations:members", org=request.org.slug)
    return _members(request, form, 422)


@door.member(*MAY_MANAGE)
@require_POST
def resend(request: ActedRequest, invitation_id: int) -> HttpResponse:
    """Send an invitation once more."""
    get_object_or_404(Invitation.objects.for_org(request.org.pk), pk=invitation_id)
    invitation = services.resend_invitation(request.actor, invitation_id=invitation_id)
    messages.success(request, _("The invitation to %(email)s is on its way again.") % {"email": invitation.email})
    return redirect("organizations:members", org=request.org.slug)


@door.member(*MAY_MANAGE)
@require_POST
def revoke(request: ActedRequest, invitation_id: int) -> HttpResponse:
    """Take an invitation back."""
    get_object_or_404(Invitation.objects.for_org(request.org.pk), pk=invitation_id)
    invitation = services.revoke_invitation(request.actor, invitation_id=invitation_id)
    messages.success(request, _("The invitation to %(email)s no longer works.") % {"email": invitation.email})
    return redirect("organizations:members", org=request.org.slug)


def _found(request: ActedRequest, membership_id: int) -> Membership:
    members = Membership.objects.for_org(request.org.pk).select_related("user")
    return get_object_or_404(members, pk=membership_id)


@door.member(*MAY_MANAGE)
@require_http_methods(["GET", "POST"])
def member(request: ActedRequest, membership_id: int) -> HttpResponse:
    """One member: another role, or out."""
    theirs = _found(request, membership_id)
    owns = request.actor.role in MAY_OWN
    offered = [choice for choice in Role.choices if owns or choice[0] != Role.OWNER]
    form = RoleForm(offered, request.POST or None, initial={"role": theirs.role})
    if request.method == "POST" and form.is_valid():
        try:
            changed = services.change_role(request.actor, membership_id=theirs.pk, role=form.cleaned_data["role"])
        except Refused as refused:
            form.add_error("role", str(refused))
        else:
            messages.success(
                request,
                _("%(user)s is %(get_role_display)s now.")
                % {"user": theirs.user, "get_role_display": changed.get_role_display()},
            )
            return redirect("organizations:members", org=request.org.slug)
    is_me = theirs.user_id == request.actor.user_id
    may_change = owns or theirs.role != Role.OWNER
    context = {"theirs": theirs, "form": form, "owns": owns, "is_me": is_me, "may_change": may_change, "what": WHAT}
    return render(request, "organizations/member.html", context, status=422 if request.method == "POST" else 200)


def _confirm(request: ActedRequest, status: int = 200, **context: Any) -> HttpResponse:
    """A question with its consequences, before what cannot be taken back."""
    return render(request, "organizations/confirm.html", context, status=status)


def _is_paid_to(request: ActedRequest, user_id: int) -> bool:
    """Whether what the organization earns goes to this person's wallet."""
    address = request.org.payout_address
    return bool(address) and Wallet.objects.filter(user_id=user_id, address=address).exists()


@door.member(*MAY_MANAGE)
@require_http_methods(["GET", "POST"])
def remove(request: ActedRequest, membership_id: int) -> HttpResponse:
    """Ask before, then take a member out."""
    theirs = _found(request, membership_id)
    problem = ""
    if request.method == "POST":
        try:
            services.remove_member(request.actor, membership_id=theirs.pk)
        except Refused as refused:
            problem = str(refused)
        else:
            messages.success(request, _("%(user)s is no longer a member.") % {"user": theirs.user})
            return redirect("organizations:members", org=request.org.slug)
    return _confirm(
        request,
        422 if problem else 200,
        question="remove",
        theirs=theirs,
        problem=problem,
        is_paid=_is_paid_to(request, theirs.user_id),
    )


@door.member(*MAY_OWN)
@require_http_methods(["GET", "POST"])
def transfer(request: ActedRequest, membership_id: int) -> HttpResponse:
    """Ask before, then make a member the owner in the acting owner's place."""
    theirs = _found(request, membership_id)
    problem = ""
    if request.method == "POST":
        try:
            services.transfer_ownership(request.actor, membership_id=theirs.pk)
        except Refused as refused:
            problem = str(refused)
        else:
            messages.success(
                request,
                _("%(user)s owns %(org)s now. You are its administrator.") % {"user": theirs.user, "org": request.org},
            )
            return redirect("organizations:members", org=request.org.slug)
    is_paid = _is_paid_to(request, person_of(request.actor))
    status = 422 if problem else 200
    return _confirm(request, status, question="transfer", theirs=theirs, problem=problem, is_paid=is_paid)


@door.member(*EVERYBODY)
@require_http_methods(["GET", "POST"])
def leave(request: ActedRequest) -> HttpResponse:
    """Ask before, then leave the organization."""
    problem = ""
    if request.method == "POST":
        try:
            services.leave(request.actor)
        except Refused as refused:
            problem = str(refused)
        else:
            messages.success(request, _("You have left %(org)s.") % {"org": request.org})
            return redirect("organizations:mine")
    is_paid = _is_paid_to(request, person_of(request.actor))
    return _confirm(request, 422 if problem else 200, question="leave", problem=problem, is_paid=is_paid)
