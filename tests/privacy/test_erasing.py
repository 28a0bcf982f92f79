"""After an erasure nothing of it is found anywhere, and what must stay still verifies (target S26)."""

import uuid
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core.files.base import ContentFile
from django.db import connection, models, transaction
from django.test import Client
from django.utils import timezone

from marketplace.accounts.models import Wallet
from marketplace.audit import services as audit
from marketplace.audit.models import Entry
from marketplace.catalog import services as catalog
from marketplace.catalog.search import indexing
from marketplace.gateway.models import ApiKey, ToolRun, UpstreamSecret, UsageRecord
from marketplace.lifecycle import Refused
from marketplace.moderation.models import Decision, ReviewCase
from marketplace.notifications import reading
from marketplace.notifications.models import Notification
from marketplace.organizations import services as organizations
from marketplace.organizations.models import Document, Invitation, Membership, Organization, Verification
from marketplace.privacy import erasing, exporting, fates, inventory, services, standing
from marketplace.privacy.models import Erasure, Export
from marketplace.reviews.models import Answer, Review, Wording
from marketplace.subscriptions.models import Order, Subscription
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import as_system, scope
from tests import world

pytestmark = pytest.mark.django_db


def papers() -> list[Any]:
    """The files of documents that are stored."""
    with transaction.atomic(), as_system("the test looks"):
        return [document.file for document in Document.objects.all()]


def canaries_left(*canaries: str) -> list[str]:
    """Where any of these texts stands: every column of every row of every table."""
    found = []
    with transaction.atomic(), as_system("the test searches everything"), connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
        for (table,) in cursor.fetchall():
            for canary in canaries:
                cursor.execute(f'SELECT count(*) FROM "{table}" t WHERE t::text ILIKE %s', [f"%{canary}%"])
                if count := cursor.fetchone()[0]:
                    found.append(f"{canary} in {count} of {table}")
    return found


def chains_hold() -> bool:
    with transaction.atomic(), as_system("the test verifies"):
        chains = Entry.objects.values_list("org_id", flat=True).distinct()
        return all(audit.first_broken(Entry.objects.filter(org_id=c).order_by("sequence")) is None for c in chains)


@world.written
def settled_trade() -> Any:
    """A buyer and a provider with everything that they could leave here, and nothing open between them."""
    mark = uuid.uuid4().hex[:8]
    b, p = f"canarybuyer{mark}", f"canaryprovider{mark}"
    ada = world.person(f"{b} Ada", email=f"{b}@example.com", address=world.ADA_ADDRESS)
    ben = world.person(f"{p} Ben", email=f"{p}@example.com", address=world.BEN_ADDRESS)
    buyer, provider = world.organization(f"{b} Bakery", owner=ada), world.provider(f"{p} Workshop", owner=ben)
    for org, name in ((buyer, b), (provider, p)):
        org.domain, org.domain_checked_at = f"{name}.example", timezone.now()
        org.save()
    listing = world.listing(provider, f"{p} tool", description=f"{p} **describes**", endpoint=f"https://{p}.example/")
    draft = world.version(provider, listing=listing, name=f"{p} draft", reason=f"{p} reason", state="rejected")
    plan, now = world.plan(listing), timezone.now()
    both: Any = {"buyer": buyer, "provider": provider, "listing": listing}
    order = Order.objects.create(
        **both, plan=plan, state="completed", currency=plan.currency, price=plan.price, periods=1, max_fee_bps=250,
        period_seconds=plan.period_seconds, provider_address=world.BEN_ADDRESS, placed_by=ada, expires_at=now,
        order_ref="0x" + uuid.uuid4().hex * 2,
    )  # fmt: skip
    sub = Subscription.objects.create(**both, order=order, state="ended", starts_at=now, ends_at=now)
    key = ApiKey.objects.create(org=buyer, name=f"{b} key", prefix=mark, digest="0" * 64, created_by=ada)
    UsageRecord.objects.create(**both, subscription=sub, api_key=key, user=ada)
    ToolRun.objects.create(org=buyer, subscription=sub, listing=listing, user=ada, state="done", input={"text": b},
                           result={"mood": b})  # fmt: skip
    UpstreamSecret.objects.create(org=provider, listing=listing, key_id="k", nonce=b"n" * 12, ciphertext=b"c")
    review = Review.objects.create(
        org=buyer, listing=listing, order=order, stars=4, title=f"{b} title", text=f"{b} says"
    )
    Wording.objects.create(review=review, org=buyer, number=1, stars=1, title=f"{b} title", text=f"{b} said")
    Answer.objects.create(review=review, listing=listing, org=provider, text=f"{p} answers", written_by=ben)
    Verification.objects.create(org=provider, registration_number=p, note=p, asked_by=ben, outcome="verified", reason=p)
    Document.objects.create(org=provider, name=f"{p}.pdf", kind="application/pdf", size=1, sha256="0" * 64,
                            file=ContentFile(p.encode(), name=f"{mark}.pdf"), added_by=ben)  # fmt: skip
    Invitation.objects.create(org=buyer, email=f"{p}@example.com", role="viewer", nonce="n", digest=mark,
                              invited_by=ada, expires_at=now)  # fmt: skip
    case = ReviewCase.objects.create(org=provider, version=draft, state="decided")
    Decision.objects.create(org=provider, case=case, outcome="reject", reason=p)
    for actor, name in ((Actor(ada.pk, buyer.pk, "owner"), b), (Actor(ben.pk, provider.pk, "owner"), p)):
        org = buyer if name == b else provider
        organizations.update_profile(actor, name=org.name, about=f"{name} about", website=f"https://{name}.example")
        audit.record(actor, "key.created", key, org_id=org.pk, name=f"{name} key", invited=f"{name}@example.com")
        audit.record(actor, "order.placed", order, org_id=org.pk, order=str(order.public_id))
    audit.record(Actor(ada.pk, buyer.pk, "owner"), "tool.run", key, listing=listing.slug)
    return SimpleNamespace(
        b=b, p=p, ada=ada, ben=ben, buyer=buyer, provider=provider, listing=listing, order=order, key=key
    )


@pytest.fixture
def trade() -> Any:
    made = settled_trade()
    reading.read_entries()
    return made


def asked_and_due(actor: Actor) -> None:
    with transaction.atomic(), scope(org_id=actor.org_id, user_id=actor.user_id):
        services.ask_for_erasure(actor)
    world.written(lambda: Erasure.objects.update(due_at=timezone.now()))()


def exported(actor: Actor) -> Any:
    with transaction.atomic(), scope(org_id=actor.org_id, user_id=actor.user_id):
        services.ask_for_export(actor)
    exporting.make_waiting()
    with transaction.atomic(), as_system("the test looks"):
        return Export.objects.get().file


@pytest.mark.parametrize("side", ["buyer", "provider"])
def test_of_an_erased_organization_and_its_owner_nothing_is_left(side: str, trade: Any) -> None:
    org, owner, mark = (trade.buyer, trade.ada, trade.b) if side == "buyer" else (trade.provider, trade.ben, trade.p)
    file = exported(Actor(owner.pk, org.pk, "owner"))
    assert file.storage.exists(file.name)
    assert len(canaries_left(mark)) >= 7, "the control: they are there before"
    asked_and_due(Actor(owner.pk, org.pk, "owner"))
    assert erasing.erase_due() == 1
    indexing.catch_up()  # search follows within seconds, and counts its words anew each night
    indexing.rebuild()
    left = canaries_left(f"{mark} bakery", f"{mark} workshop", f"{mark} tool", f"{mark}-tool", f"{mark} about")
    assert left == []
    asked_and_due(Actor(owner.pk))
    assert erasing.erase_due() == 1
    assert canaries_left(mark) == []
    assert not file.storage.exists(file.name)
    assert chains_hold()


def test_files_of_an_erased_organization_are_gone(trade: Any) -> None:
    (paper,) = papers()
    assert paper.storage.exists(paper.name)
    asked_and_due(Actor(trade.ben.pk, trade.provider.pk, "owner"))
    erasing.erase_due()
    assert not paper.storage.exists(paper.name) and papers() == []


def test_what_the_other_side_has_to_keep_stays(trade: Any) -> None:
    asked_and_due(Actor(trade.ben.pk, trade.provider.pk, "owner"))
    erasing.erase_due()
    with transaction.atomic(), as_system("the test looks"):
        order = Order.objects.select_related("provider", "listing").get()
        assert (order.state, order.price, order.order_ref) == ("completed", 29 * world.TUSD, trade.order.order_ref)
        assert str(order.provider) == "An erased organization" and order.listing.state == "retired"
        assert UsageRecord.objects.count() == 1
        assert Organization.objects.get(pk=trade.buyer.pk).name == trade.buyer.name
        assert Entry.objects.filter(org_id=trade.provider.pk).count() >= 4


def test_the_stars_of_an_erased_buyer_still_count_and_its_words_are_gone(trade: Any, client: Client) -> None:
    asked_and_due(Actor(trade.ada.pk, trade.buyer.pk, "owner"))
    erasing.erase_due()
    page = client.get(f"/tools/{trade.listing.slug}/reviews/").content.decode()
    assert "The words of this review were erased" in page and "An erased organization" in page
    assert 'aria-label="4 of 5 stars"' in page


def test_pages_of_the_other_side_still_open(trade: Any, client: Client) -> None:
    asked_and_due(Actor(trade.ben.pk, trade.provider.pk, "owner"))
    erasing.erase_due()
    client.force_login(trade.ada)
    slug = trade.buyer.slug
    for page in (
        "/inbox/",
        f"/o/{slug}/",
        f"/o/{slug}/subscriptions/",
        f"/o/{slug}/subscriptions/{trade.order.public_id}/",
    ):
        assert client.get(page).status_code == 200, page
    assert client.get(f"/tools/{trade.listing.slug}/").status_code == 404


def test_an_erased_person_is_signed_out_everywhere_and_cannot_come_back(trade: Any) -> None:
    clerk = world.person("Clerk", email="clerk@example.com")
    world.member(trade.buyer, clerk, "viewer")
    browser = Client()
    browser.force_login(clerk)
    other = Client()
    other.force_login(trade.ben)
    asked_and_due(Actor(clerk.pk))
    assert erasing.erase_due() == 1
    assert browser.get("/accounts/wallets/").status_code == 302
    assert other.get("/accounts/wallets/").status_code == 200
    assert not Session.objects.filter(session_key=browser.session.session_key).exists()
    assert not Client().login(email="clerk@example.com", password=world.PASSWORD)
    with transaction.atomic(), as_system("the test looks"):
        assert not Membership.objects.filter(user=clerk).exists()
        assert not Wallet.objects.filter(user=clerk).exists()
        assert Entry.objects.filter(verb="member.erased", org_id=trade.buyer.pk).exists()
    assert canaries_left("clerk@example.com") == []
    world.person("Clerk", email="clerk@example.com")  # the address is free again, for somebody new


def test_the_words_of_others_stay(trade: Any) -> None:
    """Erasing one side forgets its own words, and no more."""
    asked_and_due(Actor(trade.ben.pk, trade.provider.pk, "owner"))
    erasing.erase_due()
    assert any("audit_wording" in place for place in canaries_left(trade.b))


@world.written
def change(thing: Any, **fields: Any) -> None:
    type(thing).objects.filter(pk=thing.pk).update(**fields)


def test_what_is_open_has_to_be_settled_first(trade: Any) -> None:
    now = timezone.now()
    change(trade.order.subscription, state="active", ends_at=now + timedelta(days=9))
    for actor in (Actor(trade.ada.pk, trade.buyer.pk, "owner"), Actor(trade.ben.pk, trade.provider.pk, "owner")):
        with transaction.atomic(), scope(org_id=actor.org_id, user_id=actor.user_id):
            with pytest.raises(Refused, match="1\N{NO-BREAK SPACE}subscription still running"):
                services.ask_for_erasure(actor)


def test_what_was_opened_while_it_waited_holds_it_up(trade: Any) -> None:
    asked_and_due(Actor(trade.ada.pk, trade.buyer.pk, "owner"))
    change(trade.order, state="placed")
    assert erasing.erase_due() == 0
    with transaction.atomic(), as_system("the test looks"):
        waiting = Erasure.objects.get()
        assert "waiting for payment" in waiting.held_up_by and waiting.due_at > timezone.now()
        assert Organization.objects.get(pk=trade.buyer.pk).name == trade.buyer.name


def test_the_page_says_why_it_waits_in_the_language_of_who_reads_it(trade: Any, client: Client) -> None:
    """What the worker noted is in the market's own; colleagues may read another."""
    asked_and_due(Actor(trade.ada.pk, trade.buyer.pk, "owner"))
    change(trade.order, state="placed")
    erasing.erase_due()
    client.force_login(trade.ada)
    page = client.get(f"/o/{trade.buyer.slug}/data/?lang=de").content.decode()
    assert "1\N{NO-BREAK SPACE}Bestellung wartet" in page
    assert "waiting for payment" not in page


def test_every_table_has_a_name_on_the_page_of_what_would_be_erased() -> None:
    tables = {table.label for table in (*inventory.of_organizations(), *inventory.of_people())}
    assert tables - set(standing.NAMES) == set()


def test_the_only_owner_of_an_organization_cannot_vanish_from_it(trade: Any) -> None:
    with transaction.atomic(), scope(user_id=trade.ada.pk), pytest.raises(Refused, match="only owner"):
        services.ask_for_erasure(Actor(trade.ada.pk))


def test_it_waits_a_week_and_can_be_taken_back(trade: Any, client: Client) -> None:
    client.force_login(trade.ada)
    where = f"/o/{trade.buyer.slug}/data/"
    page = client.get(where + "erase/").content.decode()
    for figure in ("What nobody can erase", "Orders", "bookkeeping law", "Deleted", "Kept", "Blanked"):
        assert figure in page, figure
    assert client.post(where + "erase/", {"name": "something else"}).status_code == 422
    assert client.post(where + "erase/", {"name": trade.buyer.name}).status_code == 302
    assert erasing.erase_due() == 0
    assert "will be erased" in client.get(where).content.decode()
    reading.read_entries()
    with transaction.atomic(), as_system("the test looks"):
        assert Notification.objects.filter(rule="erasure.asked/0", user=trade.ada).exists()
    assert client.post(where + "keep/").status_code == 302
    world.written(lambda: Erasure.objects.update(due_at=timezone.now()))()
    assert erasing.erase_due() == 0
    assert Organization.objects.get(pk=trade.buyer.pk).name == trade.buyer.name


def test_only_an_owner_can_have_the_organization_erased(trade: Any, client: Client) -> None:
    admin = world.person("Admin")
    world.member(trade.buyer, admin, "admin")
    client.force_login(admin)
    for what in ("erase", "keep"):
        assert client.post(f"/o/{trade.buyer.slug}/data/{what}/", {"name": trade.buyer.name}).status_code == 403
    assert "Have it erased" not in client.get(f"/o/{trade.buyer.slug}/data/").content.decode()


def test_a_crash_in_the_middle_erases_nothing_and_the_next_try_all(trade: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked_and_due(Actor(trade.ada.pk, trade.buyer.pk, "owner"))
    with monkeypatch.context() as crash:
        crash.setattr(erasing.wording, "forget_mentions", lambda names: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            erasing.erase_due()
    assert f"{trade.b} Bakery" in str(list(Organization.objects.values_list("name", flat=True)))
    assert erasing.erase_due() == 1


def test_every_table_that_is_not_simply_deleted_has_a_fate() -> None:
    needed = fates.needing_a_fate()
    assert needed["organizations"] == set(fates.OF_ORGANIZATIONS), "say in privacy/fates.py what becomes of it"
    assert needed["people"] == set(fates.OF_PEOPLE)
    for label in fates.OF_ORGANIZATIONS:
        apps.get_model(label)


def test_every_text_in_a_row_that_stays_is_blanked_or_names_nobody() -> None:
    """A new text column of a table that is kept has to be looked at: here an organization's domain once stayed."""
    for label, fate in {**fates.OF_ORGANIZATIONS, **fates.OF_PEOPLE}.items():
        if fate.is_deleted:
            continue
        fields = apps.get_model(label)._meta.local_fields
        texts = {
            field.name
            for field in fields
            if isinstance(field, models.CharField | models.TextField | models.JSONField) and not field.choices
        }
        kept = set(fates.KEPT_TEXT.get(label, ("", ""))[0].split())
        assert texts - set(fate.scrub) == kept, f"{label}: say in privacy/fates.py what becomes of the column"


def test_the_search_for_what_is_left_would_find_it(trade: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: without forgetting the words of the audit, they are found."""
    monkeypatch.delitem(fates.OF_ORGANIZATIONS, "audit.Wording")
    monkeypatch.setattr(erasing.wording, "forget_mentions", lambda names: 0)
    asked_and_due(Actor(trade.ada.pk, trade.buyer.pk, "owner"))
    erasing.erase_due()
    assert any("audit_wording" in place for place in canaries_left(f"{trade.b} about"))


def test_selling_goes_on_to_need_an_organization_that_is_there(trade: Any) -> None:
    asked_and_due(Actor(trade.ben.pk, trade.provider.pk, "owner"))
    erasing.erase_due()
    with transaction.atomic(), as_system("the test looks"), pytest.raises(Refused):
        catalog.may_sell(Organization.objects.get(pk=trade.provider.pk))


@pytest.mark.parametrize("where", ["/accounts/data/erase/", "/accounts/data/export/"])
def test_a_session_that_somebody_left_open_neither_erases_nor_takes_along(where: str, client: Client) -> None:
    clerk = world.person("Clerk")
    client.force_login(clerk)
    session = client.session
    session.pop("account_authentication_methods", None)
    session.save()
    answer = client.post(where, {"name": clerk.email})
    assert answer.status_code == 302 and "/reauthenticate/" in answer["Location"]
    with transaction.atomic(), as_system("the test looks"):
        assert not Erasure.objects.exists() and not Export.objects.exists()
