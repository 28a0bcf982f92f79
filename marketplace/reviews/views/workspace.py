"""What an organization writes: reviews of what it bought, answers to what others say of its tools."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from marketplace.catalog.models import Listing
from marketplace.lifecycle import Refused
from marketplace.organizations.access import EVERYBODY, MAY_SELL, MAY_USE
from marketplace.reviews import reading, services, standing
from marketplace.reviews.forms import AnswerForm, ReviewForm
from marketplace.reviews.models import Answer, Review, Wording
from marketplace.reviews.services import Said
from marketplace.tenancy import door
from marketplace.tenancy.door import ActedRequest

MOST = 50


@door.member(*EVERYBODY)
@require_safe
def overview(request: ActedRequest) -> HttpResponse:
    """What the organization may review, what it wrote, and what others wrote of its tools."""
    mine = Review.objects.for_org(request.org.pk).select_related("listing").order_by("-pk")
    received = Review.objects.shown().filter(listing__org=request.org).newest().select_related("listing")
    context = {
        "unreviewed": standing.unreviewed(request.org.pk)[:MOST],
        "mine": mine[:MOST],
        "received": [reading.shown(review) for review in received[:MOST]],
        "hidden_answers": Answer.objects.for_org(request.org.pk).filter(state=Answer.State.HIDDEN)[:MOST],
        "may_write": request.actor.role in MAY_USE,
        "may_answer": request.actor.role in MAY_SELL,
    }
    return render(request, "reviews/overview.html", context)


@door.member(*MAY_USE)
@require_http_methods(["GET", "POST"])
def write(request: ActedRequest, slug: str) -> HttpResponse:
    """The organization's review of one tool; sending it writes its next wording. Without an order there is no page."""
    listing = get_object_or_404(Listing.objects.select_related("org"), slug=slug)
    if not standing.has_ordered(request.org.pk, listing.pk):
        raise Http404("This organization has never ordered this tool.")
    review = Review.objects.for_org(request.org.pk).filter(listing=listing).select_related("answer").first()
    form = ReviewForm(request.POST or None, initial=_initial(review))
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        seen = data.pop("seen")
        try:
            services.write_review(request.actor, listing_id=listing.pk, said=Said(**data), seen=seen)
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Thank you. Your review stands on the page of the tool."))
            return redirect("reviews:overview", org=request.org.slug)
    context = {"listing": listing, "review": review, "form": form, **_standing(request, listing, review)}
    return render(request, "reviews/write.html", context, status=422 if request.method == "POST" else 200)


def _initial(review: Review | None) -> dict[str, Any]:
    if review is None:
        return {"seen": 0}
    return {"stars": review.stars, "title": review.title, "text": review.text, "seen": review.number}


def _standing(request: ActedRequest, listing: Listing, review: Review | None) -> dict[str, Any]:
    """Whether it can be written, or from when on; and how it read before."""
    may = standing.settled_order(request.org.pk, listing.pk) is not None
    earlier = Wording.objects.filter(review=review).select_related("written_by").order_by("-number") if review else ()
    return {
        "may_write": may,
        "from_when": None if may else standing.settles_at(request.org.pk, listing.pk),
        "shown": reading.shown(review) if review else None,
        "wordings": list(earlier[1:MOST]) if review else [],
    }


@door.member(*MAY_SELL)
@require_http_methods(["GET", "POST"])
def answer(request: ActedRequest, review_id: int) -> HttpResponse:
    """A review of one of the organization's tools, and its only answer."""
    reviews = Review.objects.shown().newest().select_related("listing")
    review = get_object_or_404(reviews, pk=review_id, listing__org=request.org)
    form = AnswerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.answer_review(request.actor, review_id=review.pk, text=form.cleaned_data["text"])
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Your answer stands below the review."))
            return redirect("reviews:overview", org=request.org.slug)
    context = {"row": reading.shown(review), "listing": review.listing, "form": form}
    return render(request, "reviews/answer.html", context, status=422 if request.method == "POST" else 200)
