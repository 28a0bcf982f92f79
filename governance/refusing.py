"""The no of the voting pages."""

from typing import Any

from django import forms


class No(Exception):
    """Why not, in a sentence for the person."""


def cleaned(form: forms.Form) -> dict[str, Any]:
    """The form's values; the first thing that is wrong with it as a No."""
    if not form.is_valid():
        raise No(str(next(iter(form.errors.values()))[0]))
    return form.cleaned_data
