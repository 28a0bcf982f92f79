"""The step "How it is called": the address, what goes in and comes out, and the example, in the buyers' own form."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace.catalog import schemas
from marketplace.catalog.endpoints import check_endpoint
from marketplace.catalog.forms.rows import JSON, ROWS, SchemaEditor
from marketplace.catalog.forms.tool import Base64File, ToolForm
from marketplace.catalog.forms.typing import JsonText, pretty
from marketplace.catalog.models import ListingVersion
from marketplace.catalog.schemas import NotUsable

SCHEMA: Final = {
    "type": "object",
    "properties": {"text": {"type": "string", "title": "Your text", "format": "textarea"}},
    "required": ["text"],
}
EXAMPLE: Final = {"text": "Paste a paragraph here."}


class ExampleForm(ToolForm):
    """The form of the tool as buyers will see it; what is filled in here becomes the example.

    A file that the example has already need not be sent again.
    """

    def __init__(self, schema: dict[str, Any], example: Mapping[str, Any], *args: Any, **kwargs: Any) -> None:
        shown = {name: _shown(value) for name, value in example.items()}
        super().__init__(schema, *args, prefix="example", initial=shown, **kwargs)
        del self.fields["form_key"]
        files = [name for name, field in self.fields.items() if isinstance(field, Base64File)]
        self.held = {name: shown.pop(name) for name in files if isinstance(shown.get(name), str)}
        for name in self.held:
            self.fields[name].required = False

    def payload(self, cleaned: dict[str, Any] | None = None) -> dict[str, Any]:
        found = super().payload(cleaned)
        both = self.held | found
        return {name: both[name] for name in self.fields if name in both}

    def afresh(self) -> "ExampleForm":
        """The same form with what is typed so far, and without a word about what is still missing."""
        return ExampleForm(self.schema, self.typed())

    def typed(self) -> dict[str, Any]:
        """What stands in it so far, also where it does not fit, with the files that were sent."""
        if not self.is_bound:
            return {**self.initial, **self.held}
        wrong = {name: self.data.get(f"example-{name}") for name in self.errors if name in self.fields}
        return {**self.payload(self.cleaned_data), **{name: text for name, text in wrong.items() if text}}


def _shown(value: Any) -> Any:
    return "\n".join(map(str, value)) if isinstance(value, list) else value


class CallsStep(forms.Form):
    endpoint = forms.URLField(
        max_length=300,
        assume_scheme="https",
        label=gettext_lazy("Address of your service"),
        help_text=gettext_lazy(
            "We send the input there as JSON, by POST, and show the answer. Buyers never see this address."
        ),
        widget=forms.URLInput(attrs={"placeholder": "https://", "autocomplete": "url"}),
    )
    input_schema = JsonText(
        label=gettext_lazy("What goes in"),
        help_text=gettext_lazy(
            "A JSON Schema. The form that buyers fill in is made from it; titles and descriptions are shown."
        ),
    )
    example = JsonText(
        longest=schemas.LONGEST_EXAMPLE,
        rows=5,
        label=gettext_lazy("An example to try"),
        help_text=gettext_lazy("An input that gives a good first result. Buyers can send it with one click."),
    )
    output_schema = JsonText(
        rows=8,
        label=gettext_lazy("What comes out"),
        required=False,
        help_text=gettext_lazy("A JSON Schema of your answer. May be left empty."),
    )

    def __init__(
        self, data: QueryDict | None = None, *, files: Any = None, initial: Any = None, wish: str = ""
    ) -> None:
        given = initial or {}
        of_input, _colon, verb = wish.partition(":")
        self.input = SchemaEditor(
            "input", schema=_parsed(given.get("input_schema")), data=data, wish=verb if of_input == "input" else ""
        )
        self.output = SchemaEditor(
            "output", schema=_parsed(given.get("output_schema")), data=data, wish=verb if of_input == "output" else ""
        )
        self.shown = self._example_of(data, files, given)
        if data is not None and wish:
            super().__init__(initial={**data.dict(), **self._texts(wish)})
            self.shown = self.shown.afresh() if self.shown else None
        else:
            super().__init__(None if data is None else self._with_texts(data), initial=given)

    def _example_of(self, data: QueryDict | None, files: Any, given: Mapping[str, Any]) -> ExampleForm | None:
        """The buyers' form; None while there is no schema that one could be made from."""
        schema = self.input.so_far()
        try:
            schemas.check_input(schema)
        except NotUsable:
            return None
        example = _parsed((given if data is None else data).get("example"))
        if data is None or data.get("made-of") is None or data.get("input-mode") != ROWS:
            return ExampleForm(schema, example)
        return ExampleForm(schema, example, data, files)

    def _texts(self, wish: str) -> dict[str, str]:
        """The JSON that takes the place of rows, after the button that asks for it."""
        found = {
            f"{one.prefix}_schema": pretty(dict(one.base))
            for one in (self.input, self.output)
            if wish == f"{one.prefix}:{JSON}" and not one.problem
        }
        if "input_schema" in found and self.shown and self.shown.is_bound:
            found["example"] = pretty(self.shown.typed())
        return found

    def _with_texts(self, data: QueryDict) -> QueryDict:
        """What was sent, with the JSON that rows and the filled-in form come to."""
        found = data.copy()
        for editor in (self.input, self.output):
            if editor.mode == ROWS and editor.is_valid():
                schema = editor.schema()
                found[f"{editor.prefix}_schema"] = json.dumps(schema, ensure_ascii=False) if schema else ""
        if self.shown and self.shown.is_bound and self.shown.is_valid():
            found["example"] = json.dumps(self.shown.payload(), ensure_ascii=False)
        return found

    @classmethod
    def initial_of(cls, version: ListingVersion) -> dict[str, Any]:
        """What the form shows of a version that exists; a beginning where nothing was written yet."""
        return {
            "endpoint": version.endpoint,
            "input_schema": pretty(version.input_schema or SCHEMA),
            "example": pretty(version.example or ({} if version.input_schema else EXAMPLE)),
            "output_schema": pretty(version.output_schema),
        }

    @property
    def made_of(self) -> str:
        """Which schema the buyers' form on the page is made of."""
        text = json.dumps(self.shown.schema, sort_keys=True) if self.shown else ""
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def held_text(self) -> str:
        """What the form cannot send back of the example, files, as JSON."""
        return json.dumps(self.shown.held) if self.shown and self.shown.held else ""

    @property
    def fills_example(self) -> bool:
        """Whether the buyers' form is where the example is written."""
        return self.input.mode == ROWS and self.shown is not None

    def clean_endpoint(self) -> str:
        return str(self._usable(check_endpoint, self.cleaned_data["endpoint"]))

    def clean_input_schema(self) -> Any:
        self._look_at_rows(self.input)
        return self._usable(schemas.check_input, self.cleaned_data["input_schema"])

    def clean_output_schema(self) -> Any:
        self._look_at_rows(self.output)
        return self._usable(schemas.check_output, self.cleaned_data["output_schema"])

    def _look_at_rows(self, editor: SchemaEditor) -> None:
        if editor.mode == ROWS and not editor.is_valid():
            raise forms.ValidationError(_("Put right the fields that are marked."))

    def _usable(self, check: Any, value: Any) -> Any:
        try:
            check(value)
        except NotUsable as problem:
            raise forms.ValidationError(str(problem)) from None
        return value

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "input_schema" in cleaned and self.shown and self.shown.is_bound and not self.shown.is_valid():
            self.errors.pop("example", None)
            self.add_error("example", _("Put right what is marked in the form that buyers will see."))
        elif "input_schema" in cleaned and "example" in cleaned:
            try:
                schemas.check_example(cleaned["input_schema"], cleaned["example"])
            except NotUsable as problem:
                self.add_error("example", str(problem))
        return cleaned

    def columns(self) -> dict[str, Any]:
        """What was typed; for a valid form."""
        return dict(self.cleaned_data)


def _parsed(text: Any) -> dict[str, Any]:
    try:
        return schemas.parsed(str(text or "{}"), schemas.LONGEST_EXAMPLE)
    except NotUsable:
        return {}
