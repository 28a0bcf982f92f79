"""What a person wants to be told."""

from collections.abc import Mapping

from django import forms
from django.utils.translation import gettext as _

from marketplace.notifications.models import ALWAYS_BY_MAIL, ALWAYS_IN_INBOX, Kind


class PreferencesForm(forms.Form):
    """Two boxes for each kind; those that cannot be unchecked are shown so."""

    def __init__(self, chosen: Mapping[Kind, tuple[bool, bool]], *args: object, moderates: bool) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self.kinds = [kind for kind in Kind if kind != Kind.MODERATION or moderates]
        for kind in self.kinds:
            inbox, mail = chosen[kind]
            self._box(
                f"{kind}_inbox", _("%(kind)s: in the inbox") % {"kind": kind.label}, inbox, kind in ALWAYS_IN_INBOX
            )
            self._box(f"{kind}_mail", _("%(kind)s: by e-mail") % {"kind": kind.label}, mail, kind in ALWAYS_BY_MAIL)

    def _box(self, name: str, label: str, initial: bool, always: bool) -> None:
        self.fields[name] = forms.BooleanField(label=label, required=False, initial=initial, disabled=always)

    def rows(self) -> list[tuple[str, forms.BoundField, forms.BoundField]]:
        """A kind a row: its name and its two boxes."""
        return [(str(kind.label), self[f"{kind}_inbox"], self[f"{kind}_mail"]) for kind in self.kinds]

    def wanted(self) -> dict[Kind, tuple[bool, bool]]:
        """What was chosen, by kind."""
        data = self.cleaned_data
        return {kind: (data[f"{kind}_inbox"], data[f"{kind}_mail"]) for kind in self.kinds}
