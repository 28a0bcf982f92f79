"""Numbers and dates as people write them."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settings.local.tools.answers import Wrong
from settings.local.tools.calendars import column_of_dates, date_of
from settings.local.tools.numerals import common_style, style_of, value_of

cents = st.integers(min_value=-(10**12), max_value=10**12).map(lambda n: Decimal(n) / 100)


@given(amount=cents, grouped=st.booleans(), currency=st.sampled_from(["", " €", " EUR"]))
def test_an_amount_survives_being_written_the_english_and_the_german_way(
    amount: Decimal, grouped: bool, currency: str
) -> None:
    english = f"{amount:,.2f}" if grouped else f"{amount:.2f}"
    german = english.translate(str.maketrans(",.", ".,"))
    assert style_of(english + currency) == "english" and value_of(english + currency, "english") == amount
    assert style_of(german + currency) == "german" and value_of(german + currency, "german") == amount


@pytest.mark.parametrize(
    "text", ["", "12,5x", "1.2.3", "1,2,3", "--5", "12 apples", "1.23,45", "0x10", "nan", "inf", "1e5", "9" * 40]
)
def test_what_is_no_number_is_not_taken_for_one(text: str) -> None:
    assert style_of(text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("(12.50)", "-12.50"),
        ("12.50-", "-12.50"),
        ("-$12.50", "-12.50"),
        ("1'234.50", "1234.50"),
        ("\u22125.5", "-5.5"),
    ],
)
def test_bookkeepers_minus_signs_and_swiss_groups_are_understood(text: str, value: str) -> None:
    assert value_of(text, "english") == Decimal(value)


def test_one_clear_number_decides_how_unclear_ones_are_read() -> None:
    assert common_style([(2, "1.234"), (3, "5,5")], "english", "file") == "german"
    assert common_style([(2, "1.234"), (3, "5.5")], "german", "file") == "english"
    assert common_style([(2, "1.234")], "german", "file") == "german"
    with pytest.raises(Wrong, match="line 3"):
        common_style([(2, "1,5"), (3, "1.5")], "german", "file")


@given(day=st.dates(min_value=date(1900, 1, 1), max_value=date(2200, 12, 31)))
def test_a_date_survives_being_written_in_every_known_way(day: date) -> None:
    assert date_of(day.isoformat()) == date_of(f"{day:%d.%m.}{day.year}") == date_of(f"{day:%Y%m%d}") == day
    assert date_of(f"{day:%d/%m/%Y}", "day first") == date_of(f"{day:%m/%d/%Y}", "month first") == day
    assert date_of(f"{day.day} {day:%B} {day.year}") == date_of(f"{day:%B} {day.day}, {day.year}") == day


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("3. März 2025", date(2025, 3, 3)),
        ("Dez 2024", date(2024, 12, 1)),
        ("2025-W02", date(2025, 1, 6)),
        ("2025-03", date(2025, 3, 1)),
        ("03/2025", date(2025, 3, 1)),
        ("1.2.25", date(2025, 2, 1)),
    ],
)
def test_german_months_weeks_and_short_years_are_understood(text: str, day: date) -> None:
    assert date_of(text) == day


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "30.02.2025", "2025-13-01", "00/00/0000", "12", "2025-W60", "1.1.0001"]
)
def test_what_is_no_date_is_not_taken_for_one(text: str) -> None:
    assert date_of(text) is None


def test_the_order_of_slashed_dates_is_decided_by_the_column_or_said_aloud() -> None:
    told, note = column_of_dates([(2, "01/02/2025"), (3, "01/13/2025")], "auto", "file")
    assert told == [date(2025, 1, 2), date(2025, 1, 13)] and note is None
    guessed, note = column_of_dates([(2, "01/02/2025")], "auto", "file")
    assert guessed == [date(2025, 2, 1)] and note is not None and "day first" in note
