"""Pages about keys, usage, and tools used from the browser."""

import uuid
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from marketplace.catalog.models import Listing, ListingVersion
from marketplace.gateway import limits, runs, services
from marketplace.gateway.forms import KeyForm, KeyLimitForm, ServiceKeyForm, ToolForm
from marketplace.gateway.models import ApiKey, ToolRun, UpstreamSecret, UsageRecord
from marketplace.gateway.result import presented
from marketplace.lifecycle import Refused
from marketplace.organizations.access import EVERYBODY, MAY_HOLD_KEYS, MAY_SELL, MAY_USE
from marketplace.subscriptions.models import Subscription
from marketplace.subscriptions.services import Entitlement, entitlement
from marketplace.tenancy import door
from marketplace.tenancy.door import ActedRequest
from marketplace.tenancy.scope import as_system


@door.member(*EVERYBODY)
def tools(request: ActedRequest) -> HttpResponse:
    """The tools that the organization may use now, and what it ran last."""
    org = request.org
    running = Subscription.objects.filter(buyer=org, state=Subscription.State.ACTIVE).select_related(
        "listing__org", "listing__category"
    )
    latest = ToolRun.objects.for_org(org.pk).select_related("listing", "user")[:10]
    return render(request, "gateway/tools.html", {"running": running.order_by("listing__name"), "runs": latest})


@door.member(*MAY_USE)
def use(request: ActedRequest, slug: str) -> HttpResponse:
    """The form of one tool; sending it leaves a run for the worker."""
    listing = get_object_or_404(Listing.objects.public(), slug=slug)
    right = entitlement(request.org.pk, listing)
    schema, example = _asked_for(listing, right)
    if request.method == "POST" and "use_example" in request.POST:
        form = ToolForm(schema, initial={"form_key": uuid.uuid4()})
        return _start(request, listing, form, example, uuid.uuid4())
    form = ToolForm(schema, request.POST or None, request.FILES or None, initial={"form_key": uuid.uuid4()})
    if request.method == "POST" and form.is_valid():
        return _start(request, listing, form, form.payload(), form.cleaned_data["form_key"])
    status = 422 if request.method == "POST" else 200
    return render(request, "gateway/use.html", {"listing": listing, "form": form, "right": right}, status=status)


def _asked_for(listing: Listing, right: Entitlement) -> tuple[dict[str, Any], dict[str, Any]]:
    """Input schema and example of the version that the subscription runs on; without one, of the latest."""
    number = right.subscription.version_number if right.allowed and right.subscription else None
    if number in (None, listing.version_number):
        return listing.input_schema, listing.example
    with as_system("an approved version was public; its subscribers may still use it"):
        version = ListingVersion.objects.get(listing=listing, number=number, state=ListingVersion.State.APPROVED)
    return version.input_schema, version.example


def _start(
    request: ActedRequest, listing: Listing, form: ToolForm, payload: dict[str, object], key: uuid.UUID
) -> HttpResponse:
    try:
        run = runs.start_run(request.actor, listing=listing, payload=payload, form_key=key)
    except Refused as refused:
        right = entitlement(request.org.pk, listing)
        form.add_error(None, str(refused)) if form.is_bound else messages.error(request, str(refused))
        return render(request, "gateway/use.html", {"listing": listing, "form": form, "right": right}, status=422)
    return redirect("gateway:run", org=request.org.slug, public_id=run.public_id)


@door.member(*EVERYBODY)
def run(request: ActedRequest, public_id: uuid.UUID) -> HttpResponse:
    """One run; while it is not finished, its part of the page asks again every second."""
    found = ToolRun.objects.for_org(request.org.pk).select_related("listing", "user").filter(public_id=public_id)
    tool_run = found.first()
    if tool_run is None:
        raise Http404("No such run.")
    page = "gateway/run.html" + ("#run-part" if request.htmx else "")
    return render(request, page, {"run": tool_run, "result": presented(tool_run.result)})


@door.member(*MAY_HOLD_KEYS)
def keys(request: ActedRequest) -> HttpResponse:
    """The keys of the organization; a new one is shown once."""
    form = KeyForm(request.POST or None)
    context = {"form": form, "gateway_url": settings.LIVE_URL}
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                key, text = services.create_key(request.actor, **form.cleaned_data)
                context |= {"form": KeyForm(), "new_key": key, "new_text": text}
                status = 200
            except Refused as refused:
                form.add_error(None, str(refused))
    context["keys"] = limits.with_calls(ApiKey.objects.for_org(request.org.pk).select_related("created_by"))
    context["example"] = (
        Subscription.objects.filter(buyer=request.org, state="active").select_related("listing").first()
    )
    return render(request, "gateway/keys.html", context, status=status)


@door.member(*MAY_HOLD_KEYS)
def revoke(request: ActedRequest, key_id: int) -> HttpResponse:
    """Ask before, then end a key at once."""
    key = get_object_or_404(ApiKey.objects.for_org(request.org.pk), pk=key_id)
    if request.method == "POST":
        services.revoke_key(request.actor, key_id=key_id)
        messages.success(request, _("The key “%(name)s” no longer works.") % {"name": key.name})
        return redirect("gateway:keys", org=request.org.slug)
    return render(request, "gateway/revoke.html", {"key": key})


@door.member(*MAY_HOLD_KEYS)
def limit(request: ActedRequest, key_id: int) -> HttpResponse:
    """How many calls a key may make in a month."""
    key = get_object_or_404(limits.with_calls(ApiKey.objects.for_org(request.org.pk).valid()), pk=key_id)
    form = KeyLimitForm(request.POST or None, initial={"monthly_calls": key.monthly_calls})
    if request.method == "POST" and form.is_valid():
        limits.limit_key(request.actor, key_id=key_id, **form.cleaned_data)
        messages.success(request, _("The limit of the key “%(name)s” is set.") % {"name": key.name})
        return redirect("gateway:keys", org=request.org.slug)
    return render(request, "gateway/limit.html", {"key": key, "form": form}, status=422 if form.errors else 200)


@door.member(*EVERYBODY)
def usage(request: ActedRequest) -> HttpResponse:
    """What was called in the last thirty days, by tool, and the last fifty calls."""
    calls = UsageRecord.objects.made_by(request.org.pk).select_related("listing", "api_key", "user")
    context = {"by_listing": services.usage_by_listing(request.org.pk), "calls": calls.order_by("-started_at")[:50]}
    return render(request, "gateway/usage.html", context)


@door.member(*MAY_SELL)
def service_key(request: ActedRequest, slug: str) -> HttpResponse:
    """The key with which the gateway calls the provider's own service."""
    listing = get_object_or_404(Listing.objects.for_org(request.org.pk), slug=slug)
    form = ServiceKeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        services.keep_service_key(request.actor, listing=listing, service_key=form.cleaned_data["service_key"])
        messages.success(request, _("The key is stored. Calls carry it from now on."))
        return redirect("catalog:manage", org=request.org.slug)
    stored = UpstreamSecret.objects.filter(listing=listing).first()
    context = {"form": form, "listing": listing, "stored": stored}
    return render(request, "gateway/service_key.html", context, status=422 if form.is_bound else 200)
