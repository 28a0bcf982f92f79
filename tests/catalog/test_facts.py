"""What a provider states: the kind, its facts, and what happens to a buyer's data."""

import hashlib
from typing import Any

import pytest
from django.test import Client

from marketplace.catalog import facts, services
from marketplace.catalog.models import Listing, ListingVersion
from marketplace.catalog.offer import canonical, changes, content, content_hash
from marketplace.lifecycle import Refused
from marketplace.tenancy.scope import as_system, scope
from tests import world
from tests.catalog.test_services import MODERATOR, wording

pytestmark = pytest.mark.django_db
MODEL = {
    "kind": "model",
    "kind_facts": {"size": "7 billion parameters", "licence": "Apache-2.0"},
    "model_name": "Weaver 7B, March 2026",
    "languages": ["de", "en"],
    "data_sent": "To our own servers.",
    "region": "eu",
    "retention_days": 0,
    "trains_on_input": False,
    "subprocessors": "Hosting Ltd, Ireland",
}


@pytest.fixture
def cast() -> world.Cast:
    return world.cast()


def published(cast: world.Cast, **fields: Any) -> Listing:
    actor = world.actor(cast.ben, cast.workshop)
    with scope(org_id=cast.workshop.pk, user_id=cast.ben.pk):
        draft = services.draft_listing(actor, wording=wording(**fields))
        services.submit_version(actor, listing_id=draft.listing_id)
    with as_system("moderators decide"):
        return services.publish_version(MODERATOR, version_id=draft.pk)


def version_of(listing: Listing) -> ListingVersion:
    with as_system("the test looks"):
        return ListingVersion.objects.select_related("listing", "category").get(listing=listing)


def test_versions_from_before_there_were_facts_keep_their_hash(cast: world.Cast) -> None:
    """Running orders carry the hash of what was agreed; the same words must give the same hash for ever."""
    version = version_of(published(cast))
    before = {
        "listing": "sales-forecast", "number": 1, "name": "Sales forecast", "summary": "What you will sell next month",
        "description": "Upload a table.", "category": "customers", "input_schema": world.INPUT_SCHEMA,
        "output_schema": world.OUTPUT_SCHEMA, "example": world.EXAMPLE,
        "plan": {
            "name": "Standard", "chain": world.currency().chain, "token": world.currency().address,
            "price": "29000000", "period_seconds": 2_592_000,
        },
    }  # fmt: skip
    assert content_hash(version) == "0x" + hashlib.sha256(canonical(before).encode()).hexdigest()


@pytest.mark.parametrize("name", list(MODEL))
def test_every_stated_fact_is_part_of_what_a_buyer_agrees_to(cast: world.Cast, name: str) -> None:
    version = version_of(published(cast, **MODEL))
    with_it = content_hash(version)
    assert content(version)["facts"] == MODEL
    setattr(version, name, facts.UNSAID[name])
    assert content_hash(version) != with_it
    assert name not in content(version)["facts"]


def test_no_and_none_at_all_are_statements(cast: world.Cast) -> None:
    """“Not used for training” and “kept for 0 days” are promises; nothing said is not."""
    version = version_of(published(cast, retention_days=0, trains_on_input=False))
    assert content(version)["facts"] == {"retention_days": 0, "trains_on_input": False}


def test_the_page_says_what_is_stated_and_what_is_not(client: Client, cast: world.Cast) -> None:
    published(cast, **MODEL)
    page = client.get("/tools/sales-forecast/").content.decode()
    for words in (
        "Weaver 7B, March 2026", "7 billion parameters", "German, English", "European Union", "Hosting Ltd, Ireland",
        "deleted with the answer",
    ):  # fmt: skip
        assert words in page
    assert str(facts.NOT_SAID) not in page
    assert client.get("/tools/review-mood/").content.decode().count(str(facts.NOT_SAID)) == 5


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "spell"},
        {"kind_facts": {"rows": "many"}},
        {"kind_facts": {"limits": "x" * 201}},
        {"kind_facts": {"limits": {"deep": "text"}}},
        {"languages": ["tlh"]},
    ],
)
def test_facts_that_do_not_belong_to_the_kind_are_refused(cast: world.Cast, wrong: Any) -> None:
    with pytest.raises(Refused):
        published(cast, **wrong)


def test_a_provider_states_facts_in_the_form_and_only_those_of_the_kind_are_kept(
    client: Client, cast: world.Cast
) -> None:
    from tests.catalog.test_selling import HOME, typed, write

    client.force_login(cast.ben)
    given = typed(kind="dataset", fact_rows="1.2 million", fact_size="not of a dataset", languages=["de"], region="ch",
                  trains_on_input="no", retention_days="30", data_sent="Nowhere.")  # fmt: skip
    write(client, given)
    with as_system("the test looks"):
        draft = ListingVersion.objects.get(listing__slug="sales-forecast")
    assert (draft.kind, draft.kind_facts) == ("dataset", {"rows": "1.2 million"})
    assert (draft.trains_on_input, draft.retention_days, draft.region) == (False, 30, "ch")
    assert 'value="1.2 million"' in client.get(f"{HOME}sales-forecast/edit/").content.decode()
    again = client.get(f"{HOME}sales-forecast/edit/data/").content.decode()
    assert '<option value="no" selected>' in again


def test_a_moderator_sees_which_facts_have_changed(cast: world.Cast) -> None:
    old, new = version_of(published(cast)), ListingVersion(**{**MODEL, "kind": "tool", "kind_facts": {}})
    for name in ("name", "description", "category", "plans"):
        setattr(new, name, getattr(old, name))
    found = {change.field for change in changes(old, new)}
    assert {"Model", "Languages", "How long it is kept", "Who else sees it"} <= found
