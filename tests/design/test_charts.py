"""What a chart says is what the figures say."""

import re

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from settings import charts
from settings.charts import Point

figures = st.floats(min_value=-1e9, max_value=1e9, allow_nan=False)


def _ys(path: str) -> list[float]:
    return [float(y) for _x, y in re.findall(r"[ML](\S+) (\S+)", path)]


@given(st.lists(figures, min_size=1, max_size=40))
def test_the_axis_holds_every_figure_and_zero_in_few_steps(values: list[float]) -> None:
    bottom, top, step = charts.scale(values)
    slack = 1e-6 * step
    assert bottom <= min(0.0, *values, 0.0) + slack
    assert top >= max(0.0, *values, 0.0) - slack
    assert 1 <= round((top - bottom) / step) <= 7


@given(st.lists(figures, min_size=1, max_size=40))
def test_no_point_is_drawn_outside_its_frame(values: list[float]) -> None:
    chart = charts.line([Point(str(i), value) for i, value in enumerate(values)])
    assert all(charts.TOP - 0.2 <= y <= charts.HEIGHT - charts.BOTTOM + 0.2 for y in _ys(chart.line))


def test_more_is_higher() -> None:
    low, middle, high = _ys(charts.line([Point("a", 1), Point("b", 5), Point("c", 9)]).line)
    assert low > middle > high


def test_the_steps_are_numbers_people_count_in() -> None:
    assert [charts.nice_step(span) for span in (4, 10, 37, 0.9, 655)] == [1, 2.5, 10, 0.25, 200]


def test_a_prediction_starts_at_the_last_measured_point_and_stays_in_its_band() -> None:
    chart = charts.line([Point("1", 10), Point("2", 12), Point("3", 13, 11, 16), Point("4", 14, 9, 20)])
    assert chart.line.split("L")[-1].strip() == chart.ahead.split("L")[0].removeprefix("M").strip()
    ahead, band = _ys(chart.ahead), _ys(chart.band)
    upper, lower = band[: len(ahead)], band[len(ahead) :][::-1]
    assert all(high <= y <= low for high, y, low in zip(upper, ahead, lower, strict=True))
    assert upper[0] == lower[0]


def test_without_a_prediction_there_is_no_band() -> None:
    chart = charts.line([Point("1", 1), Point("2", 2)])
    assert (chart.ahead, chart.band, chart.has_prediction) == ("", "", False)


def test_nothing_to_draw_is_an_empty_frame_and_not_an_error() -> None:
    assert charts.line([]).line == ""
    assert charts.bars([]).bars == []


def test_one_point_and_only_predictions_are_drawn() -> None:
    assert charts.line([Point("1", 3)]).end is not None
    only = charts.line([Point("1", 3, 2, 4), Point("2", 3, 1, 5)])
    assert only.line == ""
    assert only.ahead
    assert only.end is None


def test_bars_stand_on_zero_and_losses_hang_below_it() -> None:
    gain, loss = charts.bars([Point("1", 4), Point("2", -2)]).bars
    assert gain.y + gain.height == pytest.approx(loss.y, abs=0.2)
    assert gain.height == pytest.approx(2 * loss.height, abs=0.2)


def test_a_year_of_days_has_few_enough_labels_to_be_read() -> None:
    assert len(charts.line([Point(str(i), i) for i in range(365)]).columns) <= 7


def test_rows_of_a_view_become_points() -> None:
    assert charts.points([("Mon", 3), {"label": "Tue", "value": "4.5", "low": 4, "high": 5}]) == [
        Point("Mon", 3.0),
        Point("Tue", 4.5, 4.0, 5.0),
    ]


def test_the_axis_has_the_decimals_of_its_reader() -> None:
    """The figures beside the lines, not the coordinates."""
    rows = [{"label": "Mon", "value": 0.0}, {"label": "Tue", "value": 2.0}]
    assert "0.5" in [tick.text for tick in charts.line(charts.points(rows)).rows]
    with translation.override("de"):
        drawn = charts.line(charts.points(rows))
    assert "0,5" in [tick.text for tick in drawn.rows]
    assert "," not in drawn.line
