"""The steps that are one form each. `columns()` of a valid one is what the services write."""

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from marketplace.catalog import schemas
from marketplace.catalog.endpoints import check_endpoint
from marketplace.catalog.forms.stated import DataFacts, KindFacts
from marketplace.catalog.forms.typing import JsonText, pretty
from marketplace.catalog.models import Category, ListingVersion
from marketplace.catalog.schemas import NotUsable

SCHEMA = {
    "type": "object",
    "properties": {"text": {"type": "string", "title": "Your text", "format": "textarea"}},
    "required": ["text"],
}
EXAMPLE = {"text": "Paste a paragraph here."}


class BeginForm(forms.Form):
    name = forms.CharField(
        max_length=60, label=_("Name"), help_text=_("What people call it. You can change it until it is approved.")
    )


class WhatStep(KindFacts):
    name = forms.CharField(max_length=60, label=_("Name"), help_text=_("What people call it."))
    summary = forms.CharField(
        max_length=140,
        label=_("What it does, in one line"),
        help_text=_("The benefit first: “Know next month's sales today”."),
    )
    category = forms.ModelChoiceField(Category.objects.all(), label=_("Category"), empty_label=_("Choose one"))
    description = forms.CharField(
        max_length=10_000,
        label=_("Description"),
        widget=forms.Textarea(attrs={"rows": 12}),
        help_text=_("What goes in, what comes out, what it cannot do. Markdown works: **bold**, lists, links"),
    )

    SAME: ClassVar = ("name", "summary", "category", "description")

    @classmethod
    def initial_of(cls, version: ListingVersion) -> dict[str, Any]:
        """What the form shows of a version that exists."""
        return {name: getattr(version, name) for name in cls.SAME} | cls.initial_facts(version)

    def columns(self) -> dict[str, Any]:
        """What was typed, under the names of the columns; for a valid form."""
        return {name: self.cleaned_data[name] for name in self.SAME} | self.stated()


class CallsStep(forms.Form):
    endpoint = forms.URLField(
        max_length=300,
        assume_scheme="https",
        label=_("Address of your service"),
        help_text=_("We send the input there as JSON, by POST, and show the answer. Buyers never see this address."),
        widget=forms.URLInput(attrs={"placeholder": "https://", "autocomplete": "url"}),
    )
    input_schema = JsonText(
        label=_("What goes in"),
        help_text=_("A JSON Schema. The form that buyers fill in is made from it; titles and descriptions are shown."),
    )
    example = JsonText(
        longest=schemas.LONGEST_EXAMPLE,
        rows=5,
        label=_("An example to try"),
        help_text=_("An input that gives a good first result. Buyers can send it with one click."),
    )
    output_schema = JsonText(
        rows=8,
        label=_("What comes out"),
        required=False,
        help_text=_("A JSON Schema of your answer. May be left empty."),
    )

    @classmethod
    def initial_of(cls, version: ListingVersion) -> dict[str, Any]:
        """What the form shows of a version that exists; a beginning where nothing was written yet."""
        return {
            "endpoint": version.endpoint,
            "input_schema": pretty(version.input_schema or SCHEMA),
            "example": pretty(version.example or ({} if version.input_schema else EXAMPLE)),
            "output_schema": pretty(version.output_schema),
        }

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
        return cleaned

    def columns(self) -> dict[str, Any]:
        """What was typed; for a valid form."""
        return dict(self.cleaned_data)


class DataStep(DataFacts):
    @classmethod
    def initial_of(cls, version: ListingVersion) -> dict[str, Any]:
        """What the form shows of a version that exists."""
        return cls.initial_facts(version)

    def columns(self) -> dict[str, Any]:
        """What was typed; for a valid form."""
        return dict(self.cleaned_data)
