"""Lists of saved listings: an organization's own, with what each of its people noted."""

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from marketplace.accounts.acting import person_of
from marketplace.catalog import comparing, saving
from marketplace.catalog.models import Listing, Plan, SavedList, SavedListing
from marketplace.catalog.saved_forms import ChangeForm, ListForm, SaveForm
from marketplace.lifecycle import Refused
from marketplace.organizations.access import EVERYBODY, MAY_SAVE
from marketplace.organizations.models import Membership
from marketplace.tenancy import door
from marketplace.tenancy.door import ActedRequest


@door.person
@require_safe
def choose(request: ActedRequest, slug: str) -> HttpResponse:
    """The way from a tool to a list: have an organization, choose one if there are several."""
    listing = get_object_or_404(Listing.objects.public().select_related("category"), slug=slug)
    memberships = list(Membership.objects.of(person_of(request.actor)))
    if not memberships:
        return redirect(f"{reverse('organizations:create')}?{urlencode({'next': request.get_full_path()})}")
    savers = [membership for membership in memberships if membership.role in MAY_SAVE]
    if len(savers) == 1:
        return redirect("catalog:save", org=savers[0].org.slug, slug=listing.slug)
    return render(request, "catalog/save_for.html", {"listing": listing, "savers": savers})


@door.member(*MAY_SAVE)
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: ActedRequest, slug: str) -> HttpResponse:
    """Put a tool on a list."""
    listing = get_object_or_404(Listing.objects.public().select_related("org"), slug=slug)
    lists = list(SavedList.objects.for_org(request.org.pk).kept())
    form = SaveForm(lists, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            saved = saving.save(request.actor, listing_id=listing.pk, **form.wish())
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            said = {"tool": listing.name, "list": saved.saved_list.name}
            messages.success(request, _("%(tool)s is on “%(list)s”.") % said)
            return redirect("catalog:saved_list", org=request.org.slug, list_id=saved.saved_list_id)
    there = SavedListing.objects.for_org(request.org.pk).kept().filter(listing=listing).select_related("saved_list")
    context = {"listing": listing, "form": form, "there": there, "has_lists": bool(lists)}
    return render(request, "catalog/save.html", context, status=422 if request.method == "POST" else 200)


@door.member(*EVERYBODY)
@require_safe
def lists(request: ActedRequest) -> HttpResponse:
    """The lists of the organization."""
    return _lists_page(request, ListForm())


def _lists_page(request: ActedRequest, form: ListForm, status: int = 200) -> HttpResponse:
    kept = Count("entries", filter=Q(entries__removed_at=None))
    found = SavedList.objects.for_org(request.org.pk).kept().select_related("created_by").annotate(tools=kept)
    undo = request.GET.get("removed", "")
    gone = SavedList.objects.for_org(request.org.pk).filter(removed_at__isnull=False)
    context = {
        "lists": found,
        "form": form,
        "may_save": request.actor.role in MAY_SAVE,
        "removed": gone.filter(pk=undo).first() if undo.isdecimal() and len(undo) < 19 else None,
    }
    return render(request, "catalog/saved_lists.html", context, status=status)


@door.member(*MAY_SAVE)
@require_POST
def make(request: ActedRequest) -> HttpResponse:
    """Begin an empty list."""
    form = ListForm(request.POST)
    if form.is_valid():
        try:
            made = saving.make_list(request.actor, **form.cleaned_data)
        except Refused as refused:
            form.add_error("name", str(refused))
        else:
            return redirect("catalog:saved_list", org=request.org.slug, list_id=made.pk)
    return _lists_page(request, form, 422)


@door.member(*EVERYBODY)
@require_safe
def saved_list(request: ActedRequest, list_id: int) -> HttpResponse:
    """One list: the tools on it, who put them there, when, and why."""
    found = get_object_or_404(SavedList.objects.for_org(request.org.pk).kept(), pk=list_id)
    entries = list(SavedListing.objects.kept().filter(saved_list=found).select_related("listing__org", "saved_by"))
    public = [entry.listing.slug for entry in entries if entry.listing.state == Listing.State.PUBLIC]
    undo = request.GET.get("removed", "")
    gone = SavedListing.objects.filter(saved_list=found, removed_at__isnull=False).select_related("listing")
    context = {
        "list": found,
        "rows": _with_plans(entries),
        "may_save": request.actor.role in MAY_SAVE,
        "compare_url": comparing.address(public[: comparing.MOST]) if len(public) > 1 else "",
        "removed": gone.filter(pk=undo).first() if undo.isdecimal() and len(undo) < 19 else None,
    }
    return render(request, "catalog/saved_list.html", context)


def _with_plans(entries: list[SavedListing]) -> list[dict[str, Any]]:
    """Each entry with the plan that a card of it would show."""
    on_sale = Plan.objects.on_sale().filter(listing__in=[entry.listing_id for entry in entries])
    cheapest = {plan.listing_id: plan for plan in on_sale.select_related("currency").order_by("-price")}
    return [{"entry": entry, "plan": cheapest.get(entry.listing_id)} for entry in entries]


@door.member(*MAY_SAVE)
@require_http_methods(["GET", "HEAD", "POST"])
def rename(request: ActedRequest, list_id: int) -> HttpResponse:
    """Another name for a list; taking it away is here too."""
    found = get_object_or_404(SavedList.objects.for_org(request.org.pk).kept(), pk=list_id)
    form = ListForm(request.POST or None, initial={"name": found.name})
    if request.method == "POST" and form.is_valid():
        try:
            saving.rename_list(request.actor, list_id=found.pk, **form.cleaned_data)
        except Refused as refused:
            form.add_error("name", str(refused))
        else:
            return redirect("catalog:saved_list", org=request.org.slug, list_id=found.pk)
    status = 422 if request.method == "POST" else 200
    return render(request, "catalog/saved_list_edit.html", {"list": found, "form": form}, status=status)


@door.member(*MAY_SAVE)
@require_POST
def remove_list(request: ActedRequest, list_id: int) -> HttpResponse:
    """Take a list away; the page after it offers to put it back."""
    found = get_object_or_404(SavedList.objects.for_org(request.org.pk).kept(), pk=list_id)
    saving.remove_list(request.actor, list_id=found.pk)
    return redirect(f"{reverse('catalog:saved', args=[request.org.slug])}?removed={found.pk}")


@door.member(*MAY_SAVE)
@require_POST
def put_list_back(request: ActedRequest, list_id: int) -> HttpResponse:
    """Undo it."""
    found = get_object_or_404(SavedList.objects.for_org(request.org.pk), pk=list_id)
    try:
        saving.put_list_back(request.actor, list_id=found.pk)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("catalog:saved", org=request.org.slug)
    return redirect("catalog:saved_list", org=request.org.slug, list_id=found.pk)


@door.member(*MAY_SAVE)
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: ActedRequest, saved_id: int) -> HttpResponse:
    """Another note, or another list."""
    mine = SavedListing.objects.for_org(request.org.pk).kept().select_related("listing", "saved_list")
    entry = get_object_or_404(mine, pk=saved_id)
    all_lists = list(SavedList.objects.for_org(request.org.pk).kept())
    form = ChangeForm(all_lists, request.POST or None, initial={"list_id": entry.saved_list_id, "note": entry.note})
    if request.method == "POST" and form.is_valid():
        try:
            saved = saving.change(request.actor, saved_id=entry.pk, **form.cleaned_data)
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            return redirect("catalog:saved_list", org=request.org.slug, list_id=saved.saved_list_id)
    status = 422 if request.method == "POST" else 200
    return render(request, "catalog/saved_entry.html", {"entry": entry, "form": form}, status=status)


@door.member(*MAY_SAVE)
@require_POST
def take_off(request: ActedRequest, saved_id: int) -> HttpResponse:
    """Take a tool off its list; the page after it offers to put it back."""
    entry = get_object_or_404(SavedListing.objects.for_org(request.org.pk).kept(), pk=saved_id)
    saving.take_off(request.actor, saved_id=entry.pk)
    return redirect(f"{reverse('catalog:saved_list', args=[request.org.slug, entry.saved_list_id])}?removed={entry.pk}")


@door.member(*MAY_SAVE)
@require_POST
def put_back(request: ActedRequest, saved_id: int) -> HttpResponse:
    """Undo it."""
    entry = get_object_or_404(SavedListing.objects.for_org(request.org.pk), pk=saved_id)
    try:
        saving.put_back(request.actor, saved_id=entry.pk)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("catalog:saved", org=request.org.slug)
    return redirect("catalog:saved_list", org=request.org.slug, list_id=entry.saved_list_id)
