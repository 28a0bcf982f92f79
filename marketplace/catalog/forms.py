"""The listing form: the shape of what a provider types, and where it is wrong."""

import json
from decimal import Decimal
from typing import Any

from django import forms

from marketplace.catalog import schemas
from marketplace.catalog.amounts import AmountField
from marketplace.catalog.endpoints import check_endpoint
from marketplace.catalog.models import Category, Currency, ListingVersion
from marketplace.catalog.schemas import NotUsable
from marketplace.catalog.services import Wording
from marketplace.catalog.stated import StatedFacts

DAY = 86_400
PERIODS = [(DAY, "a day"), (7 * DAY, "a week"), (30 * DAY, "30 days"), (365 * DAY, "a year")]
SCHEMA = {
    "type": "object",
    "properties": {"text": {"type": "string", "title": "Your text", "format": "textarea"}},
    "required": ["text"],
}


def pretty(value: Any) -> str:
    """JSON as people edit it."""
    return json.dumps(value, indent=2, ensure_ascii=False) if value else ""


class JsonText(forms.CharField):
    """JSON in a text area; what was typed stays as typed when it is wrong."""

    def __init__(self, longest: int = schemas.LONGEST, rows: int = 12, **kwargs: Any) -> None:
        attrs = {"rows": rows, "spellcheck": "false", "autocapitalize": "off", "class": "code"}
        super().__init__(widget=forms.Textarea(attrs=attrs), **kwargs)
        self.longest = longest

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return {}
        try:
            return schemas.parsed(text, self.longest)
        except NotUsable as problem:
            raise forms.ValidationError(str(problem)) from None


class ListingForm(StatedFacts):
    name = forms.CharField(max_length=60, label="Name", help_text="What people call it. You can change it later.")
    summary = forms.CharField(
        max_length=140,
        label="What it does, in one line",
        help_text="The benefit first: “Know next month's sales today”.",
    )
    description = forms.CharField(
        max_length=10_000,
        label="Description",
        widget=forms.Textarea(attrs={"rows": 10}),
        help_text="What goes in, what comes out, what it cannot do. Markdown works: **bold**, lists, links",
    )
    category = forms.ModelChoiceField(Category.objects.all(), label="Category", empty_label="Choose one")
    plan_name = forms.CharField(max_length=40, label="Name of the plan", initial="Standard")
    price = AmountField(label="Price")
    currency = forms.ModelChoiceField(Currency.objects.filter(accepted=True), label="Currency", empty_label=None)
    period_seconds = forms.TypedChoiceField(coerce=int, choices=PERIODS, label="For", initial=30 * DAY)
    endpoint = forms.URLField(
        max_length=300,
        assume_scheme="https",
        label="Address of your service",
        help_text="We send the input there as JSON, by POST, and show the answer. Buyers never see this address.",
        widget=forms.URLInput(attrs={"placeholder": "https://", "autocomplete": "url"}),
    )
    input_schema = JsonText(
        label="What goes in",
        initial=pretty(SCHEMA),
        help_text="A JSON Schema. The form that buyers fill in is made from it; titles and descriptions are shown.",
    )
    example = JsonText(
        longest=schemas.LONGEST_EXAMPLE,
        rows=5,
        label="An example to try",
        initial=pretty({"text": "Paste a paragraph here."}),
        help_text="An input that gives a good first result. Buyers can send it with one click.",
    )
    output_schema = JsonText(
        rows=8, label="What comes out", required=False, help_text="A JSON Schema of your answer. May be left empty."
    )

    @classmethod
    def initial_of(cls, version: ListingVersion) -> dict[str, Any]:
        """What the form shows of a version that exists."""
        same = ("name", "summary", "description", "category", "plan_name", "currency", "period_seconds", "endpoint")
        shown = {name: getattr(version, name) for name in same}
        for name in ("input_schema", "example", "output_schema"):
            shown[name] = pretty(getattr(version, name))
        whole, _, cents = f"{version.currency.in_units(version.price):f}".partition(".")
        cents = cents.rstrip("0").ljust(min(2, version.currency.decimals), "0")
        shown |= cls.initial_facts(version)
        return {**shown, "price": f"{whole}.{cents}" if cents else whole}

    def clean_price(self) -> Decimal:
        """A positive amount."""
        price: Decimal = self.cleaned_data["price"]
        if not price:
            raise forms.ValidationError("A price of nothing cannot go through escrow. Write what it costs.")
        return price

    def clean_endpoint(self) -> str:
        return str(self._usable(check_endpoint, self.cleaned_data["endpoint"]))

    def clean_input_schema(self) -> Any:
        return self._usable(schemas.check_input, self.cleaned_data["input_schema"])

    def clean_output_schema(self) -> Any:
        return self._usable(schemas.check_output, self.cleaned_data["output_schema"])

    def _usable(self, check: Any, value: Any) -> Any:
        try:
            check(value)
        except NotUsable as problem:
            raise forms.ValidationError(str(problem)) from None
        return value

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "input_schema" in cleaned and "example" in cleaned:
            try:
                schemas.check_example(cleaned["input_schema"], cleaned["example"])
            except NotUsable as problem:
                self.add_error("example", str(problem))
        if "price" in cleaned and "currency" in cleaned:
            try:
                cleaned["price"] = cleaned["currency"].in_base_units(cleaned["price"])
            except ValueError as problem:
                self.add_error("price", f"{problem} Write fewer.")
        return cleaned

    def wording(self) -> Wording:
        """What was typed, as the services take it; for a valid form."""
        texts = {name: self.cleaned_data[name] for name in self.base_fields if name not in StatedFacts.base_fields}
        return Wording(**texts, **self.stated())
