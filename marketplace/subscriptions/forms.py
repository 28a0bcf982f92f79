"""The shape of what a buyer chooses."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace.catalog.amounts import AmountField
from marketplace.catalog.models import Currency, Plan
from marketplace.organizations.models import Membership
from marketplace.subscriptions.services import LONGEST
from marketplace.subscriptions.words import length, money

EVERYBODY = "everybody"


class CheckoutForm(forms.Form):
    """How many periods, each choice with its total; and the key that makes a second submit of this form harmless."""

    periods = forms.TypedChoiceField(
        label=gettext_lazy("For how long"),
        coerce=int,
        help_text=gettext_lazy("You can stop at any time and get back what has not elapsed."),
    )
    form_key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, plan: Plan, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["periods"]
        assert isinstance(field, forms.TypedChoiceField)  # noqa: S101
        field.choices = [
            (number, f"{length(number * plan.period_seconds)} · {money(number * plan.price, plan.currency)}")
            for number in range(1, LONGEST + 1)
        ]

    @property
    def chosen(self) -> int:
        """The number of periods on show: what was chosen, as far as it is a choice."""
        value = self["periods"].value()
        return int(value) if str(value).isdecimal() and 1 <= int(value) <= LONGEST else 1


class CallsForm(forms.Form):
    """How much to put in for calls, as many as it is enough for; and the key that makes a second submit harmless."""

    amount = AmountField(
        label=gettext_lazy("How much you put in"),
        example="10.00",
        help_text=gettext_lazy("For whole calls. You can stop at any time; what you have not used comes back."),
    )
    form_key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, price: int, currency: Currency, least: int = 1, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._price, self._currency, self._least = price, currency, least
        start = max(least, currency.in_base_units(Decimal(10)) // price, 1)
        self.fields["amount"].initial = f"{currency.in_units(start * price).normalize():f}"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("amount") is not None:
            try:
                cleaned["periods"] = self._calls(cleaned["amount"])
            except ValueError as problem:
                self.add_error("amount", str(problem))
        cleaned.pop("amount", None)
        return cleaned

    def _calls(self, amount: Decimal) -> int:
        """How many calls an amount is enough for; raises ValueError with what is wrong with it."""
        calls = self._currency.in_base_units(amount) // self._price
        if calls < 1:
            raise ValueError(_("One call costs %(price)s.") % {"price": money(self._price, self._currency)})
        return calls

    @property
    def chosen(self) -> int:
        """The number of calls on show: what was typed is enough for, as far as it is an amount."""
        field = self.fields["amount"]
        try:
            typed = field.clean(self["amount"].value())
            return self._calls(typed) if typed else self._least
        except (forms.ValidationError, ValueError):
            return self._least


class AskForm(forms.Form):
    """What an owner is told about an order that needs approval."""

    note = forms.CharField(
        max_length=500,
        required=False,
        label=gettext_lazy("Why you need it"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("An owner reads this when deciding. You may leave it empty."),
    )


class AskForMoreForm(AskForm):
    """The same about more of an order that runs, with the key that makes a second submit harmless."""

    form_key = forms.UUIDField(widget=forms.HiddenInput)


class AnswerForm(forms.Form):
    """What is done about a request: by an owner, or by who asked."""

    do = forms.ChoiceField(
        choices=[
            ("approve", gettext_lazy("Approve")),
            ("decline", gettext_lazy("Decline")),
            ("withdraw", gettext_lazy("Take it back")),
            ("order", gettext_lazy("Go on")),
        ],
        widget=forms.HiddenInput,
        error_messages={
            "required": gettext_lazy("Choose what to do."),
            "invalid_choice": gettext_lazy("Choose what to do."),
        },
    )
    reason = forms.CharField(
        max_length=500,
        required=False,
        label=gettext_lazy("Your reason"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Needed when you decline. Who asked reads it."),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("do") == "decline" and not cleaned.get("reason"):
            self.add_error("reason", _("Say why, so that the person who asked knows what to do."))
        return cleaned


class LimitForm(forms.Form):
    """A limit of the organization or of a member; both amounts empty takes it away."""

    who = forms.ChoiceField(label=gettext_lazy("For whom"))
    currency = forms.ModelChoiceField(
        Currency.objects.filter(accepted=True), label=gettext_lazy("Currency"), empty_label=None
    )
    monthly = AmountField(
        label=gettext_lazy("Budget of a month"),
        required=False,
        example="500.00",
        help_text=gettext_lazy("Orders beyond it are refused."),
    )
    approval_above = AmountField(
        label=gettext_lazy("Ask an owner above"),
        required=False,
        example="100.00",
        help_text=gettext_lazy("A larger order waits until an owner has approved it."),
    )

    def __init__(self, *args: Any, org_name: str, members: Iterable[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        who = self.fields["who"]
        assert isinstance(who, forms.ChoiceField)  # noqa: S101
        people = [(str(member.user_id), f"{member.user} ({member.get_role_display()})") for member in members]
        who.choices = [(EVERYBODY, _("All of %(org)s") % {"org": org_name}), *people]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in ("monthly", "approval_above"):
            if cleaned.get(name) is not None and "currency" in cleaned:
                try:
                    cleaned[name] = cleaned["currency"].in_base_units(cleaned[name])
                except ValueError as problem:
                    self.add_error(name, _("%(problem)s Write fewer.") % {"problem": problem})
        return cleaned

    def wanted(self) -> dict[str, Any]:
        """What was typed, as the service takes it; for a valid form."""
        who = self.cleaned_data.pop("who")
        return {"user_id": None if who == EVERYBODY else int(who), **self.cleaned_data}
