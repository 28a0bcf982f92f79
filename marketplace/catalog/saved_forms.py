"""What is typed about lists of saved listings."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from marketplace.catalog.models import SavedList

NEW = "new"


class ListForm(forms.Form):
    name = forms.CharField(
        max_length=60,
        label=_("Name of the list"),
        help_text=_("For example: for the year's end, or for Ben to look at."),
    )


class SaveForm(forms.Form):
    """Which list, and a note. With no list yet, only the name of a first one is asked."""

    list_id = forms.ChoiceField(label=_("List"))
    new_list = forms.CharField(max_length=60, required=False, label=_("Name of the new list"))
    note = forms.CharField(
        max_length=500,
        required=False,
        label=_("Note"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Everybody in your organization reads it."),
    )

    def __init__(self, lists: Sequence[SavedList], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["list_id"]
        assert isinstance(choice, forms.ChoiceField)  # noqa: S101  (for the type checker)
        choice.choices = [*((str(one.pk), one.name) for one in lists), (NEW, _("A new list"))]
        if not lists:
            choice.widget, choice.initial = forms.HiddenInput(), NEW
            self.fields["new_list"].initial = _("Shortlist")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("list_id") == NEW and not cleaned.get("new_list") and "new_list" not in self.errors:
            self.add_error("new_list", _("Give the new list a name."))
        return cleaned

    def wish(self) -> dict[str, Any]:
        """As the service takes it; for a valid form."""
        data = self.cleaned_data
        is_new = data["list_id"] == NEW
        return {
            "list_id": None if is_new else int(data["list_id"]),
            "new_list": data["new_list"] if is_new else "",
            "note": data["note"],
        }


class ChangeForm(forms.Form):
    list_id = forms.TypedChoiceField(coerce=int, label=_("List"))
    note = forms.CharField(max_length=500, required=False, label=_("Note"), widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, lists: Sequence[SavedList], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["list_id"]
        assert isinstance(choice, forms.ChoiceField)  # noqa: S101  (for the type checker)
        choice.choices = [(one.pk, one.name) for one in lists]
