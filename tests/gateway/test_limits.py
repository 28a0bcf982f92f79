"""A key stops at its calls of a month, however many come at once, and says when it works again."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.test import Client

from marketplace.audit.models import Entry
from marketplace.gateway import limits, services
from marketplace.gateway.models import ApiKey, KeyMonth, UsageRecord
from marketplace.tenancy.scope import as_system, scope
from tests.gateway.test_calls import Deal, deal  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def one_month(monkeypatch: pytest.MonkeyPatch) -> None:
    """It stays the same month for as long as a test counts in one."""
    set_clock(monkeypatch, limits.market_time())


def set_clock(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    monkeypatch.setattr(limits, "market_time", lambda: moment)


def limited(deal: Deal, calls: int | None) -> ApiKey:  # noqa: F811
    with transaction.atomic(), scope(org_id=deal.cast.bakery.pk):
        key = ApiKey.objects.get()
        return limits.limit_key(deal.actor, key_id=key.pk, monthly_calls=calls)


def call(deal: Deal) -> str:  # noqa: F811
    try:
        services.begin_call(key_text=deal.key, slug=deal.cast.listing.slug, size=1)
    except services.CallRefused as refused:
        return f"{refused.status} {refused.code}: {refused}"
    return "passed"


def counted() -> tuple[int, int]:
    """Calls by the limit's count, and by the usage records."""
    with transaction.atomic(), as_system("the test"):
        return KeyMonth.objects.get().calls, UsageRecord.objects.count()


def test_a_key_stops_at_its_limit_and_says_when_it_works_again(deal: Deal) -> None:  # noqa: F811
    limited(deal, 2)
    assert [call(deal), call(deal)] == ["passed", "passed"]
    refused = call(deal)
    assert refused.startswith("429 key_limit_reached: This key has reached its limit of calls for")
    assert "It works again on 1 " in refused
    assert counted() == (2, 2)
    limited(deal, None)
    assert call(deal) == "passed"


@pytest.mark.parametrize(
    ("first", "month", "day"),
    [
        (datetime(2027, 1, 1, tzinfo=UTC), "December", "1 January"),
        (datetime(2027, 2, 1, tzinfo=UTC), "January", "1 February"),
        (datetime(2028, 3, 1, tzinfo=UTC), "February", "1 March"),
    ],
)
def test_a_month_ends_with_its_last_second_and_the_next_begins_with_all_calls(
    deal: Deal,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    first: datetime,
    month: str,
    day: str,
) -> None:
    limited(deal, 1)
    set_clock(monkeypatch, first - timedelta(seconds=1))
    assert call(deal) == "passed"
    assert f"calls for {month}: 1. It works again on {day}," in call(deal)
    set_clock(monkeypatch, first)
    assert call(deal) == "passed"
    assert "key_limit_reached" in call(deal)


def test_a_call_that_is_refused_for_another_reason_is_not_counted(deal: Deal) -> None:  # noqa: F811
    limited(deal, 2)
    call(deal)
    with pytest.raises(services.CallRefused, match="No tool"):
        services.begin_call(key_text=deal.key, slug="nothing-here", size=1)
    assert counted() == (1, 1)


def test_half_four_fifths_and_the_end_are_told_once(deal: Deal) -> None:  # noqa: F811
    limited(deal, 5)
    for _ in range(7):
        call(deal)
    with transaction.atomic(), as_system("the test"):
        told = Entry.objects.filter(verb="key.warned").order_by("pk").values_list("facts", flat=True)
        assert [(facts["percent"], facts["calls"]) for facts in told] == [(50, 3), (80, 4), (100, 5)]


def at_once(threads: int, work: Callable[[], object]) -> None:
    ready = threading.Barrier(threads)

    def one() -> None:
        ready.wait()
        work()
        connection.close()

    group = [threading.Thread(target=one) for _ in range(threads)]
    for thread in group:
        thread.start()
    for thread in group:
        thread.join()


def test_fifty_callers_at_once_do_not_share_the_last_call(deal: Deal) -> None:  # noqa: F811
    limited(deal, 120)
    at_once(50, lambda: [call(deal) for _ in range(4)])
    assert counted() == (120, 120)


def test_control_checking_before_counting_overspends(deal: Deal) -> None:  # noqa: F811
    """The same callers at the count itself: by its one statement they get three calls, by look-then-count more."""
    key, looked, passed = limited(deal, 3), threading.Barrier(8), []

    def counted_at_once() -> None:
        try:
            with transaction.atomic(), scope(org_id=key.org_id):
                limits.count_call(key)
            passed.append("counted")
        except limits.LimitReached:
            pass

    def naive() -> None:
        with transaction.atomic(), scope(org_id=key.org_id):
            made = KeyMonth.objects.get(api_key=key).calls
            looked.wait(10)
            if made < 3:
                KeyMonth.objects.filter(api_key=key).update(calls=F("calls") + 1)
                passed.append("naive")

    at_once(8, counted_at_once)
    with transaction.atomic(), scope(org_id=key.org_id):
        KeyMonth.objects.update(calls=0)
    at_once(8, naive)
    assert passed.count("counted") == 3
    assert passed.count("naive") == 8


def test_the_limit_is_set_on_its_page_and_shown_beside_the_key(deal: Deal) -> None:  # noqa: F811
    client = Client()
    client.force_login(deal.cast.ada, backend="allauth.account.auth_backends.AuthenticationBackend")
    with transaction.atomic(), as_system("the test"):
        page: Any = f"/o/{deal.cast.bakery.slug}/keys/{ApiKey.objects.get().pk}/limit/"
    assert client.post(page, {"monthly_calls": "0"}).status_code == 422
    assert client.post(page, {"monthly_calls": "1500"}).status_code == 302
    assert "0 of 1,500" in client.get(f"/o/{deal.cast.bakery.slug}/keys/").content.decode()
