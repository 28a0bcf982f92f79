"""A review needs a purchase; there is one for each organization; what it was is kept; a provider answers once."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from marketplace.audit.models import Entry
from marketplace.catalog.models import Listing
from marketplace.escrow.models import Escrow
from marketplace.lifecycle import Refused
from marketplace.notifications import reading as notices
from marketplace.notifications.models import Notification
from marketplace.notifications.words import shown as sentences
from marketplace.reviews import inviting, services, standing, using
from marketplace.reviews.models import Answer, Invitation, Review, Wording
from marketplace.reviews.services import Said
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import scope
from tests import world
from tests.escrow.money import acting, everything
from tests.reviews.trade import GOOD, PRICE, answer, bought, buyer, decide, write

pytestmark = pytest.mark.django_db
DAY_OF_30 = PRICE // 30
RULED = dict.fromkeys(("frozen_at", "ruling_due_at"), timezone.now())


@pytest.fixture
def cast() -> world.Cast:
    return world.cast()


def ada(cast: world.Cast) -> Actor:
    return world.actor(cast.ada, cast.bakery)


def ben(cast: world.Cast) -> Actor:
    return world.actor(cast.ben, cast.workshop)


def rating(listing: Listing) -> tuple[int, int]:
    return Listing.objects.values_list("rating_sum", "rating_count").get(pk=listing.pk)


@pytest.mark.parametrize(
    ("escrow", "may"),
    [
        ({"released": PRICE}, True),
        ({"released": 2 * PRICE, "state": "released"}, True),
        ({"released": DAY_OF_30, "refunded": 2 * PRICE - DAY_OF_30, "state": "refunded"}, True),
        ({"released": 0, "state": "resolved", "refunded": 2 * PRICE, **RULED}, True),
        ({"released": 0}, False),
        ({"released": DAY_OF_30 - 1, "refunded": 2 * PRICE - DAY_OF_30 + 1, "state": "refunded"}, False),
        ({"released": 0, "refunded": 2 * PRICE, "state": "refunded"}, False),
        ({"released": PRICE, "is_late": True}, False),
    ],
    ids=["a period", "all of it", "a day, then stopped", "split by an arbiter", "funded only", "less than a day",
         "all came back", "came too late"],
)  # fmt: skip
def test_who_has_paid_for_use_may_write_and_nobody_else(cast: world.Cast, escrow: dict[str, Any], may: bool) -> None:
    bought(cast.bakery, cast.listing, **escrow)
    if may:
        assert write(ada(cast), cast.listing).stars == 5
        return
    with pytest.raises(Refused, match="A review needs a purchase"):
        write(ada(cast), cast.listing)
    assert rating(cast.listing) == (0, 0)


def test_a_plan_of_an_hour_needs_an_hour(cast: world.Cast) -> None:
    hour = {"period_seconds": 3600, "price": 100, "total": 200}
    bought(cast.bakery, cast.listing, released=99, **hour)
    with pytest.raises(Refused):
        write(ada(cast), cast.listing)
    bought(cast.bakery, cast.listing, released=100, **hour)
    assert write(ada(cast), cast.listing)


def test_the_purchase_of_another_tool_or_of_somebody_else_does_not_count(cast: world.Cast) -> None:
    other = world.listing(cast.workshop, "Another tool")
    bought(cast.bakery, other)
    buyer("Zoe", cast.listing)
    with pytest.raises(Refused, match="A review needs a purchase"):
        write(ada(cast), cast.listing)


def test_control_without_the_look_at_the_money_anybody_with_an_order_writes(
    cast: world.Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    bought(cast.bakery, cast.listing, released=0)
    monkeypatch.setattr(standing, "settled", Escrow.objects.all)
    assert write(ada(cast), cast.listing)


def test_the_database_itself_refuses_a_review_without_an_order(cast: world.Cast) -> None:
    """Behind the service stands a key: the order is of this buyer, and for this listing."""
    _, zoes = buyer("Zoe", cast.listing)
    another = world.listing(cast.workshop, "Another tool")
    mine = bought(cast.bakery, another)
    theirs = bought(zoes, cast.listing)
    for order in (mine, theirs):
        with pytest.raises(IntegrityError), transaction.atomic(), scope(org_id=cast.bakery.pk):
            Review.objects.create(org=cast.bakery, listing=cast.listing, order=order, stars=5)
            connection.check_constraints()
    with transaction.atomic(), scope(org_id=cast.bakery.pk):
        Review.objects.create(org=cast.bakery, listing=another, order=mine, stars=5)
        connection.check_constraints()  # the control: with its own order it is taken


def test_nobody_reviews_a_tool_of_an_organization_they_belong_to(cast: world.Cast) -> None:
    bought(cast.bakery, cast.listing)
    world.member(cast.workshop, cast.ada, "viewer")
    with pytest.raises(Refused, match="also belong to the provider"):
        write(ada(cast), cast.listing)
    colleague = world.person("Carl")
    world.member(cast.bakery, colleague, "developer")
    assert write(world.actor(colleague, cast.bakery, "developer"), cast.listing)


@pytest.mark.parametrize(
    "said", [replace(GOOD, stars=0), replace(GOOD, stars=6), replace(GOOD, title=""), replace(GOOD, text="")]
)
def test_a_review_says_something(cast: world.Cast, said: Said) -> None:
    bought(cast.bakery, cast.listing)
    with pytest.raises(Refused, match="one to five stars"):
        write(ada(cast), cast.listing, said)


def test_an_edit_keeps_what_was_written_before(cast: world.Cast) -> None:
    bought(cast.bakery, cast.listing)
    first = write(ada(cast), cast.listing)
    again = write(ada(cast), cast.listing, Said(stars=2, title="It got slow", text="Since May."), seen=1)
    assert (again.pk, again.number, again.stars) == (first.pk, 2, 2)
    assert again.changed_at
    with acting(ada(cast)):
        kept = (
            Wording.objects.filter(review=first)
            .order_by("number")
            .values_list("number", "stars", "title", "written_by")
        )
        assert list(kept) == [(1, 5, GOOD.title, cast.ada.pk), (2, 2, "It got slow", cast.ada.pk)]
    assert rating(cast.listing) == (2, 1)


def test_the_same_words_sent_twice_are_written_once(cast: world.Cast) -> None:
    bought(cast.bakery, cast.listing)
    assert write(ada(cast), cast.listing).pk == write(ada(cast), cast.listing).pk
    with everything():
        assert Wording.objects.count() == 1
        assert Entry.objects.filter(verb="review.written").count() == 1


@pytest.mark.parametrize("seen", [0, 2, 7])
def test_what_a_colleague_wrote_meanwhile_is_not_overwritten(cast: world.Cast, seen: int) -> None:
    bought(cast.bakery, cast.listing)
    write(ada(cast), cast.listing)
    colleague = world.person("Carl")
    world.member(cast.bakery, colleague, "developer")
    with pytest.raises(Refused, match="A colleague has written"):
        write(world.actor(colleague, cast.bakery), cast.listing, replace(GOOD, stars=1), seen=seen)
    assert rating(cast.listing) == (5, 1)


def test_the_rating_is_what_is_shown(cast: world.Cast) -> None:
    bought(cast.bakery, cast.listing)
    mine = write(ada(cast), cast.listing)
    for name, stars in (("Zoe", 4), ("Max", 1)):
        person, org = buyer(name, cast.listing)
        write(world.actor(person, org), cast.listing, replace(GOOD, stars=stars))
    assert rating(cast.listing) == (10, 3)
    decide(cast.mia, mine, "hidden")
    assert rating(cast.listing) == (5, 2)
    with everything():
        mine = Review.objects.get(pk=mine.pk)
    decide(cast.mia, mine, "shown", "Nothing is wrong with it.")
    assert rating(cast.listing) == (10, 3)


def test_what_is_hidden_is_read_by_its_author_alone(cast: world.Cast) -> None:
    bought(cast.bakery, cast.listing)
    mine = write(ada(cast), cast.listing)
    assert Review.objects.filter(pk=mine.pk).exists(), "the control: it is there for everybody"
    decide(cast.mia, mine, "hidden")
    assert not Review.objects.filter(pk=mine.pk).exists()
    with transaction.atomic(), scope(org_id=cast.workshop.pk):
        assert not Review.objects.filter(pk=mine.pk).exists()
    with acting(ada(cast)):
        assert Review.objects.get(pk=mine.pk).hidden_reason == "It names a person."


def test_an_edited_review_stays_hidden_until_a_moderator_has_read_it(cast: world.Cast) -> None:
    bought(cast.bakery, cast.listing)
    decide(cast.mia, write(ada(cast), cast.listing), "hidden")
    again = write(ada(cast), cast.listing, replace(GOOD, text="Without the name."), seen=1)
    assert again.state == "hidden"
    assert rating(cast.listing) == (0, 0)


def test_a_provider_can_neither_change_nor_delete_what_is_said_of_it(cast: world.Cast) -> None:
    bought(cast.bakery, cast.listing)
    write(ada(cast), cast.listing)
    with transaction.atomic(), scope(org_id=cast.workshop.pk):
        assert Review.objects.update(stars=5) == 0
        assert Review.objects.all()._raw_delete("default") == 0


def test_a_provider_answers_once(cast: world.Cast) -> None:
    bought(cast.bakery, cast.listing)
    review = write(ada(cast), cast.listing)
    first = answer(ben(cast), review)
    assert answer(ben(cast), review).pk == first.pk, "sent twice, it is given once"
    with pytest.raises(Refused, match="answered already"):
        answer(ben(cast), review, "And another thing.")


def test_only_the_provider_of_the_tool_answers(cast: world.Cast) -> None:
    bought(cast.bakery, cast.listing)
    review = write(ada(cast), cast.listing)
    eve = world.person("Eve")
    stranger = world.provider("Eve Workshop", owner=eve)
    for actor in (world.actor(eve, stranger), ada(cast)):
        with pytest.raises(Refused, match="not a review of one of your tools"):
            answer(actor, review)
    theirs = world.listing(stranger, "Eves tool")
    for listing in (theirs, cast.listing):
        with pytest.raises(IntegrityError), transaction.atomic(), scope(org_id=stranger.pk):
            Answer.objects.create(review=review, listing=listing, org=stranger, text="No.")
            connection.check_constraints()


def test_what_is_hidden_cannot_be_answered(cast: world.Cast) -> None:
    bought(cast.bakery, cast.listing)
    review = write(ada(cast), cast.listing)
    decide(cast.mia, review, "hidden")
    with pytest.raises(Refused, match="not a review of one of your tools"):
        answer(ben(cast), review)


def test_only_moderators_who_belong_to_neither_side_decide_and_say_why(cast: world.Cast) -> None:
    bought(cast.bakery, cast.listing)
    review = write(ada(cast), cast.listing)
    with pytest.raises(Refused, match="Only moderators"), everything():
        services.hide(ben(cast), thing=review, reason="I do not like it.")
    with pytest.raises(Refused, match="Give a reason"):
        decide(cast.mia, review, "hidden", "  ")
    for org in (cast.bakery, cast.workshop):
        insider = world.person(f"Insider of {org.slug}", is_moderator=True)
        world.member(org, insider, "viewer")
        with pytest.raises(Refused, match="belong to one of the two sides"):
            decide(insider, review, "hidden")
    decide(cast.mia, review, "hidden")
    with everything():
        hidden = Review.objects.get(pk=review.pk)
    with pytest.raises(Refused, match="cannot become hidden"):
        decide(cast.mia, hidden, "hidden")


def told(person: Any) -> list[str]:
    notices.read_entries()
    with transaction.atomic(), scope(user_id=person.pk):
        return [row.sentence for row in sentences(Notification.objects.filter(user=person).order_by("pk"))]


def test_everybody_concerned_is_told(cast: world.Cast) -> None:
    bought(cast.bakery, cast.listing)
    inviting.invite()
    assert told(cast.ada) == ["You have paid for Review mood and used it. Say how it works for you."]
    review = write(ada(cast), cast.listing)
    assert told(cast.ben) == ["Review mood has a new review. You can answer it, once."]
    assert told(cast.mia) == ["Review mood has a new review."]
    given = answer(ben(cast), review)
    decide(cast.mia, review, "hidden")
    decide(cast.mia, given, "hidden")
    assert told(cast.ada)[1:] == [
        "The provider of Review mood has answered your review.",
        "A moderator hid your review of Review mood. Its page says why.",
    ]
    assert told(cast.ben)[1:] == ["A moderator hid your answer to a review of Review mood."]


def test_an_organization_is_invited_once_however_often_it_buys(cast: world.Cast) -> None:
    bought(cast.bakery, cast.listing, released=0)
    assert inviting.invite() == 0
    bought(cast.bakery, cast.listing)
    assert (inviting.invite(), inviting.invite()) == (1, 0)
    bought(cast.bakery, cast.listing)
    assert inviting.invite() == 0
    with everything():
        assert Invitation.objects.count() == 1


def test_who_has_written_already_is_not_invited(cast: world.Cast) -> None:
    bought(cast.bakery, cast.listing)
    write(ada(cast), cast.listing)
    assert inviting.invite() == 0


def test_how_long_it_was_used_is_kept_and_never_exaggerated(cast: world.Cast) -> None:
    bought(cast.bakery, cast.listing, days=59)
    bought(cast.bakery, cast.listing, days=59)  # the same two months, bought twice
    review = write(ada(cast), cast.listing)
    with everything():
        assert Review.objects.get(pk=review.pk).used_months == 1
        later = timezone.now() - timedelta(days=300)
        order = review.order
        order.subscription.starts_at = later
        order.subscription.save()
    assert using.keep_months() == 1
    assert using.keep_months() == 0
    with everything():
        assert Review.objects.get(pk=review.pk).used_months == 10
