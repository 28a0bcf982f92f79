"""The terms of a plan as a version proposes them: a price for a period, calls in it and beyond; or for a call."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from django.utils.translation import gettext as _

from marketplace.catalog.models import Currency
from marketplace.catalog.schemas import NotUsable

MOST_PLANS: Final = 6
LONGEST_NAME: Final = 40
SHORTEST, LONGEST = 60, 366 * 86_400  # seconds of a period
MOST_CALLS: Final = 1_000_000_000
MOST_TRIAL_CALLS: Final = 10_000
MOST_TRIAL_DAYS: Final = 90
MOST_GRACE_CALLS: Final = 1_000
MOST_GRACE_DAYS: Final = 14
DAY: Final = 86_400
OPTIONAL: Final = ("included_calls", "trial_calls", "trial_days", "grace_calls", "grace_days")
AMOUNTS: Final = ("least_deposit", "overage_price")  # optional too; base units


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTerms:
    """One proposed plan: `price` in base units of `currency` for `period_seconds`; 0 is a free plan.

    With `period_seconds` 0 the price is for a call, paid out of a deposit of at least `least_deposit`.
    `included_calls` is how many calls a period holds, None for as many as one likes; `overage_price` what each call
    beyond them costs, 0 when none are sold. A trial ends with its calls or its days, whichever is over first; both 0
    means that there is none. So does the grace: calls that still pass after the paid time, for so many days.
    """

    name: str
    currency: Currency
    price: int
    period_seconds: int
    included_calls: int | None = None
    trial_calls: int = 0
    trial_days: int = 0
    grace_calls: int = 0
    grace_days: int = 0
    least_deposit: int = 0
    overage_price: int = 0

    @property
    def is_free(self) -> bool:
        """Whether nothing is paid for it."""
        return self.price == 0

    @property
    def is_per_call(self) -> bool:
        """Whether each call is paid, and no period."""
        return self.period_seconds == 0

    @property
    def has_trial(self) -> bool:
        """Whether it can be tried before it is paid."""
        return self.trial_calls > 0

    @property
    def has_grace(self) -> bool:
        """Whether some calls pass for a while after the paid time."""
        return self.grace_days > 0

    def stored(self) -> dict[str, Any]:
        """As it stands in a version: the currency by chain and token, the price as text, what is not set left out."""
        said = {
            "name": self.name,
            "chain": self.currency.chain,
            "token": self.currency.address,
            "price": str(self.price),
            "period_seconds": self.period_seconds,
        }
        said |= {name: str(value) for name in AMOUNTS if (value := getattr(self, name))}
        return said | {name: value for name in OPTIONAL if (value := getattr(self, name))}

    def columns(self) -> dict[str, Any]:
        """As the columns of a plan on sale."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def stored(plans: Iterable[PlanTerms]) -> list[dict[str, Any]]:
    """Plans as a version keeps them."""
    return [plan.stored() for plan in plans]


def read(rows: Iterable[Mapping[str, Any]], currencies: Iterable[Currency] | None = None) -> list[PlanTerms]:
    """The plans that a version keeps; `currencies` saves a query where many versions are shown."""
    rows = list(rows)
    known = {(one.chain, one.address): one for one in (Currency.objects.all() if currencies is None else currencies)}
    found = []
    for row in rows:
        extra = {name: row[name] for name in OPTIONAL if name in row}
        extra |= {name: int(row[name]) for name in AMOUNTS if name in row}
        found.append(
            PlanTerms(
                name=row["name"],
                currency=known[row["chain"], row["token"]],
                price=int(row["price"]),
                period_seconds=row["period_seconds"],
                **extra,
            )
        )
    return found


def check(plans: Sequence[PlanTerms]) -> None:
    """Raise NotUsable, naming the plan, unless these can be offered side by side."""
    if not plans:
        raise NotUsable(_("Offer at least one plan."))
    if len(plans) > MOST_PLANS:
        raise NotUsable(_("More than %(most)d plans are too many to choose from.") % {"most": MOST_PLANS})
    names = [plan.name.strip().casefold() for plan in plans]
    if len(set(names)) < len(names):
        raise NotUsable(_("Two plans have the same name. Give each its own."))
    for plan in plans:
        problem = _problem(plan)
        if problem:
            raise NotUsable(f"“{plan.name}”: {problem}" if plan.name else problem)
    if sum(plan.is_free for plan in plans) > 1:
        raise NotUsable(_("One free plan is enough."))


def _problem(plan: PlanTerms) -> str:
    if not 0 < len(plan.name.strip()) <= LONGEST_NAME:
        return _("Give each plan a name of at most %(most)d characters.") % {"most": LONGEST_NAME}
    if not plan.is_per_call and not SHORTEST <= plan.period_seconds <= LONGEST:
        return _("A period has to be between a minute and a year.")
    if not 0 <= plan.price < 2**128:
        return _("This is not a price that the escrow can take.")
    if plan.included_calls is not None and not 0 < plan.included_calls <= MOST_CALLS:
        return _("Include at least one call, or leave it open.")
    if problem := _call_problem(plan):
        return problem
    if plan.is_free:
        if plan.included_calls is None:
            return _("A free plan needs a number of calls, so that nobody can use up your service for nothing.")
        if plan.trial_calls or plan.trial_days:
            return _("A free plan needs no trial.")
    return _trial_problem(plan) or _grace_problem(plan)


def _call_problem(plan: PlanTerms) -> str:
    """What is wrong with the price of calls, or with that of calls beyond the included ones."""
    if plan.is_per_call and plan.is_free:
        return _("Write what a call costs. A free plan has periods and a number of calls.")
    if plan.is_per_call and plan.included_calls is not None:
        return _("A plan that is paid by the call includes none.")
    if not plan.is_per_call and plan.least_deposit:
        return _("A least deposit is for plans that are paid by the call.")
    if plan.overage_price and (plan.is_free or plan.included_calls is None):
        return _("A price for further calls needs a price for the period, and a number of calls in it.")
    if not 0 <= plan.overage_price < 2**128 or not 0 <= plan.least_deposit < 2**128:
        return _("This is not a price that the escrow can take.")
    return ""


def _trial_problem(plan: PlanTerms) -> str:
    if bool(plan.trial_calls) != bool(plan.trial_days):
        return _("Say for a trial both how many calls and how many days it has.")
    if not 0 <= plan.trial_calls <= MOST_TRIAL_CALLS or not 0 <= plan.trial_days <= MOST_TRIAL_DAYS:
        return _("A trial has at most %(calls)d calls and %(days)d days.") % {
            "calls": MOST_TRIAL_CALLS,
            "days": MOST_TRIAL_DAYS,
        }
    return ""


def _grace_problem(plan: PlanTerms) -> str:
    if not plan.grace_calls and not plan.grace_days:
        return ""
    if plan.is_free or plan.is_per_call:
        return _("Days of grace are for plans with a price for each period.")
    if bool(plan.grace_calls) != bool(plan.grace_days):
        return _("Say for the grace both how many calls and how many days it has.")
    if not 0 < plan.grace_calls <= MOST_GRACE_CALLS or not 0 < plan.grace_days <= MOST_GRACE_DAYS:
        return _("A grace has at most %(calls)d calls and %(days)d days.") % {
            "calls": MOST_GRACE_CALLS,
            "days": MOST_GRACE_DAYS,
        }
    if plan.grace_days * DAY > plan.period_seconds:
        return _("A grace cannot be longer than a period.")
    return ""


def _exact(plan: Any, amount: int) -> str:
    return f"{plan.currency.in_units(amount).normalize():f} {plan.currency.symbol}"


def in_words(plan: Any) -> str:
    """The terms of a plan, proposed or on sale, line by line, with exact figures."""
    price = _exact(plan, int(plan.price))
    lines = [_("Price: %(price)s") % {"price": price if plan.price else _("free")}]
    if plan.is_per_call:
        lines = [_("Price of a call: %(price)s") % {"price": price}]
    else:
        lines.append(_("Period in seconds: %(seconds)d") % {"seconds": plan.period_seconds})
    if plan.least_deposit:
        lines.append(_("Least deposit: %(price)s") % {"price": _exact(plan, int(plan.least_deposit))})
    if plan.overage_price:
        lines.append(_("Price of each further call: %(price)s") % {"price": _exact(plan, int(plan.overage_price))})
    if plan.included_calls:
        lines.append(_("Calls in a period: %(calls)d") % {"calls": plan.included_calls})
    if plan.trial_calls:
        lines.append(
            _("Trial: %(calls)d calls within %(days)d days") % {"calls": plan.trial_calls, "days": plan.trial_days}
        )
    if plan.grace_days:
        lines.append(
            _("Grace: %(calls)d calls within %(days)d days") % {"calls": plan.grace_calls, "days": plan.grace_days}
        )
    return "\n".join(lines)
