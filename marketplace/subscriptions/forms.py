"""The shape of what a buyer chooses."""

from typing import Any

from django import forms

from marketplace.catalog.models import Plan
from marketplace.subscriptions.services import LONGEST
from marketplace.subscriptions.words import length, money


class CheckoutForm(forms.Form):
    """How many periods, each choice with its total; and the key that makes a second submit of this form harmless."""

    periods = forms.TypedChoiceField(
        label="For how long", coerce=int, help_text="You can stop at any time and get back what has not elapsed."
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
