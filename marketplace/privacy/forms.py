"""The name of what is to be erased, typed by hand."""

from django import forms
from django.utils.translation import gettext as _


class EraseForm(forms.Form):
    """Typing the name is the moment in which one reads what it says."""

    name = forms.CharField(max_length=254, required=True)

    def __init__(self, wanted: str, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self._wanted = wanted
        self.fields["name"].label = _("Type %(wanted)s to confirm") % {"wanted": wanted}
        self.fields["name"].widget.attrs["autocomplete"] = "off"

    def clean_name(self) -> str:
        """What was typed; a ValidationError unless it is the name."""
        typed = str(self.cleaned_data["name"]).strip()
        if typed.casefold() != self._wanted.casefold():
            raise forms.ValidationError(
                _("This is not the name. Type %(_wanted)s, as it stands here.") % {"_wanted": self._wanted}
            )
        return typed
