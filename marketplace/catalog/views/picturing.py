"""The step of the pictures: added, put in order, given words, taken away; each button is a save."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from marketplace.catalog import services
from marketplace.catalog.forms import MediaStep
from marketplace.catalog.models import Listing, ListingVersion
from marketplace.catalog.services import Added
from marketplace.catalog.views.own import latest_of, mine, pictures_of
from marketplace.catalog.views.writing import STEPS, following, page, said, stamp_of, tab_of
from marketplace.lifecycle import Refused
from marketplace.organizations.access import MAY_SELL
from marketplace.tenancy import door
from marketplace.tenancy.door import ActedRequest


@door.member(*MAY_SELL)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: ActedRequest, slug: str) -> HttpResponse:
    """The pictures of the open draft, or of the next version of what is public."""
    listing = mine(request, slug)
    latest, step, at = latest_of(listing), STEPS["media"], pictures_of(request.org)
    if request.method != "POST":
        return page(request, step, listing, latest, MediaStep(latest.media, at))
    is_automatic = "autosave" in request.POST
    form = MediaStep(latest.media, at, data=request.POST, files=None if is_automatic else request.FILES)
    if not form.is_valid():
        if is_automatic:
            return said(
                request,
                step,
                latest,
                problem=" ".join(str(error) for found in form.errors.values() for error in found),
                status=422,
            )
        return page(request, step, listing, latest, form, status=422)
    try:
        saved = _save(request, listing, form, is_automatic=is_automatic)
    except services.Stale as stale:
        if is_automatic:
            return said(request, step, latest, problem=str(stale), status=409)
        return page(request, step, listing, latest, form, stale=str(stale), status=409)
    except Refused as refused:
        if is_automatic:
            return said(request, step, latest, problem=str(refused), status=422)
        return page(request, step, listing, latest, form, refusal=str(refused), status=422)
    if is_automatic:
        return said(request, step, saved)
    return _on(request, listing, form)


def _save(request: ActedRequest, listing: Listing, form: MediaStep, *, is_automatic: bool) -> ListingVersion:
    files = form.new.cleaned_data["file"]
    return services.save_pictures(
        request.actor,
        listing_id=listing.pk,
        pictures=form.pictures("" if is_automatic else request.POST.get("do", "")),
        added=Added(files, form.new.cleaned_data["new_alt"]) if files else None,
        stamp=stamp_of(request),
        tab=tab_of(request),
        is_automatic=is_automatic,
    )


def _on(request: ActedRequest, listing: Listing, form: MediaStep) -> HttpResponse:
    """To the next step, or, where one is not done with the pictures, back to them."""
    wish, is_added = request.POST.get("do", ""), bool(form.new.cleaned_data["file"])
    if not wish and not is_added:
        messages.success(request, _("Saved."))
        url = following(STEPS["media"], request.POST.get("then", ""))
        return redirect(url, org=request.org.slug, slug=listing.slug)
    if is_added:
        messages.success(request, _("The picture is added."))
    here = reverse("catalog:edit_media", kwargs={"org": request.org.slug, "slug": listing.slug})
    return redirect(f"{here}#pictures")
