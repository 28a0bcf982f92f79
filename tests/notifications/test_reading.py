"""Who is told of what, read from the audit entries."""

import threading
import uuid
from typing import Any

import pytest
from django.db import connection, transaction

from marketplace.accounts.models import User
from marketplace.audit import services as audit
from marketplace.audit.models import Entry
from marketplace.moderation.models import ReviewCase
from marketplace.notifications import reading
from marketplace.notifications.models import Kind, Notification, Preference
from marketplace.notifications.words import shown
from marketplace.organizations.models import Membership, Organization
from marketplace.subscriptions import asking
from marketplace.subscriptions.models import Order
from marketplace.subscriptions.services import tell_both
from marketplace.tenancy.actor import SYSTEM, Actor
from marketplace.tenancy.scope import as_system, scope
from tests import world
from tests.isolation.conftest import Trade, trade

pytestmark = pytest.mark.django_db


@pytest.fixture
def market() -> Trade:
    """One trade, whose entries so far are told."""
    found = trade("North")
    reading.read_entries()
    _everything().delete()
    return found


@world.written
def _everything() -> Any:
    return Notification.objects.all()


@world.written
def told(user: User) -> list[str]:
    """The sentences that a person was told, oldest first."""
    return [item.sentence for item in shown(Notification.objects.filter(user=user).order_by("pk"))]


@world.written
def entry(actor: Actor, verb: str, subject: Any, org: Organization, **facts: Any) -> Entry:
    return audit.record(actor, verb, subject, org_id=org.pk, **facts)


@world.written
def both(verb: str, order: Order, **facts: object) -> None:
    tell_both([(verb, order, facts)])


@pytest.fixture(autouse=True)
def system(request: pytest.FixtureRequest) -> Any:
    """Tests look at everybody's notices; the walls between them are tested in test_walls.py."""
    if request.node.get_closest_marker("django_db").kwargs.get("transaction"):
        yield
        return
    with transaction.atomic(), as_system("the test looks at everything"):
        yield


def test_both_sides_of_an_order_are_told_in_their_own_words(market: Trade) -> None:
    both("order.funded", market.order, amount="58000000", currency="TUSD")
    assert reading.read_entries() == 2
    assert told(market.buyer_owner) == ["58.00\N{NO-BREAK SPACE}TUSD for North tool is in escrow. You can use it now."]
    assert told(market.provider_owner) == ["North Bakery paid 58.00\N{NO-BREAK SPACE}TUSD into escrow for North tool."]


def test_who_did_it_is_not_told_but_the_others_are_and_by_name(market: Trade) -> None:
    clerk = world.person("Clerk")
    world.member(market.buyer, clerk, "billing")
    entry(Actor(clerk.pk, market.buyer.pk, "billing"), "order.placed", market.order, market.buyer)
    reading.read_entries()
    assert told(clerk) == []
    assert told(market.buyer_owner) == ["Clerk ordered North tool from North Workshop. It waits for payment."]


def test_the_other_side_never_learns_a_members_name(market: Trade) -> None:
    entry(Actor(market.buyer_owner.pk, market.buyer.pk, "owner"), "order.placed", market.order, market.provider)
    reading.read_entries()
    assert told(market.provider_owner) == ["North Bakery ordered North tool. It waits for their payment."]
    assert "who" not in Notification.objects.get(user=market.provider_owner).facts


def test_only_the_roles_that_it_concerns_are_told(market: Trade) -> None:
    viewer = world.person("Viewer")
    world.member(market.buyer, viewer, "viewer")
    both("order.expired", market.order)
    reading.read_entries()
    assert told(viewer) == []
    assert len(told(market.buyer_owner)) == 1
    assert told(market.provider_owner) == []


def test_moderators_are_told_what_waits_for_them(market: Trade) -> None:
    mia = world.person("Mia", is_moderator=True)
    entry(Actor(market.provider_owner.pk, market.provider.pk, "owner"), "listing.submitted", market.listing,
          market.provider, number=2)  # fmt: skip
    reading.read_entries()
    assert told(mia) == ["North Workshop submitted a listing. It waits for a moderator."]


def test_a_person_is_told_of_their_own_wallet_for_it_may_have_been_somebody_else(market: Trade) -> None:
    with transaction.atomic():
        audit.record(Actor(market.buyer_owner.pk), "wallet.linked", market.buyer_owner, address=world.ADA_ADDRESS)
    reading.read_entries()
    assert told(market.buyer_owner) == ["A wallet was linked to your account."]
    assert Notification.objects.get().mail_due_at is not None


def test_what_was_told_is_not_told_again(market: Trade) -> None:
    both("order.funded", market.order, amount="1", currency="TUSD")
    assert reading.read_entries() == 2
    assert reading.read_entries() == 0
    assert Notification.objects.count() == 2


def test_a_crash_before_the_commit_tells_everything_later_and_once(
    market: Trade, monkeypatch: pytest.MonkeyPatch
) -> None:
    both("order.funded", market.order, amount="1", currency="TUSD")
    with monkeypatch.context() as broken:
        broken.setattr(reading, "_chosen", lambda notices, now: 1 / 0)
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            reading.read_entries()
    assert Notification.objects.count() == 0
    assert reading.read_entries() == 2


def test_an_entry_of_an_unknown_verb_or_with_a_lost_subject_holds_up_no_other(market: Trade) -> None:
    entry(SYSTEM, "thing.nobody_knows", market.buyer, market.buyer)
    entry(SYSTEM, "order.expired", Order(pk=10**9), market.buyer)
    both("order.expired", market.order)
    reading.read_entries()
    assert told(market.buyer_owner) == ["Your order of North tool was not paid in time and has expired."]


def test_nothing_at_all_is_a_choice_and_money_cannot_be_switched_off(market: Trade) -> None:
    for kind in (Kind.ORDERS, Kind.MONEY):
        Preference.objects.create(user=market.buyer_owner, kind=kind, in_inbox=False, by_mail=False)
    both("order.funded", market.order, amount="1", currency="TUSD")
    both("order.expired", market.order)
    reading.read_entries()
    only = Notification.objects.get(user=market.buyer_owner)
    assert (only.kind, only.in_inbox, only.mail_due_at) == (Kind.MONEY, True, None)


def test_a_sentence_names_nobody_who_is_gone(market: Trade) -> None:
    both("order.funded", market.order, amount="1", currency="TUSD")
    reading.read_entries()
    Organization.objects.filter(pk=market.buyer.pk).update(name="")
    notice = Notification.objects.get(user=market.provider_owner)
    assert "North Bakery" not in str(Notification.objects.values_list("facts", "path"))
    assert shown([notice])[0].sentence.startswith("An organization paid")


def test_every_sentence_can_be_said_and_every_link_leads_somewhere(market: Trade) -> None:
    """Each rule once, for its own subject: no placeholder stays open, no address is unknown."""
    subjects = {"order": market.order, "escrow": market.order, "subscription": market.order, "listing": market.listing}
    subjects |= {"deposit": market.order, "spending": market.asked, "review": market.listing, "answer": market.listing}
    subjects |= {"report": market.listing, "dispute": market.order, "ruling": market.order}
    facts = {"user_id": market.buyer_owner.pk, "percent": 80, "dispute": str(market.dispute.public_id)}
    facts |= {"until": "2026-12-01T12:00:00+00:00", "request": str(uuid.uuid4())}
    for verb, rules in reading.RULES.items():
        for rule in rules:
            org = market.provider if rule.side == "provider" else market.buyer
            subject = subjects.get(verb.partition(".")[0], org)
            amounts = dict.fromkeys(("amount", "net", "fee", "refund"), "1000000")
            actor = Actor(world.person(f"{verb} {rules.index(rule)}").pk)
            made = entry(actor, verb, subject, org, **facts, **amounts)
            about = reading.context(made, org)
            number = rules.index(rule)
            notice = reading._notice(made, about, rule, f"{verb}/{number}", market.buyer_owner.pk)
            sentence = shown([notice])[0].sentence
            assert sentence != "Something changed. Open it to see what.", verb
            assert "{" not in sentence and sentence.endswith("."), sentence
            assert notice.path.startswith("/"), verb


@pytest.mark.django_db(transaction=True)
def test_an_entry_that_commits_late_is_told_all_the_same() -> None:
    """Two organizations, two connections: the later id commits first, is told, and the earlier one is not lost."""
    north, south = trade("North"), trade("South")
    reading.read_entries()
    holds, released = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic(), as_system("a slow transaction"):
            audit.record(SYSTEM, "order.expired", north.order, org_id=north.buyer.pk)
            holds.set()
            assert released.wait(20)
        connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    try:
        assert holds.wait(20)
        fast = entry(SYSTEM, "order.expired", south.order, south.buyer)
        assert reading.read_entries() == 1
    finally:
        released.set()
        thread.join()
    assert reading.read_entries() == 1
    with transaction.atomic(), as_system("the test looks"):
        late = Entry.objects.get(verb="order.expired", org_id=north.buyer.pk)
        assert late.pk < fast.pk, "the control: a cursor over ids would have passed it"
        assert {notice.entry_id for notice in Notification.objects.filter(rule="order.expired/0")} == {late.pk, fast.pk}


@pytest.mark.django_db(transaction=True)
def test_two_readers_at_once_tell_it_once() -> None:
    north = trade("North")
    both("order.funded", north.order, amount="1", currency="TUSD")
    start = threading.Barrier(4)

    def read() -> None:
        start.wait()
        reading.read_entries()
        connection.close()

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    reading.read_entries()
    with transaction.atomic(), as_system("the test looks"):
        assert Notification.objects.filter(rule__startswith="order.funded").count() == 2
        assert Membership.objects.count() == 2 and ReviewCase.objects.count() == 2


def test_an_owner_hears_what_is_asked_and_who_asked_hears_the_answer() -> None:
    cast = world.cast()
    bo = world.person("Bo")
    world.member(cast.bakery, bo, "billing")
    theirs, owner = world.actor(bo, cast.bakery, "billing"), world.actor(cast.ada, cast.bakery)
    with transaction.atomic(), scope(org_id=cast.bakery.pk, user_id=bo.pk):
        made = asking.ask(theirs, wish=asking.Wish(cast.plan, 2), form_key=uuid.uuid4(), note="")
    with transaction.atomic(), scope(org_id=cast.bakery.pk, user_id=cast.ada.pk):
        asking.decide(owner, public_id=made.public_id, approve=False, reason="Not now")
    reading.read_entries()
    with transaction.atomic(), as_system("the test"):
        told = {each.notice.user_id: (each.sentence, each.notice.path) for each in shown(Notification.objects.all())}
    page = f"/o/{cast.bakery.slug}/spending/requests/{made.public_id}/"
    assert told[cast.ada.pk] == (
        "Bo asks you to approve an order of Review mood for 58.00\N{NO-BREAK SPACE}TUSD.",
        page,
    )
    assert told[bo.pk][0].startswith("Your order of Review mood for 58.00")
    assert told[bo.pk][1] == page
