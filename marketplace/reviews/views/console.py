"""The moderators' side: reviews as they come in, and hiding what does not belong on the market."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from marketplace.lifecycle import Refused
from marketplace.reviews import reading, services
from marketplace.reviews.forms import ReasonForm
from marketplace.reviews.models import Answer, Review, Wording
from marketplace.tenancy import door
from marketplace.tenancy.door import ActedRequest

SIZE = 25


@door.moderator
@require_safe
def newest(request: ActedRequest) -> HttpResponse:
    """All reviews, the latest first, or those that are hidden."""
    only_hidden = request.GET.get("state") == "hidden"
    found = Review.objects.newest().select_related("listing__org")
    if only_hidden:
        found = found.filter(state=Review.State.HIDDEN)
    after = request.GET.get("after", "")
    if after.isdecimal():
        found = found.filter(pk__lt=min(int(after), reading.LARGEST_ID))
    rows = list(found[: SIZE + 1])
    mark = f"?after={rows[SIZE - 1].pk}{'&state=hidden' if only_hidden else ''}" if len(rows) > SIZE else ""
    return render(request, "reviews/console.html", {"rows": rows[:SIZE], "only_hidden": only_hidden, "next_url": mark})


@door.moderator
@require_http_methods(["GET", "POST"])
def one(request: ActedRequest, review_id: int) -> HttpResponse:
    """A review with its earlier wordings and its answer; sending a reason hides or shows either."""
    reviews = Review.objects.newest().select_related("listing__org", "order")
    review = get_object_or_404(reviews, pk=review_id)
    answer: Answer | None = getattr(review, "answer", None)
    things: dict[str, Review | Answer | None] = {"review": review, "answer": answer}
    forms = {what: ReasonForm(what=what, thing=thing) for what, thing in things.items()}
    if request.method == "POST":
        what = request.POST.get("what", "")
        thing = things.get(what)
        if thing is None:
            raise Http404("There is nothing of this kind to decide.")
        form = forms[what] = ReasonForm(request.POST, what=what, thing=thing)
        if form.is_valid() and _decided(request, form, thing):
            messages.success(request, _("Decided. Whoever wrote it is told, with your reason."))
            return redirect("reviews:moderate", review_id=review.pk)
    context: dict[str, Any] = {
        "row": reading.shown(review),
        "review": review,
        "answer": answer,
        "wordings": Wording.objects.filter(review=review).select_related("written_by").order_by("-number")[1:SIZE],
        "form": forms["review"],
        "answer_form": forms["answer"],
    }
    return render(request, "reviews/moderate.html", context, status=422 if request.method == "POST" else 200)


def _decided(request: ActedRequest, form: ReasonForm, thing: Review | Answer) -> bool:
    """Hide or show it, as the form says; a no goes to the form."""
    decide = services.hide if form.cleaned_data["to"] == Review.State.HIDDEN else services.show
    try:
        decide(request.actor, thing=thing, reason=form.cleaned_data["reason"])
    except Refused as refused:
        form.add_error(None, str(refused))
        return False
    return True
