"""The tool `sales-forecast`: exponential smoothing (ETS) with prediction intervals, by statsmodels."""

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from .answers import Json, Wrong, counted, envelope, line_chart, table
from .files import bytes_of, table_of, text_of
from .series import CYCLE, NOUN, Series, after, label, series_of

FEWEST = 8
CHARTED = 120
_SHAPES = (None, False), ("add", False), ("add", True)


@dataclass(frozen=True)
class Model:
    """One kind of exponential smoothing: trend (none, straight, damped), season length or 0, and whether on logs."""

    trend: str | None
    damped: bool
    season: int
    logs: bool

    def words(self) -> str:
        """Return what the model assumes, in words."""
        trend = "no trend" if self.trend is None else "a trend that flattens" if self.damped else "a straight trend"
        season = f"a season of {self.season}" if self.season else "no season"
        return f"{trend}, {season}, {'growing in per cent' if self.logs else 'growing in amounts'}"


@dataclass(frozen=True)
class Forecast:
    """Expected values with the lower and upper end of their prediction interval."""

    values: list[float]
    low: list[float]
    high: list[float]
    model: Model


def run(given: Json) -> Json:
    """Return the forecast for the form's input: `file`, `periods`, `frequency`, `interval`, `gaps`, `date_order`."""
    found = table_of(text_of(bytes_of(given["file"])))
    series = series_of(found, given["frequency"], given["gaps"], given["date_order"])
    noun, periods = NOUN[series.frequency], given["periods"]
    if len(series.values) < FEWEST:
        raise Wrong(
            f"{counted(len(series.values), noun)} {'is' if len(series.values) == 1 else 'are'} too few: "
            f"a forecast needs at least {FEWEST} {noun}s.",
            "file",
        )
    level = int(given["interval"])
    result = forecast(series.values, CYCLE[series.frequency], periods, level / 100)
    return _answer(series, result, level, _tried(series, result.model, periods))


def forecast(values: Sequence[float], cycle: int, periods: int, level: float) -> Forecast:
    """Return the forecast of the model with the lowest corrected Akaike criterion (AICc) among those that fit.

    `cycle` is the number of periods after which a season would repeat, `level` the share (0 to 1) of outcomes that
    the interval is meant to contain. Where no value of the past is negative, no forecast is.
    """
    if max(values) == min(values):
        same = [float(values[0])] * periods
        return Forecast(same, same[:], same[:], Model(None, False, 0, False))
    fits = [fit for model in _candidates(values, cycle) if (fit := _fit(values, model)) is not None]
    if not fits:
        raise Wrong("No forecasting model fits these amounts; please check them for outliers.", "file")
    _, model, fitted = min(fits, key=lambda fit: fit[0])
    return _predict(fitted, model, len(values), periods, level, floor=min(values) >= 0)


def _candidates(values: Sequence[float], cycle: int) -> list[Model]:
    seasons = [0] + ([cycle] if len(values) >= 2 * cycle else [])
    logs = [False] + ([True] if min(values) > 0 else [])
    return [Model(trend, damped, season, log) for season, log, (trend, damped) in product(seasons, logs, _SHAPES)]


def _fit(values: Sequence[float], model: Model) -> tuple[float, Model, Any] | None:
    import numpy
    import pandas
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    # Fitted in units of its own spread, so that cents and millions converge alike.
    scale = 1.0 if model.logs else float(numpy.std(values))
    series = pandas.Series([math.log(v) if model.logs else v / scale for v in values], dtype=float)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fitted = ETSModel(
                series,
                error="add",
                trend=model.trend,
                damped_trend=model.damped,
                seasonal="add" if model.season else None,
                seasonal_periods=model.season or None,
            ).fit(disp=False, maxiter=100 if model.season > 12 else 300)
    except (ValueError, ArithmeticError, numpy.linalg.LinAlgError):
        return None
    if len(series) <= fitted.df_model + 3:
        return None  # AICc turns meaningless when there are about as many parameters as periods
    # The change of variable's Jacobian makes criteria on logs, scaled and plain amounts comparable.
    jacobian = sum(math.log(v) for v in values) if model.logs else len(values) * math.log(scale)
    criterion = float(fitted.aicc) + 2 * jacobian
    return (criterion, model, (fitted, scale)) if math.isfinite(criterion) else None


def _predict(fitted: Any, model: Model, length: int, periods: int, level: float, floor: bool) -> Forecast:
    results, scale = fitted
    predicted = results.get_prediction(start=length, end=length + periods - 1).summary_frame(alpha=1 - level)
    # The maximum-likelihood variance forgets that the parameters were fitted too; this is its usual correction.
    wider = math.sqrt(length / max(length - results.df_model - 1, 1))
    columns = []
    for name in ("mean", "pi_lower", "pi_upper"):
        raw = [float(mean + wider * (end - mean)) for mean, end in zip(predicted["mean"], predicted[name], strict=True)]
        back = [math.exp(min(value, 600)) if model.logs else value * scale for value in raw]
        columns.append([max(value, 0.0) for value in back] if floor else back)
    return Forecast(columns[0], columns[1], columns[2], model)


def _tried(series: Series, model: Model, periods: int) -> Json | None:
    """Return how the model would have done on the last periods, beside "the same as last time", in per cent."""
    held = min(periods, len(series.values) // 4)
    known, actual = series.values[:-held], series.values[-held:]
    total = sum(abs(value) for value in actual)
    if len(known) < FEWEST or total == 0 or max(known) == min(known) or len(known) < 2 * model.season:
        return None
    fit = _fit(known, model)
    if fit is None:
        return None
    guess = _predict(fit[2], model, len(known), held, 0.8, floor=min(known) >= 0).values
    step = model.season or 1
    naive = [known[-step + (place % step)] for place in range(held)]

    def off(made: Sequence[float]) -> float:
        return round(100 * sum(abs(a - b) for a, b in zip(made, actual, strict=True)) / total, 1)

    return {"periods": held, "error_percent": off(guess), "naive_error_percent": off(naive)}


def _answer(series: Series, made: Forecast, level: int, tried: Json | None) -> Json:
    every, noun = series.frequency, NOUN[series.frequency]
    starts = [after(series.starts[-1], every)]
    while len(starts) < len(made.values):
        starts.append(after(starts[-1], every))
    points = [
        {"period": label(start, every), "value": round(value, 2), "low": round(low, 2), "high": round(high, 2)}
        for start, value, low, high in zip(starts, made.values, made.low, made.high, strict=True)
    ]
    data = {
        "frequency": every,
        "history": {
            "periods": len(series.values),
            "first": label(series.starts[0], every),
            "last": label(series.starts[-1], every),
        },
        "interval_percent": level,
        "forecast": points,
        "model": {
            "trend": made.model.trend is not None,
            "damped": made.model.damped,
            "season": made.model.season,
            "logarithms": made.model.logs,
        },
        "tested": tried,
    }
    heading = [noun.capitalize(), "Expected", f"Low ({level} %)", f"High ({level} %)"]
    rows: list[list[Any]] = [[point[name] for name in ("period", "value", "low", "high")] for point in points]
    shown = table("Forecast", heading, rows)
    return envelope(
        _summary(series, points, level), data, [shown], [_chart(series, points, level)], _notes(series, made, tried)
    )


def _summary(series: Series, points: list[Json], level: int) -> str:
    noun, before = NOUN[series.frequency], series.values[-len(points) :]
    span, first = counted(len(points), noun), points[0]
    total = sum(point["value"] for point in points)
    summary = f"The next {span} should bring {total:,.0f} in total"
    if len(before) == len(points) and sum(before) > 0:
        change = round(100 * (total / sum(before) - 1))
        compared = f"{abs(change)} % {'more' if change > 0 else 'less'} than" if change else "about as much as"
        summary += f", {compared} the {span} before"
    summary += f". With {level} % probability the first {noun} ({first['period']}) lies "
    return summary + f"between {first['low']:,.0f} and {first['high']:,.0f}."


def _chart(series: Series, points: list[Json], level: int) -> Json:
    noun = NOUN[series.frequency]
    past = [label(start, series.frequency) for start in series.starts][-CHARTED:]
    known: list[float | None] = [round(value, 2) for value in series.values[-CHARTED:]]
    ahead = [point["period"] for point in points]
    gap: list[Any] = [None] * len(past)
    lines = {
        key: gap + [point[name] for point in points]
        for key, name in (("values", "value"), ("low", "low"), ("high", "high"))
    }
    return line_chart(
        f"Sales per {noun} and forecast",
        f"Sales per {noun} from {past[0]} to {past[-1]}, then the forecast to {ahead[-1]} with its {level} % interval.",
        past + ahead,
        [{"name": "Sales", "values": known + [None] * len(ahead)}, {"name": "Forecast", **lines}],
    )


def _notes(series: Series, made: Forecast, tried: Json | None) -> list[str]:
    noun, cycle = NOUN[series.frequency], CYCLE[series.frequency]
    notes = list(series.notes)
    if made.model.season:
        notes.append(f"A season that repeats every {cycle} {noun}s was found and is part of the forecast.")
    elif len(series.values) < 2 * cycle:
        notes.append(
            f"A season could not be looked for: that needs {2 * cycle} {noun}s, the file has {len(series.values)}."
        )
    else:
        notes.append(f"No season that repeats every {cycle} {noun}s was found.")
    if max(series.values) == min(series.values):
        notes.append("All amounts are the same, so the forecast is that amount and has no interval.")
    else:
        notes.append(f"Model: exponential smoothing with {made.model.words()}; chosen by AICc.")
    if tried:
        notes.append(
            f"Tested on your last {counted(tried['periods'], noun)}: off by {tried['error_percent']:g} % of sales "
            f"(repeating the past would have been off by {tried['naive_error_percent']:g} %)."
        )
    return notes
