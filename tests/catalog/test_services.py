"""A listing's way to the shop: drafted, submitted, decided, published, retired."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from marketplace.audit.models import Entry
from marketplace.catalog import services
from marketplace.catalog.models import Category, Currency, Listing, ListingVersion, Plan
from marketplace.catalog.offer import changes, content, content_hash
from marketplace.catalog.services import Wording
from marketplace.lifecycle import Refused
from marketplace.organizations.models import Organization
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import as_system, scope
from tests import world

pytestmark = pytest.mark.django_db
MODERATOR = Actor(None, role="moderator")


@pytest.fixture
def cast() -> world.Cast:
    return world.cast()


@pytest.fixture
def at_the_workshop(cast: world.Cast) -> Iterator[Actor]:
    """Inside the door of Ben's workshop."""
    with scope(org_id=cast.workshop.pk, user_id=cast.ben.pk):
        yield world.actor(cast.ben, cast.workshop)


def wording(**fields: Any) -> Wording:
    given: dict[str, Any] = {
        "name": "Sales forecast",
        "summary": "What you will sell next month",
        "description": "Upload a table.",
        "category": world.category(),
        "endpoint": "https://tools.example/forecast",
        "input_schema": world.INPUT_SCHEMA,
        "output_schema": world.OUTPUT_SCHEMA,
        "example": world.EXAMPLE,
    }
    priced = {name: fields.pop(name) for name in world.PRICED if name in fields}
    return Wording(**{**given, "plans": (world.terms(**priced),), **fields})


def submitted(actor: Actor, **fields: Any) -> ListingVersion:
    draft = services.draft_listing(actor, wording=wording(**fields))
    return services.submit_version(actor, listing_id=draft.listing_id)


def published(actor: Actor, **fields: Any) -> Listing:
    version = submitted(actor, **fields)
    with as_system("moderators decide"):
        return services.publish_version(MODERATOR, version_id=version.pk)


def next_version(actor: Actor, listing: Listing, **fields: Any) -> Listing:
    services.edit_draft(actor, listing_id=listing.pk, wording=wording(**fields))
    version = services.submit_version(actor, listing_id=listing.pk)
    with as_system("moderators decide"):
        return services.publish_version(MODERATOR, version_id=version.pk)


def organization_becomes(org: Organization, **fields: Any) -> None:
    with as_system("set the stage"):
        Organization.objects.filter(pk=org.pk).update(**fields)


def test_a_draft_is_hidden_and_says_nothing_in_public(at_the_workshop: Actor) -> None:
    draft = services.draft_listing(at_the_workshop, wording=wording())
    listing = Listing.objects.get(pk=draft.listing_id)
    assert (listing.state, listing.name, listing.slug, draft.state, draft.number) == (
        "hidden", "", "sales-forecast", "draft", 1,
    )  # fmt: skip
    assert not Listing.objects.public().filter(pk=listing.pk).exists()


def test_two_tools_of_one_name_get_addresses_of_their_own(at_the_workshop: Actor) -> None:
    drafts = [services.draft_listing(at_the_workshop, wording=wording(name="株式会社")) for _ in range(2)]
    assert [draft.listing.slug for draft in drafts] == ["tool", "tool-2"]


def test_an_edit_writes_the_open_draft_anew(at_the_workshop: Actor) -> None:
    draft = services.draft_listing(at_the_workshop, wording=wording())
    edited = services.edit_draft(at_the_workshop, listing_id=draft.listing_id, wording=wording(price=5))
    assert (edited.pk, edited.plans[0]["price"]) == (draft.pk, "5")
    verbs = Entry.objects.for_org(at_the_workshop.org_id or 0).order_by("sequence").values_list("verb", flat=True)
    assert list(verbs) == ["listing.drafted", "listing.edited"]


def test_a_listing_of_another_organization_cannot_be_touched(cast: world.Cast, at_the_workshop: Actor) -> None:
    other = Actor(cast.ada.pk, cast.bakery.pk, "owner")
    for forbidden in (
        lambda: services.edit_draft(other, listing_id=cast.listing.pk, wording=wording()),
        lambda: services.submit_version(other, listing_id=cast.listing.pk),
        lambda: services.retire_listing(other, listing_id=cast.listing.pk),
    ):
        with pytest.raises(Refused, match="not one of yours"):
            forbidden()


def test_a_draft_cannot_be_put_under_another_organizations_listing(cast: world.Cast) -> None:
    with scope(org_id=cast.bakery.pk), pytest.raises(Refused, match="not one of yours"):
        services.edit_draft(Actor(cast.ada.pk, cast.workshop.pk), listing_id=cast.listing.pk, wording=wording())


def test_only_a_verified_organization_submits(cast: world.Cast, at_the_workshop: Actor) -> None:
    draft = services.draft_listing(at_the_workshop, wording=wording())
    organization_becomes(cast.workshop, state="new")
    with pytest.raises(Refused, match="Ask for verification"):
        services.submit_version(at_the_workshop, listing_id=draft.listing_id)


def test_only_an_organization_that_can_be_paid_submits(cast: world.Cast, at_the_workshop: Actor) -> None:
    draft = services.draft_listing(at_the_workshop, wording=wording())
    organization_becomes(cast.workshop, payout_address="")
    with pytest.raises(Refused, match="Choose a payout wallet"):
        services.submit_version(at_the_workshop, listing_id=draft.listing_id)


def test_a_currency_that_the_market_dropped_cannot_be_asked_for(at_the_workshop: Actor) -> None:
    draft = services.draft_listing(at_the_workshop, wording=wording())
    Currency.objects.update(accepted=False)
    with pytest.raises(Refused, match="not accepted on this market"):
        services.submit_version(at_the_workshop, listing_id=draft.listing_id)


def test_what_is_submitted_waits_unchanged(at_the_workshop: Actor) -> None:
    version = submitted(at_the_workshop)
    with pytest.raises(Refused, match="submitted this already"):
        services.submit_version(at_the_workshop, listing_id=version.listing_id)
    with pytest.raises(Refused, match="is reading this version"):
        services.edit_draft(at_the_workshop, listing_id=version.listing_id, wording=wording(price=1))
    version.refresh_from_db()
    assert (version.state, version.plans[0]["price"]) == ("submitted", str(29 * world.TUSD))


def test_nothing_new_cannot_be_submitted(cast: world.Cast, at_the_workshop: Actor) -> None:
    with pytest.raises(Refused, match="nothing new"):
        services.submit_version(at_the_workshop, listing_id=cast.listing.pk)


def test_an_approved_version_is_what_the_shop_shows(at_the_workshop: Actor) -> None:
    listing = published(at_the_workshop)
    plan = world.plan(listing)
    assert (listing.state, listing.name, listing.version_number) == ("public", "Sales forecast", 1)
    assert (plan.price, plan.period_seconds, plan.content_hash) == (
        29 * world.TUSD, 30 * world.DAY, listing.content_hash,
    )  # fmt: skip
    assert Listing.objects.public().matching("forecast").filter(pk=listing.pk).exists()


def test_the_content_hash_is_sha256_of_the_canonical_content(at_the_workshop: Actor) -> None:
    listing = published(at_the_workshop)
    version = listing.versions.get()
    text = json.dumps(content(version), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert listing.content_hash == "0x" + hashlib.sha256(text.encode()).hexdigest()
    version.plans[0]["price"] = "29000001"
    assert content_hash(version) != listing.content_hash


def test_each_approval_puts_plans_on_sale_that_name_its_version(at_the_workshop: Actor) -> None:
    listing = published(at_the_workshop)
    first = world.plan(listing)
    listing = next_version(at_the_workshop, listing, summary="Better words")
    second = world.plan(listing)
    assert (listing.summary, second.version_number, second.content_hash) == ("Better words", 2, listing.content_hash)
    assert second.price == first.price
    assert second.content_hash != first.content_hash
    listing = next_version(at_the_workshop, listing, price=39 * world.TUSD)
    assert world.plan(listing).price == 39 * world.TUSD
    first.refresh_from_db()
    assert (first.state, first.price) == ("withdrawn", 29 * world.TUSD)
    assert Plan.objects.filter(listing=listing, state="on_sale").count() == 1


def test_the_shop_shows_the_old_words_until_the_new_ones_are_approved(at_the_workshop: Actor) -> None:
    listing = published(at_the_workshop)
    services.edit_draft(at_the_workshop, listing_id=listing.pk, wording=wording(summary="Unread"))
    listing.refresh_from_db()
    assert listing.summary == "What you will sell next month"


def test_changes_are_asked_for_with_a_reason_and_made(at_the_workshop: Actor) -> None:
    version = submitted(at_the_workshop)
    with as_system("moderators decide"):
        services.request_changes(MODERATOR, version_id=version.pk, reason="Say what it costs.")
    version.refresh_from_db()
    assert (version.state, version.reason) == ("changes_requested", "Say what it costs.")
    edited = services.edit_draft(at_the_workshop, listing_id=version.listing_id, wording=wording(summary="It costs 29"))
    assert edited.pk == version.pk
    again = services.submit_version(at_the_workshop, listing_id=version.listing_id)
    assert (again.state, again.reason) == ("submitted", "")


def test_a_rejected_version_stays_as_it_was_and_the_next_one_has_a_new_number(at_the_workshop: Actor) -> None:
    version = submitted(at_the_workshop)
    with as_system("moderators decide"):
        services.reject_version(MODERATOR, version_id=version.pk, reason="Not lawful.")
    edited = services.edit_draft(at_the_workshop, listing_id=version.listing_id, wording=wording(summary="New try"))
    version.refresh_from_db()
    assert (version.state, version.reason, edited.number) == ("rejected", "Not lawful.", 2)


def test_a_draft_cannot_be_published_past_the_review(at_the_workshop: Actor) -> None:
    draft = services.draft_listing(at_the_workshop, wording=wording())
    with as_system("moderators decide"), pytest.raises(Refused, match="cannot become approved"):
        services.publish_version(MODERATOR, version_id=draft.pk)


def test_an_organization_that_lost_its_verification_is_not_published(cast: world.Cast, at_the_workshop: Actor) -> None:
    version = submitted(at_the_workshop)
    organization_becomes(cast.workshop, state="refused")
    with as_system("moderators decide"), pytest.raises(Refused, match="Only verified"):
        services.publish_version(MODERATOR, version_id=version.pk)


def test_a_retired_listing_leaves_the_shop_for_good(at_the_workshop: Actor) -> None:
    listing = published(at_the_workshop)
    services.retire_listing(at_the_workshop, listing_id=listing.pk)
    listing.refresh_from_db()
    assert listing.state == "retired"
    assert not Plan.objects.filter(listing=listing, state="on_sale").exists()
    with pytest.raises(Refused, match="is retired"):
        services.edit_draft(at_the_workshop, listing_id=listing.pk, wording=wording())


def test_what_was_retired_while_it_waited_is_not_published(at_the_workshop: Actor) -> None:
    version = submitted(at_the_workshop)
    services.retire_listing(at_the_workshop, listing_id=version.listing_id)
    with as_system("moderators decide"), pytest.raises(Refused, match="retired this listing"):
        services.publish_version(MODERATOR, version_id=version.pk)


def test_a_suspended_listing_does_not_come_back_by_a_new_version(at_the_workshop: Actor) -> None:
    listing = published(at_the_workshop)
    listing.move("suspended")
    assert next_version(at_the_workshop, listing, summary="New words").state == "suspended"


def test_a_moderator_sees_what_a_version_changes(at_the_workshop: Actor) -> None:
    old = submitted(at_the_workshop, description="One.\nTwo.\nThree.")
    new = ListingVersion(**{**wording(description="One.\nZwei.\nThree.").columns(), "listing": old.listing})
    (change,) = changes(old, new)
    assert change.field == "description"
    assert change.lines == [(" ", "One."), ("-", "Two."), ("+", "Zwei."), (" ", "Three.")]


def test_a_new_market_has_shelves() -> None:
    from importlib import import_module

    from django.apps import apps
    from django.db import connection

    stock = import_module("marketplace.catalog.migrations.0002_first_categories").stock
    stock(apps, connection.schema_editor())
    stock(apps, connection.schema_editor())
    assert {"forecasting", "documents", "customers", "sales"} <= set(Category.objects.values_list("slug", flat=True))


def test_the_database_refuses_to_change_what_was_approved(at_the_workshop: Actor) -> None:
    version = published(at_the_workshop).versions.get()
    for change in ({"summary": "Something else"}, {"plans": []}, {"state": "draft"}, {"media": [{"alt": "x"}]}):
        with pytest.raises(DatabaseError, match="approved"), transaction.atomic():
            ListingVersion.objects.filter(pk=version.pk).update(**change)
    with pytest.raises(DatabaseError, match="approved"), transaction.atomic():
        version.delete()
    with as_system("not the system either"), pytest.raises(DatabaseError, match="approved"), transaction.atomic():
        ListingVersion.objects.filter(pk=version.pk).update(name="Another tool")
    assert ListingVersion.objects.filter(pk=version.pk).update(endpoint="https://moved.example/") == 1


def test_control_the_same_changes_go_through_while_a_version_is_a_draft(at_the_workshop: Actor) -> None:
    version = services.draft_listing(at_the_workshop, wording=wording())
    for change in ({"summary": "Something else"}, {"plans": []}, {"media": [{"alt": "x"}]}):
        assert ListingVersion.objects.filter(pk=version.pk).update(**change) == 1


def test_an_incomplete_draft_is_kept_and_says_what_is_missing_when_it_is_submitted(at_the_workshop: Actor) -> None:
    draft = services.begin_listing(at_the_workshop, name="Route planner")
    with pytest.raises(Refused, match="What it does, in one line: This is still empty"):
        services.submit_version(at_the_workshop, listing_id=draft.listing_id)


@pytest.mark.parametrize(
    ("plans", "sentence"),
    [
        ((), "still empty"),
        (({"name": "A"}, {"name": "a "}), "same name"),
        (({"price": 0},), "needs a number of calls"),
        (({"price": 0, "included_calls": 5, "trial_calls": 1, "trial_days": 1},), "needs no trial"),
        (({"trial_calls": 5},), "both how many calls and how many days"),
        (({"period_seconds": 1},), "between a minute and a year"),
        (({"included_calls": 0},), "at least one call"),
        (tuple({"name": str(n)} for n in range(7)), "too many"),
        (({"name": "A", "price": 0, "included_calls": 5}, {"name": "B", "price": 0, "included_calls": 6}), "One free"),
    ],
)
def test_plans_that_cannot_stand_side_by_side_are_refused(at_the_workshop: Actor, plans: Any, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        services.draft_listing(at_the_workshop, wording=wording(plans=tuple(world.terms(**one) for one in plans)))


def test_several_plans_go_on_sale_together_and_are_all_part_of_what_is_agreed(at_the_workshop: Actor) -> None:
    offered = (
        world.terms(name="Free", price=0, included_calls=25),
        world.terms(name="Small", price=9 * world.TUSD, included_calls=200, trial_calls=20, trial_days=14),
        world.terms(),
    )
    listing = published(at_the_workshop, plans=offered)
    on_sale = Plan.objects.on_sale().filter(listing=listing).order_by("price")
    assert [(p.name, p.included_calls, p.trial_calls, p.trial_days) for p in on_sale] == [
        ("Free", 25, 0, 0), ("Small", 200, 20, 14), ("Standard", None, 0, 0),
    ]  # fmt: skip
    version = listing.versions.get()
    for place, name in ((0, "included_calls"), (1, "trial_days"), (1, "price"), (2, "name")):
        before = version.plans[place][name]
        version.plans[place][name] = 7
        assert content_hash(version) != listing.content_hash, name
        version.plans[place][name] = before
    assert content_hash(version) == listing.content_hash
