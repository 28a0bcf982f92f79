"""The form of a tool, made from the input schema of its listing: for those who use it, and for who writes it."""

import base64
from collections.abc import Callable
from typing import Any

from django import forms
from django.utils import formats
from django.utils.translation import gettext as _
from jsonschema import Draft202012Validator

MAX_FILE_BYTES = 2 * 1024 * 1024


class Base64File(forms.FileField):
    """A file that travels inside JSON."""

    def clean(self, data: Any, initial: Any = None) -> str | None:
        file = super().clean(data, initial)
        if not file:
            return None
        if file.size > MAX_FILE_BYTES:
            raise forms.ValidationError(
                _("This file has %(size)s MB; the limit is 2 MB.") % {"size": formats.number_format(file.size / 1e6, 1)}
            )
        return base64.b64encode(file.read()).decode()


class Lines(forms.CharField):
    """A list of texts, one a line."""

    widget = forms.Textarea

    def clean(self, value: Any) -> Any:
        return [line.strip() for line in super().clean(value).splitlines() if line.strip()] or None


def _text(schema: dict[str, Any], common: dict[str, Any]) -> forms.Field:
    if "enum" in schema:
        return forms.ChoiceField(choices=[(value, value) for value in schema["enum"]], **common)
    if schema.get("contentEncoding") == "base64":
        accept = {"accept": schema.get("contentMediaType", "")}
        return Base64File(widget=forms.ClearableFileInput(attrs=accept), **common)
    widget = forms.Textarea(attrs={"rows": 6}) if schema.get("format") == "textarea" else forms.TextInput()
    return forms.CharField(max_length=schema.get("maxLength", 100_000), widget=widget, **common)


def _number(kind: type[forms.IntegerField]) -> Callable[[dict[str, Any], dict[str, Any]], forms.Field]:
    def make(schema: dict[str, Any], common: dict[str, Any]) -> forms.Field:
        return kind(min_value=schema.get("minimum"), max_value=schema.get("maximum"), **common)

    return make


FIELDS: dict[str, Callable[[dict[str, Any], dict[str, Any]], forms.Field]] = {
    "string": _text,
    "integer": _number(forms.IntegerField),
    "number": _number(forms.FloatField),
    "boolean": lambda schema, common: forms.BooleanField(**{**common, "required": False}),
    "array": lambda schema, common: Lines(**common),
}


class ToolForm(forms.Form):
    """The input of one tool; `payload` is what goes to its provider."""

    form_key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, schema: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.schema = schema
        required = schema.get("required", [])
        for name, part in schema.get("properties", {}).items():
            common = {
                "label": part.get("title", name.replace("_", " ").capitalize()),
                "help_text": part.get("description", ""),
                "required": name in required,
                "initial": part.get("default"),
            }
            self.fields[name] = FIELDS[part.get("type", "string")](part, common)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        for problem in Draft202012Validator(self.schema).iter_errors(self.payload(cleaned)):
            field = str(problem.path[0]) if problem.path and str(problem.path[0]) in self.fields else None
            self.add_error(field, problem.message)
        return cleaned

    def payload(self, cleaned: dict[str, Any] | None = None) -> dict[str, Any]:
        """The JSON input: what was filled in, without what was left empty."""
        values = self.cleaned_data if cleaned is None else cleaned
        return {
            name: value for name, value in values.items() if name != "form_key" and value is not None and value != ""
        }
