"""What a plan would cost for a buyer's own volume."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django import forms
from django.utils.translation import gettext_lazy as _

from marketplace.catalog.models import Plan

MONTH: Final = 30 * 86_400


class EstimateForm(forms.Form):
    calls = forms.IntegerField(
        min_value=1,
        max_value=10_000_000,
        label=_("Uses a month"),
        initial=100,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    months = forms.IntegerField(
        min_value=1,
        max_value=24,
        label=_("Months"),
        initial=3,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        help_text=_("Of 30 days each."),
    )


EMPTY: Final = EstimateForm()  # what everybody sees first: one for all, so that a page may keep its fields


@dataclass(frozen=True, slots=True)
class Estimate:
    """The whole cost of one plan in base units of its currency, the fee inside.

    `periods` is 0 for a plan that is paid by the call, `beyond` how many calls go beyond those included, at their own
    price. `each` is per use, rounded up, to hundredths of a unit from one hundredth on.
    """

    plan: Plan
    periods: int
    total: int
    each: int
    beyond: int = 0


def estimates(plans: Iterable[Plan], *, calls: int, months: int) -> list[Estimate]:
    """One estimate a plan that holds so many calls, cheapest first in a currency; whole periods, as ordered."""
    found = []
    for plan in plans:
        if plan.is_per_call:
            total = calls * months * int(plan.price)
            found.append(Estimate(plan, 0, total, int(plan.price)))
            continue
        periods = -(-months * MONTH // plan.period_seconds)
        beyond = _beyond(plan, calls, periods)
        if beyond and not plan.overage_price:
            continue  # its calls would run out before the period does
        total = periods * int(plan.price) + beyond * int(plan.overage_price)
        found.append(Estimate(plan, periods, total, _each(total, calls * months, plan.currency.decimals), beyond))
    return sorted(found, key=lambda one: (one.plan.currency.symbol, one.total))


def _beyond(plan: Plan, calls: int, periods: int) -> int:
    """The calls of all periods that go beyond those included, when they are made at one pace, rounded up."""
    if not plan.included_calls:
        return 0
    in_each = -(-calls * plan.period_seconds // MONTH)
    return periods * max(in_each - plan.included_calls, 0)


def _each(total: int, uses: int, decimals: int) -> int:
    hundredth = 10 ** max(0, decimals - 2)
    each = -(-total // uses)
    return each if each < hundredth else -(-each // hundredth) * hundredth
