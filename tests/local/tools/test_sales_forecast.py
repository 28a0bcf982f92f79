"""The sales forecast: right on series whose future is known, and plain about files it cannot use."""

import math
import random
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from settings.local.tools.forecast import forecast

YEARS = [date(2022 + n // 12, n % 12 + 1, 1) for n in range(48)]


def _seasonal(seed: int, length: int = 48) -> list[float]:
    noise = random.Random(seed)
    return [1000 + 8 * n + 250 * math.sin(2 * math.pi * n / 12) + noise.gauss(0, 40) for n in range(length)]


def _csv(values: list[float], days: list[date] = YEARS) -> str:
    return "date,amount\n" + "\n".join(f"{day},{value:.2f}" for day, value in zip(days, values, strict=False))


@given(
    value=st.floats(min_value=-1e9, max_value=1e9, allow_nan=False),
    length=st.integers(min_value=8, max_value=60),
    periods=st.integers(min_value=1, max_value=24),
)
def test_the_forecast_of_a_constant_series_is_that_constant(value: float, length: int, periods: int) -> None:
    made = forecast([value] * length, 12, periods, 0.8)
    assert made.values == made.low == made.high == [value] * periods


@settings(max_examples=12, deadline=None)
@given(
    values=st.lists(st.integers(min_value=0, max_value=10_000_000), min_size=8, max_size=40),
    cycle=st.sampled_from([7, 12]),
    level=st.sampled_from([0.8, 0.95]),
)
def test_whatever_the_sales_were_the_interval_holds_the_forecast_and_nothing_is_negative(
    values: list[int], cycle: int, level: float
) -> None:
    made = forecast([float(value) for value in values], cycle, 4, level)
    for low, value, high in zip(made.low, made.values, made.high, strict=True):
        assert 0 <= low <= value <= high and math.isfinite(high)


def test_the_interval_mostly_contains_a_year_that_was_held_back() -> None:
    inside = total = 0
    for seed in range(5):
        values = _seasonal(seed)
        made = forecast(values[:36], 12, 12, 0.9)
        inside += sum(low <= v <= high for low, v, high in zip(made.low, values[36:], made.high, strict=True))
        total += 12
    assert 0.75 <= inside / total <= 1.0


def test_a_wider_certainty_gives_a_wider_range() -> None:
    narrow, wide = (forecast(_seasonal(1), 12, 6, level) for level in (0.8, 0.95))
    assert all(w - v > n - o for w, v, n, o in zip(wide.high, wide.low, narrow.high, narrow.low, strict=True))


def test_a_yearly_season_is_found_and_beats_repeating_the_past(ask: Any, upload: Any) -> None:
    status, answer = ask("sales-forecast", file=upload(_csv(_seasonal(2))), periods=12)
    assert status == 200
    assert answer["data"]["frequency"] == "monthly" and answer["data"]["model"]["season"] == 12
    assert answer["data"]["forecast"][0]["period"] == "2026-01"
    assert answer["data"]["tested"]["error_percent"] < answer["data"]["tested"]["naive_error_percent"]
    assert "A season that repeats every 12 months was found and is part of the forecast." in answer["notes"]


def test_the_unit_of_the_amounts_does_not_change_the_forecast() -> None:
    values = _seasonal(3)
    in_euro, in_cents = forecast(values, 12, 6, 0.8), forecast([100 * value for value in values], 12, 6, 0.8)
    assert in_cents.values == pytest.approx([100 * value for value in in_euro.values], rel=0.02)


def test_german_and_english_files_of_the_same_sales_give_the_same_forecast(ask: Any, upload: Any) -> None:
    values = [round(v, 2) for v in _seasonal(4)]
    english = "date,amount\n" + "\n".join(f'{d:%m/%d/%Y},"{v:,.2f}"' for d, v in zip(YEARS, values, strict=True))
    german_numbers = [f"{v:,.2f} €".translate(str.maketrans(",.", ".,")) for v in values]
    german = "Datum;Umsatz\n" + "\n".join(f"{d:%d.%m.%Y};{v}" for d, v in zip(YEARS, german_numbers, strict=True))
    named = "Monat;Umsatz\n" + "\n".join(f"{d:%Y-%m};{v}" for d, v in zip(YEARS, german_numbers, strict=True))
    texts = (upload(english), upload(german.encode("cp1252")), upload("\ufeff" + named))
    answers = [
        ask("sales-forecast", file=text, date_order="month first" if text == texts[0] else "auto") for text in texts
    ]
    assert [status for status, _ in answers] == [200] * 3
    assert answers[0][1]["data"]["forecast"] == answers[1][1]["data"]["forecast"] == answers[2][1]["data"]["forecast"]


@pytest.mark.parametrize(("step", "name"), [(1, "daily"), (7, "weekly")])
def test_days_and_weeks_are_told_apart(step: int, name: str, ask: Any, upload: Any) -> None:
    days = [date(2024, 1, 1) + timedelta(days=step * n) for n in range(40)]
    _, answer = ask("sales-forecast", file=upload(_csv(_seasonal(5, 40), days)))
    assert answer["data"]["frequency"] == name
    assert answer["data"]["forecast"][0]["period"] == (days[-1] + timedelta(days=step)).isoformat()


def test_single_sales_are_added_up_and_gaps_are_treated_as_asked(ask: Any, upload: Any) -> None:
    days = [day for day in YEARS[:20] if day != date(2022, 5, 1)]
    text = "date,amount\n" + "\n".join(f"{day},{100 + n}\n{day.replace(day=20)},50" for n, day in enumerate(days))
    _, zero = ask("sales-forecast", file=upload(text), frequency="monthly")
    _, estimate = ask("sales-forecast", file=upload(text), frequency="monthly", gaps="estimate")
    assert "38 rows were added up to 19 months." in zero["notes"]
    assert "1 month without an entry was counted as 0." in zero["notes"]
    assert zero["charts"][0]["series"][0]["values"][4] == 0
    assert estimate["charts"][0]["series"][0]["values"][4] == pytest.approx((153 + 154) / 2)


LONG = "\n".join(f"2024-{n:02}-01,{n}.5" for n in range(1, 10))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "“Sales file (CSV)” is missing."),
        ("   \n \n", "The file is empty."),
        ("a," * 200 + "b\n1", "The file has 201 columns; at most 100 are allowed."),
        ("date,amount\n", "The file has a heading line but no rows below it."),
        ('"', "The file is empty: it needs a heading line, and rows below it."),
        (f"date,amount\n{LONG}\n2024-10-01,12.5x", "Line 11: '12.5x' is not a number."),
        (f"date,amount\n{LONG}\n2024-13-01,12.5", "Line 11: '2024-13-01' is not a date."),
        (f"date,amount\n{LONG}\n31.02.2024,12.5", "Line 11: '31.02.2024' is not a date."),
        (f"date,amount\n{LONG}\n2024-10-01,", "Line 11: the column “amount” is empty."),
        (f"date,amount\n{LONG}\n2024-10-01,1,5,7", "Line 11 has 4 columns, but the heading has 2."),
        (
            "date;amount\n2024-01-01;1,5\n2024-02-01;1.5",
            (
                "Line 2 writes numbers the German way ('1,5') and line 3 the "
                "English way ('1.5'); please use one of them throughout."
            ),
        ),
        ("date,amount\n2024-01-01,5\n2024-02-01,6", "2 months are too few: a forecast needs at least 8 months."),
        (
            "date,amount\n2024-01-01,5\n2024-01-01,6",
            "All rows bear the same date, so there is nothing to forecast from.",
        ),
        (
            "date,amount\n2021-01-01,5\n2022-01-01,6",
            "The dates are typically 365 days apart; this tool forecasts days, weeks or months.",
        ),
        ("colour,shape\nred,round", "No column with dates was found among “colour”, “shape”; name one of them “date”."),
        (
            "date,shape\n2024-01-01,round",
            "No column with amounts was found among “date”, “shape”; name one of them “amount”.",
        ),
    ],
)
def test_a_file_that_cannot_be_used_gets_a_sentence_that_says_where(
    text: str, sentence: str, ask: Any, upload: Any
) -> None:
    status, answer = ask("sales-forecast", file=upload(text))
    assert (status, answer) == (422, {"error": {"message": sentence, "field": "file"}})


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (
            b"PK\x03\x04rest",
            "This is an Excel workbook or a ZIP archive, not a CSV file. Save it from Excel as CSV.",
        ),
        (b"%PDF-1.7", "This is a PDF, but a CSV file is needed."),
        (bytes(range(256)) * 20, "This is not a text file: it contains bytes that no CSV file has."),
    ],
)
def test_a_file_of_another_kind_is_named(raw: bytes, sentence: str, ask: Any, upload: Any) -> None:
    assert ask("sales-forecast", file=upload(raw)) == (422, {"error": {"message": sentence, "field": "file"}})


@pytest.mark.parametrize(
    ("given_", "field", "sentence"),
    [
        ({}, "file", "“Sales file (CSV)” is missing."),
        ({"file": "%%%"}, "file", "The file did not arrive whole: its content is not valid base64."),
        ({"file": 5}, "file", "“Sales file (CSV)” must be text."),
        ({"file": "QQ==", "periods": 0}, "periods", "“How far ahead” must be at least 1."),
        ({"file": "QQ==", "periods": 61}, "periods", "“How far ahead” must be at most 60."),
        ({"file": "QQ==", "periods": "six"}, "periods", "“How far ahead” must be a whole number."),
        (
            {"file": "QQ==", "interval": "70"},
            "interval",
            "“Certainty of the range, in per cent” must be one of: 80, 90, 95.",
        ),
        (
            {"file": "QQ==", "colour": 1},
            "colour",
            "There is no field “colour”; the fields are file, periods, frequency, interval, gaps, date_order.",
        ),
    ],
)
def test_a_form_filled_in_wrongly_names_the_field(given_: dict[str, Any], field: str, sentence: str, ask: Any) -> None:
    assert ask("sales-forecast", **given_) == (422, {"error": {"message": sentence, "field": field}})


@settings(max_examples=60, deadline=None)
@given(raw=st.one_of(st.binary(min_size=1, max_size=400), st.text(max_size=300).map(str.encode)))
def test_no_file_whatsoever_breaks_the_tool(raw: bytes, ask: Any, upload: Any) -> None:
    for tool in ("sales-forecast", "duplicate-customers", "review-sentiment", "invoice-fields"):
        status, answer = ask(tool, file=upload(raw))
        assert status in (200, 422)
        assert status == 200 or answer["error"]["message"].endswith(".")
