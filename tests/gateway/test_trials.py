"""A tool tried for free: nobody is called more often than its provider allows, and nobody pays."""

import threading
import uuid
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from marketplace.audit.models import Entry
from marketplace.catalog.models import Listing
from marketplace.gateway import runs, trial_runs, trials
from marketplace.gateway.models import ToolRun, Trial, TrialAllowance, TrialCall, TrialDay, UsageRecord
from marketplace.gateway.trials import Seeker, TryLater
from marketplace.lifecycle import Refused
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import as_system, scope
from tests import world
from tests.gateway.test_calls import Deal, Provider, deal, spoil_key  # noqa: F401
from tests.organizations.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/tools/review-mood/try/"


@pytest.fixture
def shop(deal: Deal) -> Deal:  # noqa: F811
    return deal


@pytest.fixture(autouse=True)
def one_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """It stays the same day for as long as a test counts in one."""
    set_clock(monkeypatch, timezone.now())


def set_clock(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    monkeypatch.setattr(trials, "timezone", SimpleNamespace(now=lambda: moment))


@world.written
def allow(deal: Deal, **fields: Any) -> None:  # noqa: F811
    Listing.objects.filter(pk=deal.cast.listing.pk).update(**fields)
    deal.cast.listing.refresh_from_db()


@world.written
def rows(model: Any) -> list[Any]:
    return list(model.objects.order_by("pk"))


def stranger(name: str = "a", network: str = "203.0.113.0/24") -> Seeker:
    return Seeker(Actor(), visitor=name, network=network)


def member(deal: Deal) -> Seeker:  # noqa: F811
    return Seeker(deal.actor)


def attempt(deal: Deal, seeker: Seeker, text: str = "good", form_key: uuid.UUID | None = None) -> Trial:  # noqa: F811
    return trials.start_trial(
        seeker, listing=deal.cast.listing, payload={"text": text}, form_key=form_key or uuid.uuid4()
    )


def test_a_stranger_tries_without_an_account_and_sees_the_result(shop: Deal, client: Client) -> None:
    page = client.get(PAGE)
    assert page.status_code == 200
    assert "5 free tries left" in page.content.decode()
    sent = client.post(PAGE, {"text": "good", "form_key": str(uuid.uuid4())})
    assert sent.status_code == 302
    assert "Waiting" in client.get(sent.url).content.decode()
    assert trial_runs.run_waiting() == 1
    shown = client.get(sent.url).content.decode()
    assert "It went well." in shown
    assert "It cost nothing." in shown
    assert "4 free tries left" in client.get(PAGE).content.decode()


def test_the_call_is_metered_as_a_try_and_never_as_usage(shop: Deal) -> None:
    attempt(shop, member(shop))
    trial_runs.run_waiting()
    (call,) = rows(TrialCall)
    assert (call.outcome, call.status, call.provider_id) == ("answered", 200, shop.cast.workshop.pk)
    assert call.milliseconds is not None
    assert rows(UsageRecord) == []


def test_the_provider_is_told_that_it_is_a_try(shop: Deal) -> None:
    seen: list[str | None] = []
    original = Provider.do_POST

    def spying(self: Provider) -> None:
        seen.append(self.headers.get("X-Guildhall-Trial"))
        original(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Provider, "do_POST", spying)
        attempt(shop, stranger())
        trial_runs.run_waiting()
    assert seen == ["1"]


def test_the_same_form_sent_twice_calls_once(shop: Deal) -> None:
    key = uuid.uuid4()
    assert attempt(shop, stranger(), form_key=key).pk == attempt(shop, stranger(), form_key=key).pk
    assert attempt(shop, stranger("b"), form_key=key).pk != attempt(shop, stranger(), form_key=key).pk
    trial_runs.run_waiting()
    assert len(Provider.calls) == 2


def test_an_organization_has_as_many_as_the_provider_says_whoever_of_it_tries(shop: Deal) -> None:
    allow(shop, trial_calls=2)
    colleague = Seeker(Actor(world.person("Anton").pk, shop.cast.bakery.pk, "developer"))
    attempt(shop, member(shop))
    attempt(shop, colleague)
    with pytest.raises(Refused, match="used its 2 free tries"):
        attempt(shop, member(shop))
    assert len(rows(Trial)) == 2
    assert rows(TrialAllowance)[0].calls == 2


def test_strangers_of_one_network_share_its_day_and_others_have_their_own(shop: Deal) -> None:
    allow(shop, trial_calls=1)
    attempt(shop, stranger("a"))
    with pytest.raises(TryLater, match="Your network") as refused:
        attempt(shop, stranger("b"))
    assert 0 < refused.value.seconds <= 86_400
    attempt(shop, stranger("c", "198.51.100.0/24"))


def test_a_listings_day_ends_for_everybody(shop: Deal) -> None:
    allow(shop, trial_calls_a_day=2)
    attempt(shop, stranger("a", "203.0.113.0/24"))
    attempt(shop, member(shop))
    with pytest.raises(TryLater, match="All of today's free tries"):
        attempt(shop, stranger("c", "198.51.100.0/24"))
    assert len(rows(Trial)) == 2
    assert {row.calls for row in rows(TrialDay) if row.what.startswith("listing:")} == {2}


def test_there_are_new_tries_from_midnight_on_and_not_a_second_earlier(
    shop: Deal, monkeypatch: pytest.MonkeyPatch
) -> None:
    midnight = datetime(2028, 2, 29, tzinfo=UTC)
    allow(shop, trial_calls_a_day=1)
    set_clock(monkeypatch, midnight - timedelta(hours=3))
    attempt(shop, stranger())
    set_clock(monkeypatch, midnight - timedelta(seconds=1))
    with pytest.raises(TryLater, match="new ones tomorrow") as refused:
        attempt(shop, member(shop))
    assert refused.value.seconds == 2, "by then it has passed"
    set_clock(monkeypatch, midnight)
    assert trials.left(shop.cast.listing, stranger()) == 1
    attempt(shop, member(shop))
    assert sorted(row.day.day for row in rows(TrialDay) if row.what.startswith("listing:")) == [28, 29]


def test_a_try_that_one_count_refuses_counts_for_none(shop: Deal) -> None:
    allow(shop, trial_calls_a_day=1)
    attempt(shop, stranger())
    with pytest.raises(TryLater):
        attempt(shop, member(shop))
    assert rows(TrialAllowance) == []


def test_one_network_cannot_try_everything(shop: Deal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "NETWORK_A_DAY", 2)
    for name in "ab":
        attempt(shop, stranger(name))
    with pytest.raises(TryLater, match=r"Your network has used today's free tries\. Sign in"):
        attempt(shop, stranger("c"))


def test_a_network_is_kept_as_a_digest_that_is_another_tomorrow(shop: Deal) -> None:
    attempt(shop, stranger())
    assert "203.0.113" not in " ".join(row.what for row in rows(TrialDay))
    today = date(2026, 12, 31)
    assert trials.network_digest("x", today) != trials.network_digest("x", today + timedelta(days=1))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"trial_calls": 0}, "no free tries"),
        ({"state": "suspended"}, "not in the shop"),
        ({"is_down_since": timezone.now()}, "does not answer"),
    ],
)
def test_what_stands_in_the_way_is_said_and_counts_nothing(shop: Deal, change: dict[str, Any], says: str) -> None:
    allow(shop, **change)
    with pytest.raises(Refused, match=says):
        attempt(shop, stranger())
    assert (rows(Trial), rows(TrialDay)) == ([], [])


def test_a_crowd_is_asked_to_come_back_in_a_moment(shop: Deal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "MOST_WAITING", 1)
    attempt(shop, stranger("a"))
    with pytest.raises(TryLater) as refused:
        attempt(shop, stranger("b"))
    assert refused.value.seconds == 30


@pytest.mark.parametrize(("text", "left", "outcome"), [("break", 5, "failed"), ("wrong", 4, "refused")])
def test_what_the_service_broke_is_given_back_and_what_it_refused_is_not(
    shop: Deal, text: str, left: int, outcome: str
) -> None:
    attempt(shop, member(shop), text)
    trial_runs.run_waiting()
    (trial,) = rows(Trial)
    assert (trial.state, trial.is_given_back) == ("failed", left == 5)
    assert rows(TrialCall)[0].outcome == outcome
    assert trials.left(shop.cast.listing, member(shop)) == left


def test_a_try_cut_off_by_a_crash_is_given_back_once_and_not_called_again(shop: Deal) -> None:
    attempt(shop, member(shop))
    taken = trial_runs._take()
    assert len(taken) == 1
    world.written(lambda: Trial.objects.update(started_at=timezone.now() - timedelta(minutes=10)))()
    for _ in range(2):
        trial_runs.run_waiting()
    assert Provider.calls == []
    (trial,) = rows(Trial)
    assert (trial.state, trial.is_given_back, rows(TrialAllowance)[0].calls) == ("failed", True, 0)
    trial_runs._finish(taken[0], runs.Ending("failed", error="late"))
    assert rows(TrialAllowance)[0].calls == 0


def test_a_listing_that_left_meanwhile_is_not_called(shop: Deal) -> None:
    attempt(shop, member(shop))
    allow(shop, state="suspended")
    trial_runs.run_waiting()
    assert Provider.calls == []
    assert "left the shop" in rows(Trial)[0].error


def test_thirty_at_once_get_what_is_left_and_no_more(shop: Deal) -> None:
    allow(shop, trial_calls=4, trial_calls_a_day=1000)
    said = at_once(*[lambda: attempt(shop, member(shop))] * 15, *[lambda: attempt(shop, stranger())] * 15)
    assert not [word for word in said if not isinstance(word, Trial | Refused)], said
    assert (len(rows(Trial)), rows(TrialAllowance)[0].calls) == (8, 4)


def test_control_looking_before_counting_overspends(shop: Deal) -> None:
    """The same at once, with a look and then a count: everybody gets the last call."""
    attempt(shop, member(shop))
    looked, passed = threading.Barrier(6), []

    def naive() -> None:
        with transaction.atomic(), as_system("the control"):
            made = TrialAllowance.objects.get().calls
            looked.wait(10)
            if made < 2:
                TrialAllowance.objects.update(calls=F("calls") + 1)
                passed.append(1)

    at_once(*[naive] * 6)
    assert (len(passed), rows(TrialAllowance)[0].calls) == (6, 7)


def test_nobody_else_sees_a_try(shop: Deal, client: Client) -> None:
    sent: Any = client.post(PAGE, {"text": "my secret", "form_key": str(uuid.uuid4())})
    assert client.get(sent.url).status_code == 200
    assert client.get(sent.url.replace("review-mood", "other")).status_code == 404
    assert Client().get(sent.url).status_code == 404
    other = Client()
    other.post(PAGE, {"text": "mine", "form_key": str(uuid.uuid4())})
    assert other.get(sent.url).status_code == 404
    ben = Client()
    ben.force_login(shop.cast.ben)
    assert ben.get(sent.url).status_code == 404
    client.force_login(shop.cast.ada)
    mine: Any = client.post(PAGE, {"text": "the bakery's", "form_key": str(uuid.uuid4())})
    assert client.get(mine.url).status_code == 200
    assert ben.get(mine.url).status_code == other.get(mine.url).status_code == 404


def test_who_is_signed_in_tries_for_their_organization(shop: Deal, client: Client) -> None:
    client.force_login(shop.cast.ada)
    assert "for Ada Bakery" in client.get(PAGE).content.decode()
    client.post(PAGE, {"text": "good", "form_key": str(uuid.uuid4())})
    (trial,) = rows(Trial)
    assert (trial.org_id, trial.user_id, trial.visitor) == (shop.cast.bakery.pk, shop.cast.ada.pk, "")
    with transaction.atomic(), as_system("look"):
        assert Entry.objects.filter(verb="tool.tried", org_id=shop.cast.bakery.pk).exists()


def test_a_viewer_does_not_use_up_the_organizations_tries(shop: Deal, client: Client) -> None:
    person = world.person("Vera")
    world.member(shop.cast.bakery, person, "viewer")
    client.force_login(person)
    client.post(PAGE, {"text": "good", "form_key": str(uuid.uuid4()), "org": shop.cast.bakery.slug})
    assert [trial.org_id for trial in rows(Trial)] == [None]


def test_an_organization_that_is_not_mine_cannot_be_named(shop: Deal, client: Client) -> None:
    client.force_login(shop.cast.ada)
    client.post(PAGE, {"text": "good", "form_key": str(uuid.uuid4()), "org": shop.cast.workshop.slug})
    assert [trial.org_id for trial in rows(Trial)] == [shop.cast.bakery.pk]


def test_a_refusal_keeps_what_was_typed_and_says_when_to_come_back(shop: Deal, client: Client) -> None:
    allow(shop, trial_calls_a_day=1)
    attempt(shop, stranger())
    answer = client.post(PAGE, {"text": "a long story", "form_key": str(uuid.uuid4())})
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 86_401
    page = answer.content.decode()
    assert "a long story" in page
    assert "There are new ones tomorrow." in page
    allow(shop, trial_calls=0)
    answer = client.post(PAGE, {"text": "x", "form_key": str(uuid.uuid4())})
    assert answer.status_code == 422
    assert "No free tries" in client.get(PAGE).content.decode()


def test_an_input_that_does_not_fit_is_said_beside_its_field_and_counts_nothing(shop: Deal, client: Client) -> None:
    answer = client.post(PAGE, {"text": "", "form_key": str(uuid.uuid4())})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.content.decode()
    assert rows(TrialDay) == []


def test_the_example_is_tried_with_one_click(shop: Deal, client: Client) -> None:
    client.post(PAGE, {"use_example": "1"})
    trial_runs.run_waiting()
    assert Provider.calls[0]["body"] == world.EXAMPLE


def test_the_form_comes_into_the_tools_page_when_it_is_asked_for(shop: Deal, client: Client) -> None:
    page = client.get("/tools/review-mood/").content.decode()
    assert f'hx-get="{PAGE}"' in page and f'href="{PAGE}"' in page
    part = client.get(PAGE, headers={"HX-Request": "true"}).content.decode()
    assert part.strip().startswith("<section") and "<html" not in part
    assert f'action="{PAGE}"' in part
    allow(shop, trial_calls=0)
    assert PAGE not in client.get("/tools/review-mood/").content.decode()


def test_addresses_of_one_network_are_one_and_of_ipv6_the_64(shop: Deal) -> None:
    allow(shop, trial_calls=1)

    def post(address: str) -> int:
        return int(Client(REMOTE_ADDR=address).post(PAGE, {"text": "x", "form_key": str(uuid.uuid4())}).status_code)

    assert [post("192.0.2.1"), post("192.0.2.200"), post("192.0.3.1")] == [302, 429, 302]
    assert [post("2001:db8:1:1::1"), post("2001:db8:1:1:ffff::9"), post("2001:db8:1:2::1")] == [302, 429, 302]


def test_what_was_tried_is_forgotten_after_a_day(shop: Deal) -> None:
    attempt(shop, stranger("a"))
    kept = attempt(shop, stranger("b"))
    yesterday = timezone.now() - timedelta(hours=25)
    world.written(lambda: Trial.objects.exclude(pk=kept.pk).update(created_at=yesterday))()
    world.written(lambda: TrialDay.objects.update(day=yesterday.date() - timedelta(days=1)))()
    assert trials.forget() == 1
    assert [trial.pk for trial in rows(Trial)] == [kept.pk]
    assert rows(TrialDay) == []


def test_a_provider_sets_how_much_is_free_and_can_switch_it_off(shop: Deal, client: Client) -> None:
    client.force_login(shop.cast.ben)
    url = f"/o/{shop.cast.workshop.slug}/listings/review-mood/trial/"
    attempt(shop, stranger())
    trial_runs.run_waiting()
    assert "1 try, 1 answered" in client.get(url).content.decode()
    assert client.post(url, {"calls": "-1", "calls_a_day": "x"}).status_code == 422
    assert client.post(url, {"calls": "0", "calls_a_day": "50"}).status_code == 302
    shop.cast.listing.refresh_from_db()
    assert not shop.cast.listing.can_be_tried
    assert PAGE not in client.get("/tools/review-mood/").content.decode()


def test_tries_of_strangers_never_take_the_places_of_those_who_pay(shop: Deal) -> None:
    """Two batches of tries hang, and no more are taken; a run is taken all the same."""
    for name in "abc":
        attempt(shop, stranger(name, name))
    for _ in range(2):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(trial_runs, "BATCH", 1)
            assert len(trial_runs._take()) == 1
    assert trial_runs.run_waiting() == 0
    with transaction.atomic(), scope(org_id=shop.cast.bakery.pk):
        runs.start_run(shop.actor, listing=shop.cast.listing, payload={"text": "good"}, form_key=uuid.uuid4())
    assert runs.run_waiting() == 1
    assert rows(ToolRun)[0].state == "done"


def test_the_page_costs_the_same_however_often_it_was_tried(shop: Deal, client: Client) -> None:
    counts = []
    for more in (0, 8):
        for i in range(more):
            attempt(shop, stranger(f"{i}", f"{i}::/64"))
        client.get(PAGE)
        with CaptureQueriesContext(connection) as queries:
            client.get(PAGE)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 8


def test_a_key_that_cannot_be_opened_ends_its_own_try_and_gives_it_back(shop: Deal) -> None:
    spoil_key(shop)
    begun = attempt(shop, member(shop))
    assert trial_runs.run_waiting() == 0
    (kept,) = [row for row in rows(Trial) if row.pk == begun.pk]
    assert (kept.state, kept.is_given_back, "store it again" in kept.error) == ("failed", True, True)
    assert rows(TrialCall) == []
