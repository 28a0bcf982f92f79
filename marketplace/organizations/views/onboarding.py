"""Onboarding in four steps. Each is kept when it is taken, so it can be left and taken up again anywhere."""

from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from marketplace.accounts.acting import person_of
from marketplace.accounts.models import Wallet
from marketplace.lifecycle import Refused
from marketplace.organizations import services
from marketplace.organizations.access import MAY_MANAGE
from marketplace.organizations.forms import InviteForms, WantForm, WhoForm
from marketplace.organizations.models import BusinessDetails, Invitation, Membership, Organization
from marketplace.tenancy import door
from marketplace.tenancy.door import ActedRequest

NAMES: Final = {
    "who": gettext_lazy("Who you are"),
    "want": gettext_lazy("What you want"),
    "people": gettext_lazy("Your people"),
    "wallet": gettext_lazy("Your wallet"),
}
STEPS: Final = tuple(NAMES)
SUBMITS: Final = {
    "who": gettext_lazy("Continue"),
    "want": gettext_lazy("Continue"),
    "people": gettext_lazy("Invite and continue"),
    "wallet": gettext_lazy("Finish"),
}
MOST_ROWS: Final = 9


def _where(org: Organization, step: str) -> str:
    return reverse(f"organizations:onboard_{step}", args=[org.slug])


def _page(request: ActedRequest, step: str, status: int = 200, **context: Any) -> HttpResponse:
    """A step, or for htmx only what changes between steps."""
    org, place = getattr(request, "org", None), STEPS.index(step)
    context = {
        "submit": SUBMITS[step],
        **context,
        "step": step,
        "number": place + 1,
        "names": list(NAMES.values()),
        "heading": NAMES[step],
        "back": _where(org, STEPS[place - 1]) if org and place else "",
        "org": org,
    }
    template = "organizations/onboarding.html" + ("#step" if request.htmx else "")
    return render(request, template, context, status=status)


def _away(request: HttpRequest, to: str) -> HttpResponse:
    """Leave the steps for another page, also when htmx asked."""
    return HttpResponseClientRedirect(to) if request.htmx else redirect(to)  # type: ignore[attr-defined]


@door.person
@require_http_methods(["GET", "POST"])
def create(request: ActedRequest) -> HttpResponse:
    """The first step, which makes the organization."""
    form = WhoForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            org = services.create_organization(request.actor, **form.cleaned_data, step=BusinessDetails.Step.WANT)
        except Refused as refused:
            form.add_error("name", str(refused))
        else:
            return redirect(_where(org, "want"))
    is_first = not Membership.objects.of(person_of(request.actor)).exists()
    status = 422 if request.method == "POST" else 200
    return _page(request, "who", status, form=form, is_first=is_first)


@door.member(*MAY_MANAGE)
@require_http_methods(["GET", "POST"])
def who(request: ActedRequest) -> HttpResponse:
    """The first step, seen again."""
    org, details = request.org, services.details_of(request.org)
    initial = {name: getattr(details, name) for name in ("size", "sector", "registration_number", "vat_number")}
    form = WhoForm(request.POST or None, initial={"name": org.name, "country": org.country, **initial})
    if request.method == "POST" and form.is_valid():
        try:
            services.tell_who(request.actor, **form.cleaned_data)
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            return redirect(_where(org, "want"))
    return _page(request, "who", 422 if request.method == "POST" else 200, form=form)


@door.member(*MAY_MANAGE)
@require_http_methods(["GET", "POST"])
def want(request: ActedRequest) -> HttpResponse:
    """The second step."""
    form = WantForm(request.POST or None, initial={"intention": request.org.intention})
    if request.method == "POST" and form.is_valid():
        services.tell_intention(request.actor, intention=form.cleaned_data["intention"])
        return redirect(_where(request.org, "people"))
    return _page(request, "want", 422 if request.method == "POST" else 200, form=form)


@door.member(*MAY_MANAGE)
@require_http_methods(["GET", "POST"])
def people(request: ActedRequest) -> HttpResponse:
    """The third step, which can be left empty. "More rows" shows the same page with three more."""
    if "more" in request.POST:
        typed = request.POST.copy()
        shown = InviteForms(typed).total_form_count()
        typed["form-TOTAL_FORMS"] = str(min(shown + 3, MOST_ROWS))
        return _people(request, InviteForms(typed), is_checked=False)
    if "skip" in request.POST:
        services.finish_step(request.actor, step="people")
        return redirect(_where(request.org, "wallet"))
    forms = InviteForms(request.POST or None)
    if request.method == "GET":
        return _people(request, forms)
    if forms.is_valid():
        asked = [(row.cleaned_data["email"], row.cleaned_data["role"]) for row in forms if row.has_changed()]
        try:
            services.invite_all(request.actor, people=asked)
        except Refused as refused:
            return _people(request, forms, 422, problem=str(refused))
        services.finish_step(request.actor, step="people")
        return redirect(_where(request.org, "wallet"))
    return _people(request, forms, 422)


def _people(
    request: ActedRequest, forms: Any, status: int = 200, problem: str = "", is_checked: bool = True
) -> HttpResponse:
    asked = Invitation.objects.for_org(request.org.pk).open().order_by("pk")
    context = {"forms": forms, "asked": asked, "problem": problem, "is_checked": is_checked}
    return _page(request, "people", status, **context, can_add=forms.total_form_count() < MOST_ROWS)


@door.member(*MAY_MANAGE)
@require_http_methods(["GET", "POST"])
def wallet(request: ActedRequest) -> HttpResponse:
    """The fourth step, which can be skipped; it leads Home."""
    if request.method == "POST":
        services.finish_step(request.actor, step="wallet")
        messages.success(request, _("%(org)s is ready.") % {"org": request.org})
        return _away(request, reverse("organizations:home", args=[request.org.slug]))
    wallets = list(Wallet.objects.filter(user_id=person_of(request.actor)))
    return _page(request, "wallet", wallets=wallets, submit=_("Finish") if wallets else _("Finish without a wallet"))
