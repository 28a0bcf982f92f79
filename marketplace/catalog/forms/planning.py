"""The step of the plans: up to six side by side, each with its price, what is in it, and its trial."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace.catalog import plans
from marketplace.catalog.amounts import AmountField
from marketplace.catalog.forms.typing import amount
from marketplace.catalog.models import Currency, ListingVersion
from marketplace.catalog.plans import (
    DAY,
    MOST_CALLS,
    MOST_GRACE_CALLS,
    MOST_GRACE_DAYS,
    MOST_PLANS,
    MOST_TRIAL_CALLS,
    MOST_TRIAL_DAYS,
    PlanTerms,
)
from marketplace.catalog.schemas import NotUsable

PERIODS = [
    (DAY, gettext_lazy("a day")),
    (7 * DAY, gettext_lazy("a week")),
    (30 * DAY, gettext_lazy("30 days")),
    (365 * DAY, gettext_lazy("a year")),
]
FREE, PERIOD, INCLUDED, CALL = "free", "period", "included", "call"
KINDS = [
    (PERIOD, gettext_lazy("A price for each period, as many calls as one likes")),
    (INCLUDED, gettext_lazy("A price for each period, with a number of calls")),
    (CALL, gettext_lazy("A price for each call, out of a deposit")),
    (FREE, gettext_lazy("Free, with a number of calls")),
]


# One of these is written in every plan that somebody means.
WRITTEN = (
    "name",
    "price",
    "included_calls",
    "overage_price",
    "least_deposit",
    "trial_calls",
    "trial_days",
    "grace_calls",
    "grace_days",
)


def _count(label: Any, most: int, help_text: Any = "", **more: Any) -> forms.IntegerField:
    widget = forms.NumberInput(attrs={"inputmode": "numeric"})
    given = {"required": False, **more}
    return forms.IntegerField(min_value=1, max_value=most, label=label, help_text=help_text, widget=widget, **given)


class PlanForm(forms.Form):
    name = forms.CharField(max_length=plans.LONGEST_NAME, label=gettext_lazy("Name of the plan"))
    kind = forms.ChoiceField(
        choices=KINDS, initial=PERIOD, label=gettext_lazy("How it is paid"), widget=forms.RadioSelect
    )
    price = AmountField(
        label=gettext_lazy("Price"),
        error_messages={"required": gettext_lazy("Write what it costs, or choose a free plan.")},
    )
    currency = forms.ModelChoiceField(
        Currency.objects.filter(accepted=True), label=gettext_lazy("Currency"), empty_label=None
    )
    period_seconds = forms.TypedChoiceField(coerce=int, choices=PERIODS, label=gettext_lazy("For"), initial=30 * DAY)
    included_calls = _count(
        gettext_lazy("Calls in each period"),
        MOST_CALLS,
        gettext_lazy("Calls stop there until the next period begins."),
        required=True,
        error_messages={"required": gettext_lazy("Say how many calls each period holds.")},
    )
    overage_price = AmountField(
        label=gettext_lazy("Price of each further call"),
        required=False,
        example="0.02",
        help_text=gettext_lazy("Empty: none are sold. Buyers who want them put in a deposit for them first."),
    )
    least_deposit = AmountField(
        label=gettext_lazy("Least deposit"),
        required=False,
        example="5.00",
        help_text=gettext_lazy("What is not used of it goes back to the buyer. Empty: as little as one call."),
    )
    trial_calls = _count(gettext_lazy("Calls of the trial"), MOST_TRIAL_CALLS, gettext_lazy("Empty: no trial."))
    trial_days = _count(gettext_lazy("Days of the trial"), MOST_TRIAL_DAYS)
    grace_calls = _count(
        gettext_lazy("Calls after the paid time"),
        MOST_GRACE_CALLS,
        gettext_lazy("For who forgot to pay on. You are not paid for them. Empty: none pass."),
    )
    grace_days = _count(gettext_lazy("For how many days after it"), MOST_GRACE_DAYS)

    def has_changed(self) -> bool:
        """Whether somebody wrote something: what can only be chosen is sent by an untouched form too."""
        return super().has_changed() and any(self.data.get(self.add_prefix(name)) for name in WRITTEN)

    def full_clean(self) -> None:
        """What a kind of plan does not have is not missed; the fields are shown as what they are for the others."""
        kind = self.data.get(self.add_prefix("kind"))
        self.fields["price"].required = kind != FREE
        self.fields["included_calls"].required = kind in (INCLUDED, FREE)
        super().full_clean()
        self.fields["price"].required = self.fields["included_calls"].required = True

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        kind = cleaned.get("kind")
        if kind == FREE:
            cleaned |= {"price": 0, "trial_calls": None, "trial_days": None}
        elif "price" in cleaned and "currency" in cleaned:
            self._price(cleaned)
        if kind in (PERIOD, CALL):
            cleaned["included_calls"] = None
        if kind == CALL:
            cleaned["period_seconds"] = 0
        self._extra(cleaned, "overage_price", kind == INCLUDED)
        self._extra(cleaned, "least_deposit", kind == CALL)
        if kind in (FREE, CALL):
            cleaned |= {"grace_calls": None, "grace_days": None}
        if bool(cleaned.get("grace_calls")) != bool(cleaned.get("grace_days")):
            self.add_error("grace_days", _("A grace needs both a number of calls and a number of days."))
        if bool(cleaned.get("trial_calls")) != bool(cleaned.get("trial_days")):
            self.add_error("trial_days", _("A trial needs both a number of calls and a number of days."))
        return cleaned

    def _price(self, cleaned: dict[str, Any]) -> None:
        if not cleaned["price"]:
            self.add_error("price", _("Write what it costs, or choose a free plan."))
            return
        try:
            cleaned["price"] = cleaned["currency"].in_base_units(cleaned["price"])
        except ValueError as problem:
            self.add_error("price", _("%(problem)s Write fewer.") % {"problem": problem})

    def _extra(self, cleaned: dict[str, Any], name: str, fits: bool) -> None:
        """An amount that only one kind of plan has, in base units; 0 for the others."""
        typed = cleaned.get(name) if fits else None
        try:
            cleaned[name] = cleaned["currency"].in_base_units(typed) if typed and "currency" in cleaned else 0
        except ValueError as problem:
            self.add_error(name, _("%(problem)s Write fewer.") % {"problem": problem})

    def terms(self) -> PlanTerms:
        """What was typed; for a valid form."""
        data = self.cleaned_data
        return PlanTerms(
            name=data["name"],
            currency=data["currency"],
            price=int(data["price"]),
            period_seconds=data["period_seconds"],
            included_calls=data["included_calls"],
            trial_calls=data["trial_calls"] or 0,
            trial_days=data["trial_days"] or 0,
            grace_calls=data["grace_calls"] or 0,
            grace_days=data["grace_days"] or 0,
            least_deposit=int(data["least_deposit"]),
            overage_price=int(data["overage_price"]),
        )


class _Plans(forms.BaseFormSet):  # type: ignore[type-arg]
    """Each plan alone is checked by its form; side by side they are checked here."""

    def clean(self) -> None:
        super().clean()
        if any(form.errors for form in self.kept()):
            return
        try:
            plans.check([form.terms() for form in self.kept()])
        except NotUsable as problem:
            raise forms.ValidationError(str(problem)) from None

    def kept(self) -> list[PlanForm]:
        """The forms that were filled in and not taken away."""
        gone = {id(form) for form in self.deleted_forms} if self.is_bound else set()
        return [form for form in self.forms if id(form) not in gone and (form.has_changed() or form.initial)]


PlanSet: Any = forms.formset_factory(
    PlanForm, formset=_Plans, extra=0, min_num=1, max_num=MOST_PLANS, absolute_max=MOST_PLANS, can_delete=True
)


class PlansStep:
    """The set of plan forms, spoken to like the form of any other step."""

    def __init__(self, data: Any = None, initial: dict[str, Any] | None = None, files: Any = None) -> None:
        self.set = PlanSet(data, initial=(initial or {}).get("plans"), prefix="plans")
        self.is_bound = data is not None

    def is_valid(self) -> bool:
        return bool(self.set.is_valid())

    @property
    def errors(self) -> list[Any]:
        """Everything that is wrong, of the plans alone and side by side."""
        return [*self.set.non_form_errors(), *(error for form in self.set.forms for error in form.errors.values())]

    @classmethod
    def initial_of(cls, version: ListingVersion) -> dict[str, Any]:
        """What the forms show of a version that exists."""
        return {"plans": [_shown(plan) for plan in plans.read(version.plans)]}

    def columns(self) -> dict[str, Any]:
        """What was typed; for valid forms."""
        kept: list[PlanForm] = self.set.kept()
        return {"plans": plans.stored(form.terms() for form in kept)}


def one_more(data: Any) -> PlansStep:
    """What was sent, as it was typed and not judged yet, and an empty plan below it."""
    held = data.get("plans-TOTAL_FORMS", "")
    count = min(int(held), MOST_PLANS - 1) if held.isdecimal() else 0
    fields = [*PlanForm.base_fields, "DELETE"]
    typed = [{name: data.get(f"plans-{number}-{name}", "") for name in fields} for number in range(count)]
    step = PlansStep(initial={"plans": typed})
    step.set.extra = 1
    return step


def _kind(plan: PlanTerms) -> str:
    if plan.is_free:
        return FREE
    return CALL if plan.is_per_call else INCLUDED if plan.included_calls else PERIOD


def _shown(plan: PlanTerms) -> dict[str, Any]:
    return {
        "name": plan.name,
        "kind": _kind(plan),
        "price": "" if plan.is_free else amount(plan.price, plan.currency),
        "currency": plan.currency.pk,
        "period_seconds": plan.period_seconds or 30 * DAY,
        "included_calls": plan.included_calls,
        "overage_price": amount(plan.overage_price, plan.currency) if plan.overage_price else "",
        "least_deposit": amount(plan.least_deposit, plan.currency) if plan.least_deposit else "",
        "trial_calls": plan.trial_calls or None,
        "trial_days": plan.trial_days or None,
        "grace_calls": plan.grace_calls or None,
        "grace_days": plan.grace_days or None,
    }
