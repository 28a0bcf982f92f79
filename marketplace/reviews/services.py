"""Every change of a review: written and edited by who paid, answered by the provider, hidden by a moderator.

All that happens to the reviews of a listing happens under the lock of its row, so that its rating is never counted
over less than what stands there.
"""

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from marketplace.accounts.acting import person_of
from marketplace.audit.services import record
from marketplace.catalog.models import Listing
from marketplace.catalog.services import set_rating
from marketplace.lifecycle import Refused
from marketplace.organizations.access import org_of
from marketplace.organizations.models import Membership
from marketplace.reviews.models import MOST_STARS, Answer, Hideable, Review, Wording
from marketplace.reviews.standing import settled_order
from marketplace.reviews.using import keep_months
from marketplace.subscriptions.models import Order
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import as_system

State = Hideable.State


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a review says."""

    stars: int
    title: str
    text: str

    def same_as(self, review: Review) -> bool:
        """Whether the review says it already."""
        return (self.stars, self.title, self.text) == (review.stars, review.title, review.text)


def write_review(actor: Actor, *, listing_id: int, said: Said, seen: int) -> Review:
    """Write the review of the actor's organization, or its next wording; `seen` is the number of the one on show, or 0.

    The same words sent twice are written once. Raises Refused without a purchase whose money has settled, for who
    belongs to the provider, and when a colleague has written since `seen`.
    """
    if not 1 <= said.stars <= MOST_STARS or not said.title or not said.text:
        raise Refused(_("Give one to five stars, a line, and a few words."))
    with transaction.atomic():
        listing = _locked(listing_id)
        order = _purchase(actor, listing)
        review = Review.objects.for_org(org_of(actor)).filter(listing=listing).select_for_update().first()
        if review and said.same_as(review):
            return review
        if seen != (review.number if review else 0):
            raise Refused(_("A colleague has written since you opened this page. Open it again to see what it says."))
        is_new = review is None
        review = _worded(actor, review or Review(org_id=org_of(actor), listing=listing, order=order), said)
        keep_months(review.pk)
        recount(listing)
        record(actor, "review.written" if is_new else "review.changed", listing, review=review.pk, stars=said.stars)
        if is_new:
            _tell(actor, "review.received", review, listing.org_id)
    return review


def _locked(listing_id: int) -> Listing:
    with as_system("the row is the provider's, and reviews of all organizations wait for each other at it"):
        listing = Listing.objects.select_for_update(no_key=True).filter(pk=listing_id).first()
    if listing is None:
        raise Refused(_("There is no such tool."))
    return listing


def _purchase(actor: Actor, listing: Listing) -> Order:
    """The order that the review is bound to."""
    if Membership.objects.filter(org_id=listing.org_id, user_id=person_of(actor)).exists():
        raise Refused(_("You also belong to the provider of this tool, so a colleague has to write the review."))
    order = settled_order(org_of(actor), listing.pk)
    if order is None:
        raise Refused(_("A review needs a purchase: you can write one when your first period is paid out."))
    return order


def _worded(actor: Actor, review: Review, said: Said) -> Review:
    is_new, now = review.pk is None, timezone.now()
    review.stars, review.title, review.text = said.stars, said.title, said.text
    review.number = 1 if is_new else review.number + 1
    review.changed_at = None if is_new else now
    review.written_by_id = actor.user_id
    review.save()
    Wording.objects.create(
        review=review,
        org_id=review.org_id,
        number=review.number,
        stars=said.stars,
        title=said.title,
        text=said.text,
        written_by_id=actor.user_id,
        at=now,
    )
    return review


def recount(listing: Listing) -> None:
    """Add up the stars that are shown, and write the sum to the listing; under the listing's lock."""
    with as_system("the reviews of a listing belong to many organizations"):
        counts = Review.objects.filter(listing=listing).shown().by_stars()
        total = sum(stars * count for stars, count in counts.items())
        set_rating(listing.pk, total=total, count=sum(counts.values()))


def _tell(actor: Actor, verb: str, review: Review, org_id: int) -> None:
    """An entry in the chain of the other side."""
    with as_system("the other side is told what was said"):
        record(actor, verb, review.listing, org_id=org_id, review=review.pk, stars=review.stars)


def answer_review(actor: Actor, *, review_id: int, text: str) -> Answer:
    """Answer a review of one of the actor's listings, once. The same answer sent twice is given once."""
    found = Review.objects.shown().select_related("listing").filter(pk=review_id, listing__org_id=org_of(actor)).first()
    if found is None:
        raise Refused(_("This is not a review of one of your tools."))
    with transaction.atomic():
        _locked(found.listing_id)
        before = Answer.objects.for_org(org_of(actor)).filter(review=found).first()
        if before and (before.text, before.written_by_id) == (text, actor.user_id):
            return before
        if before:
            raise Refused(_("This review is answered already. An answer cannot be changed."))
        answer = Answer.objects.create(
            review=found, listing_id=found.listing_id, org_id=org_of(actor), text=text, written_by_id=person_of(actor)
        )
        record(actor, "review.answered", found.listing, review=found.pk)
        _tell(actor, "review.answer_received", found, found.org_id)
    return answer


def hide(actor: Actor, *, thing: Review | Answer, reason: str) -> None:
    """Take a review or an answer from sight; its author reads the reason. For moderators who belong to neither side."""
    _moderate(actor, thing, State.HIDDEN, reason)


def show(actor: Actor, *, thing: Review | Answer, reason: str) -> None:
    """Show again what was hidden; the reason is kept in the record."""
    _moderate(actor, thing, State.SHOWN, reason)


def _moderate(actor: Actor, thing: Review | Answer, to: str, reason: str) -> None:
    reason = reason.strip()
    if actor.role != "moderator":
        raise Refused(_("Only moderators decide about reviews."))
    if not reason:
        raise Refused(_("Give a reason. Whoever wrote it reads it."))
    with transaction.atomic():
        listing = _locked(thing.listing_id)
        review = thing.review if isinstance(thing, Answer) else thing
        sides = (listing.org_id, review.org_id)
        if Membership.objects.filter(org_id__in=sides, user_id=person_of(actor)).exists():
            raise Refused(_("You belong to one of the two sides. Somebody else has to decide this."))
        thing = type(thing).objects.select_for_update(of=("self",)).get(pk=thing.pk)
        thing.move(to, hidden_reason=reason if to == State.HIDDEN else "")
        facts = {"review": review.pk, "reason": reason}
        if isinstance(thing, Answer):
            record(actor, f"answer.{to}", listing, org_id=thing.org_id, **facts)
        else:
            recount(listing)
            record(actor, f"review.{to}", listing, org_id=thing.org_id, **facts)
