"""The step of the pictures: those that are there, in their order and with their words, and room for one more."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from marketplace.catalog.drawing import Drawn, drawn
from marketplace.catalog.media import LONGEST_ALT, MOST_PICTURES, Media, Shot, named, shots
from marketplace.lifecycle import Refused

DO: Final = ("up", "down", "remove")


class NewPicture(forms.Form):
    file = forms.FileField(
        required=False,
        label=_("Picture"),
        help_text=_("PNG, JPEG or WebP, up to 8 MB. We write it anew, without place, time and camera."),
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
    )
    new_alt = forms.CharField(
        required=False,
        max_length=LONGEST_ALT,
        label=_("What it shows"),
        help_text=_("For people who cannot see it: “A table of next month's sales, with a curve above it”."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def clean_file(self) -> list[Drawn]:
        upload = self.cleaned_data["file"]
        try:
            return drawn(upload) if upload else []
        except Refused as refused:
            raise forms.ValidationError(str(refused)) from None


@dataclass(frozen=True, slots=True)
class Row:
    """A picture that is there: its hash, what is typed of it, and how it looks."""

    sha256: str
    alt: str
    shot: Shot | None

    @property
    def is_silent(self) -> bool:
        """Whether nothing is said of it yet."""
        return not self.alt.strip()


class MediaStep:
    """The pictures of a version; with `data`, as a form has sent them."""

    def __init__(
        self, known: Media, at: Callable[[str], str], *, data: QueryDict | None = None, files: Any = None
    ) -> None:
        looks = {one["sha256"]: shot for one, shot in zip(known, shots(known, at), strict=True)}
        said = named(known) if data is None else _sent(data)
        self.rows = [Row(one["sha256"], one["alt"], looks.get(one["sha256"])) for one in said]
        self.new = NewPicture(data, files)
        self.is_bound = data is not None

    def is_valid(self) -> bool:
        return self.new.is_valid()

    @property
    def errors(self) -> dict[str, Any]:
        """What is wrong with the picture that is to be added."""
        return dict(self.new.errors)

    @property
    def has_room(self) -> bool:
        """Whether one more picture may be added."""
        return len(self.rows) < MOST_PICTURES

    def pictures(self, wish: str = "") -> list[dict[str, str]]:
        """Hash and words in their order, after a wish such as "up-2" is done."""
        found = [{"sha256": row.sha256, "alt": row.alt} for row in self.rows]
        verb, _dash, text = wish.partition("-")
        place = int(text) if text.isdecimal() and len(text) < 3 else len(found)
        if verb not in DO or place >= len(found):
            return found
        one = found.pop(place)
        if verb != "remove":
            found.insert(max(0, place - 1) if verb == "up" else place + 1, one)
        return found


def _sent(data: QueryDict) -> list[dict[str, str]]:
    """As many pictures as a listing may show; words are cut to their bound, and hold no NUL."""
    hashes, words = data.getlist("picture"), data.getlist("alt")
    pairs = list(zip(hashes, words, strict=False))[:MOST_PICTURES]
    return [
        {"sha256": sha256.replace("\x00", "")[:64], "alt": alt.replace("\x00", "").strip()[:LONGEST_ALT]}
        for sha256, alt in pairs
    ]
