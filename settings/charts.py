"""The geometry of the charts: figures in, coordinates of an SVG out. Pure functions; colours are the theme's."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Any, Final, NamedTuple

from django.utils import formats

WIDTH: Final = 720
HEIGHT: Final = 260
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 12, 38


class Point(NamedTuple):
    """One figure of a series; `low` and `high` bound a prediction and mark the point as not measured yet."""

    label: str
    value: float
    low: float | None = None
    high: float | None = None

    @property
    def predicted(self) -> bool:
        return self.low is not None and self.high is not None


class Tick(NamedTuple):
    at: float
    text: str


class Bar(NamedTuple):
    """A bar in units of the view box, and the figure that it stands for."""

    x: float
    y: float
    width: float
    height: float
    label: str
    value: float
    predicted: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything that templates/jinja/chart.html draws, in units of its view box."""

    points: Sequence[Point]
    rows: Sequence[Tick]
    columns: Sequence[Tick]
    line: str = ""
    ahead: str = ""
    band: str = ""
    bars: Sequence[Bar] = ()
    end: tuple[float, float] | None = None
    left: int = LEFT
    right: int = WIDTH - RIGHT
    floor: int = HEIGHT - BOTTOM
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def has_prediction(self) -> bool:
        return any(point.predicted for point in self.points)


def points(rows: Iterable[Mapping[str, Any] | tuple[Any, ...] | list[Any]]) -> list[Point]:
    """Points from what a view has: mappings with label, value, low, high, or tuples and lists in that order."""
    found = []
    for row in rows:
        if isinstance(row, tuple | list):
            label, value, *rest = row
            low, high = (*rest, None, None)[:2]
            found.append(Point(str(label), float(value), _number(low), _number(high)))
        else:
            found.append(
                Point(str(row["label"]), float(row["value"]), _number(row.get("low")), _number(row.get("high")))
            )
    return found


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def nice_step(span: float, about: int = 4) -> float:
    """The 1, 2, 2.5 or 5 times a power of ten that divides `span` into `about` parts or fewer; 1 for none."""
    if span < 1e-12:  # nothing that a person would call a difference
        return 1.0
    rough = span / about
    power = 10.0 ** floor(log10(rough))
    return float(next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= rough * (1 - 1e-9)))


def scale(values: Sequence[float]) -> tuple[float, float, float]:
    """Bottom, top and step of the axis for `values`; zero is always on it, for bars and areas lie without it."""
    low, high = min(0.0, *values), max(0.0, *values)
    step = nice_step(high - low)
    bottom, top = floor(low / step) * step, ceil(high / step - 1e-9) * step
    return bottom, top if top > bottom else bottom + step, step


def _written(value: float) -> str:
    for size, unit in ((1_000_000, " M"), (1000, " k")):
        if abs(value) >= max(size, 10_000):
            return _short(value / size) + unit
    return _short(value)


def _short(value: float) -> str:
    return f"{value:g}".replace(".", formats.get_format("DECIMAL_SEPARATOR"))


def _frame(series: Sequence[Point]) -> tuple[list[Tick], float, float]:
    extent = [each for p in series for each in (p.value, p.low, p.high) if each is not None] or [0.0]
    bottom, top, step = scale([*extent, 0.0])
    count = round((top - bottom) / step)
    levels = [bottom + step * i for i in range(count + 1)]
    return [Tick(_y(level, bottom, top), _written(round(level, 10))) for level in levels], bottom, top


def _y(value: float, bottom: float, top: float) -> float:
    inner = HEIGHT - TOP - BOTTOM
    return round(TOP + inner * (1 - (value - bottom) / (top - bottom)), 1)


def _columns(series: Sequence[Point], xs: Sequence[float], most: int = 7) -> list[Tick]:
    every = max(1, ceil(len(series) / most))
    return [Tick(x, p.label) for i, (p, x) in enumerate(zip(series, xs, strict=True)) if i % every == 0]


def _path(pairs: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{'L' if i else 'M'}{x:g} {y:g}" for i, (x, y) in enumerate(pairs))


def line(series: Sequence[Point]) -> Chart:
    """A line through `series`; from the first prediction on it is drawn apart, inside its band."""
    rows, bottom, top = _frame(series)
    step = (WIDTH - LEFT - RIGHT) / max(1, len(series) - 1)
    xs = [round(LEFT + step * i, 1) for i in range(len(series))]
    at = [(x, _y(p.value, bottom, top)) for p, x in zip(series, xs, strict=True)]
    first = next((i for i, p in enumerate(series) if p.predicted), len(series))
    return Chart(
        points=series,
        rows=rows,
        columns=_columns(series, xs),
        line=_path(at[:first]),
        ahead=_path(at[max(0, first - 1) :]) if first < len(series) else "",
        band=_band(series, xs, first, bottom, top),
        end=at[first - 1] if first else None,
    )


def _band(series: Sequence[Point], xs: Sequence[float], first: int, bottom: float, top: float) -> str:
    """The area of the prediction; it starts as a point on the last measured figure."""
    if first == len(series):
        return ""
    start = max(0, first - 1)
    ahead = list(zip(series, xs, strict=True))[start:]
    upper = [(x, _y(p.value if p.high is None else p.high, bottom, top)) for p, x in ahead]
    lower = [(x, _y(p.value if p.low is None else p.low, bottom, top)) for p, x in ahead]
    return _path([*upper, *reversed(lower)]) + " Z"


def bars(series: Sequence[Point]) -> Chart:
    """One bar a point, from zero; predicted ones are marked."""
    rows, bottom, top = _frame(series)
    room = (WIDTH - LEFT - RIGHT) / max(1, len(series))
    width = round(min(56.0, room * 0.64), 1)
    zero = _y(0, bottom, top)
    drawn, middles = [], []
    for i, p in enumerate(series):
        middle = round(LEFT + room * (i + 0.5), 1)
        y = _y(p.value, bottom, top)
        middles.append(middle)
        x = round(middle - width / 2, 1)
        drawn.append(Bar(x, min(y, zero), width, round(abs(zero - y), 1), p.label, p.value, p.predicted))
    return Chart(points=series, rows=rows, columns=_columns(series, middles), bars=drawn)
