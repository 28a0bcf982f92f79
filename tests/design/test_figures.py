"""Figures read as people expect, and never say something other than the integer they come from."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.template import Context, Template
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from settings import figures

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (0, "0.00"),
        (12_500_000, "12.50"),
        (1_234_567_890, "1,234.57"),
        (-4_200_000, "−4.20"),
        (1_250, "0.0012"),
        (1, "0.000001"),
        (9_999, "0.0100"),
    ],
)
def test_money_has_two_decimals_and_never_hides_a_small_amount(amount: int, shown: str) -> None:
    assert figures.readable_amount(amount, 6) == shown


def test_a_token_without_decimals_is_shown_without() -> None:
    assert figures.readable_amount(12_345, 0) == "12,345"
    assert figures.exact_amount(12_345, 0) == "12,345"


@pytest.mark.parametrize("language", ["de", "id"])
def test_money_has_the_separators_of_its_reader(language: str) -> None:
    with translation.override(language):
        assert figures.readable_amount(1_234_567_890, 6) == "1.234,57"
        assert figures.exact_amount(1_234_567_890, 6) == "1.234,567890"
        assert figures.percent_of_bps(250) == "2,5\N{NARROW NO-BREAK SPACE}%"


@pytest.mark.parametrize(
    ("language", "ahead", "behind"),
    [
        ("en", "in 3 days", "1 hour ago"),
        ("de", "in 3 Tagen", "vor 1 Stunde"),
        ("id", "3 hari lagi", "1 jam yang lalu"),
    ],
)
def test_how_far_a_moment_is_has_the_words_of_its_reader(language: str, ahead: str, behind: str) -> None:
    with translation.override(language):
        assert figures.relative(NOW + timedelta(days=3), NOW) == ahead
        assert figures.relative(NOW - timedelta(hours=1), NOW) == behind


AMOUNT = """{% include "components/money.html" with amount=1234567890 currency=dollar only %}"""


@pytest.mark.parametrize(("language", "shown"), [("en", "1,234.57"), ("de", "1.234,57"), ("id", "1.234,57")])
def test_the_component_of_money_is_written_for_people_and_kept_exact_for_programs(language: str, shown: str) -> None:
    with translation.override(language):
        html = Template(AMOUNT).render(Context({"dollar": {"decimals": 6, "symbol": "TUSD"}}))
    assert f">{shown} <" in html
    assert 'value="1234567890"' in html


@pytest.mark.parametrize(
    ("language", "moment", "month"),
    [
        ("en", "Fri 20 November 2026, 12:00 UTC", "Nov 2026"),
        ("de", "Fr, 20. November 2026, 12:00 UTC", "Nov 2026"),
        ("id", "Jum, 20 November 2026, 12.00 UTC", "Nov 2026"),
    ],
)
def test_a_moment_is_written_as_its_reader_writes_one(language: str, moment: str, month: str) -> None:
    with translation.override(language):
        page = Template('{{ at|date:"MOMENT_FORMAT" }}/{{ at|date:"MONTH_FORMAT" }}/{{ at|date:"c" }}')
        assert page.render(Context({"at": NOW})) == f"{moment}/{month}/2026-11-20T12:00:00+00:00"


@given(st.integers(min_value=-(2**256), max_value=2**256), st.integers(min_value=0, max_value=18))
def test_the_exact_figure_gives_back_the_integer(amount: int, decimals: int) -> None:
    shown = figures.exact_amount(amount, decimals).replace(",", "").replace(figures.MINUS, "-")
    digits = Decimal(shown).as_tuple().digits
    assert int("".join(map(str, digits))) == abs(amount)
    assert shown.startswith("-") == (amount < 0)


@given(st.integers(min_value=1, max_value=2**256), st.integers(min_value=0, max_value=18))
def test_something_is_never_shown_as_nothing(amount: int, decimals: int) -> None:
    assert set(figures.readable_amount(amount, decimals)) & set("123456789")


@pytest.mark.parametrize(("bps", "shown"), [(250, "2.5"), (300, "3"), (1, "0.01"), (0, "0"), (10_000, "100")])
def test_a_fee_is_a_percentage(bps: int, shown: str) -> None:
    assert figures.percent_of_bps(bps) == f"{shown}\N{NARROW NO-BREAK SPACE}%"


def test_a_count_has_the_separators_of_its_reader() -> None:
    assert figures.grouped(12_345) == "12,345"
    with translation.override("id"):
        assert figures.grouped(12_345) == "12.345"


def test_an_address_keeps_both_ends() -> None:
    assert figures.short_address("0x70997970C51812dc3A010C7d01b50e0d17dc79C8") == "0x7099…79C8"
    assert figures.short_address("ada.eth") == "ada.eth"


@pytest.mark.parametrize(
    ("distance", "shown"),
    [
        (timedelta(days=3), "in 3 days"),
        (timedelta(hours=-2), "2 hours ago"),
        (timedelta(seconds=20), "now"),
        (timedelta(minutes=59, seconds=50), "in 1 hour"),
        (timedelta(days=-400), "1 year ago"),
        (timedelta(days=13), "in 13 days"),
    ],
)
def test_how_far_a_moment_is(distance: timedelta, shown: str) -> None:
    assert figures.relative(NOW + distance, NOW) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"), [(86_400, "day"), (604_800, "week"), (2_592_000, "30 days"), (3600, "hour"), (60, "1 minute")]
)
def test_a_period_reads_well_after_per(seconds: int, shown: str) -> None:
    assert figures.period(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(93_600, "1 day, 2 hours"), (86_401, "1 day"), (59, "59 seconds"), (0, "a moment"), (3660, "1 hour, 1 minute")],
)
def test_a_span_names_its_two_largest_units(seconds: int, shown: str) -> None:
    assert figures.span(seconds) == shown


@pytest.mark.parametrize(("name", "mark"), [("Ada Lovelace", "AL"), ("ada@example.com", "AE"), ("", "?"), ("Ä", "Ä")])
def test_a_mark_has_one_or_two_letters(name: str, mark: str) -> None:
    assert figures.initials(name) == mark
