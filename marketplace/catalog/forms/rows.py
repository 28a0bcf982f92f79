"""A schema edited as rows of fields, or as JSON; the server turns the one into the other."""

import json
from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace.catalog import schemas
from marketplace.catalog.schemas import NotUsable
from marketplace.catalog.shaping import CHOICE, COUNTED, KINDS, LIMITS, TEXT, WHOLE, Row, rows_of, shaped

ROWS, JSON = "rows", "json"
LONGEST_TITLE: Final = 80
LONGEST_HELP: Final = 300
Raw = dict[str, Any]


class FieldRow(forms.Form):
    """One field: what people read, what a program calls it, and what may stand in it."""

    was = forms.CharField(required=False, widget=forms.HiddenInput)
    title = forms.CharField(max_length=LONGEST_TITLE, label=gettext_lazy("Label"))
    name = forms.CharField(
        max_length=40,
        required=False,
        label=gettext_lazy("Name in the JSON"),
        help_text=gettext_lazy("Small letters, digits and _. Empty: made from the label."),
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "off", "class": "code"}),
    )
    kind = forms.ChoiceField(choices=list(KINDS.items()), initial=TEXT, label=gettext_lazy("What stands in it"))
    is_required = forms.BooleanField(required=False, label=gettext_lazy("Has to be there"))
    choices = forms.CharField(
        required=False,
        max_length=4000,
        label=gettext_lazy("Choices, one a line"),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    least = forms.FloatField(required=False, label=gettext_lazy("At least"))
    most = forms.FloatField(required=False, label=gettext_lazy("At most"))
    help = forms.CharField(
        required=False,
        max_length=LONGEST_HELP,
        label=gettext_lazy("Help below the label"),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "title" in cleaned and not cleaned.get("name"):
            cleaned["name"] = slugify(cleaned["title"]).replace("-", "_").lstrip("0123456789_")[:40] or "field"
        if not schemas.is_name(cleaned.get("name", "a")):
            self.add_error("name", _("Use small letters, digits and _, beginning with a letter."))
        cleaned["choices"] = [one.strip() for one in cleaned.get("choices", "").splitlines() if one.strip()]
        if cleaned.get("kind") == CHOICE:
            self._look_at_choices(cleaned["choices"])
        self._look_at_limits(cleaned)
        return cleaned

    def _look_at_choices(self, choices: list[str]) -> None:
        if not choices:
            self.add_error("choices", _("Write at least one choice."))
        if len(set(choices)) < len(choices):
            self.add_error("choices", _("The same choice stands here twice."))

    def _look_at_limits(self, cleaned: dict[str, Any]) -> None:
        kind, least, most = cleaned.get("kind", ""), cleaned.get("least"), cleaned.get("most")
        if kind not in LIMITS:
            cleaned["least"] = cleaned["most"] = None
            return
        for name, limit in (("least", least), ("most", most)):
            if limit is not None and kind in WHOLE and not limit.is_integer():
                self.add_error(name, _("This should be a whole number."))
            elif limit is not None and limit < 0 and kind in COUNTED:
                self.add_error(name, _("There cannot be fewer than none."))
        if least is not None and most is not None and least > most:
            self.add_error("most", _("This is less than “At least”."))

    def row(self) -> Row:
        """What was typed; for a valid form."""
        return Row(**self.cleaned_data)


NAMES: Final = tuple(FieldRow.base_fields)


class SchemaEditor:
    """One schema in a form, under names that begin with `prefix`; the schema itself is the field `<prefix>_schema`.

    Bound, it reads what a browser sent: rows, which then decide, or the JSON text.
    """

    def __init__(
        self, prefix: str, *, schema: Mapping[str, Any], data: Mapping[str, Any] | None = None, wish: str = ""
    ) -> None:
        self.prefix, self.is_bound = prefix, data is not None and not wish
        self.problem = ""
        self.base: Mapping[str, Any] = schema
        self.mode, raws = self._opened() if data is None else self._sent(data)
        if data is not None and wish:
            self.mode, raws = self._wished(wish, raws, data)
        self.rows = [self._row(number, raw) for number, raw in enumerate(raws)]

    def _row(self, number: int, raw: Raw) -> FieldRow:
        prefix = f"{self.prefix}-{number}"
        if not self.is_bound:
            return FieldRow(initial=raw, prefix=prefix)
        return FieldRow({f"{prefix}-{name}": value for name, value in raw.items()}, prefix=prefix)

    def _opened(self) -> tuple[str, list[Raw]]:
        rows = rows_of(self.base)
        return (JSON, []) if rows is None else (ROWS, [_raw(row) for row in rows])

    def _sent(self, data: Mapping[str, Any]) -> tuple[str, list[Raw]]:
        try:
            self.base = schemas.parsed(str(data.get(f"{self.prefix}_schema") or "{}"))
        except NotUsable:
            self.base = {}
        if data.get(f"{self.prefix}-mode") != ROWS:
            return JSON, []
        count = str(data.get(f"{self.prefix}-count", "0"))
        number = min(int(count), schemas.MOST_FIELDS) if count.isdecimal() and len(count) < 4 else 0
        return ROWS, [
            {name: data.get(f"{self.prefix}-{place}-{name}", "") for name in NAMES} for place in range(number)
        ]

    def _wished(self, wish: str, raws: list[Raw], data: Mapping[str, Any]) -> tuple[str, list[Raw]]:
        """After a button: a row more or less, one moved, or the other way of editing."""
        verb, _dash, text = wish.partition("-")
        place = int(text) if text.isdecimal() and len(text) < 3 else len(raws)
        if verb == "more" and len(raws) < schemas.MOST_FIELDS:
            raws.append({"kind": TEXT})
        elif verb in ("up", "down", "remove") and place < len(raws):
            raw = raws.pop(place)
            if verb != "remove":
                raws.insert(max(0, place - 1) if verb == "up" else place + 1, raw)
        elif verb == ROWS:
            return self._as_rows(data)
        elif verb == JSON:
            return self._as_json(raws)
        return self.mode, raws

    def _as_rows(self, data: Mapping[str, Any]) -> tuple[str, list[Raw]]:
        try:
            self.base = schemas.parsed(str(data.get(f"{self.prefix}_schema") or "{}"))
        except NotUsable as problem:
            self.problem = str(problem)
            return JSON, []
        rows = rows_of(self.base)
        if rows is None:
            self.problem = _("This schema says more than rows can show. Go on with it as JSON.")
            return JSON, []
        return ROWS, [_raw(row) for row in rows]

    def _as_json(self, raws: list[Raw]) -> tuple[str, list[Raw]]:
        self.is_bound = True
        self.rows = [self._row(number, raw) for number, raw in enumerate(raws)]
        if not self.is_valid():
            self.problem = _("Put right what is marked first; then it can be shown as JSON.")
            return ROWS, raws
        self.base = self.schema()
        return JSON, []

    def is_valid(self) -> bool:
        """Whether every row fits, and no two have the same name."""
        fits, names = True, set[str]()
        for row in self.rows:
            fits &= row.is_valid()
            name = row.cleaned_data.get("name", "")
            if name and name in names and "name" not in row.errors:
                row.add_error("name", _("Another field has this name already."))
                fits = False
            names.add(name)
        return fits

    def schema(self) -> dict[str, Any]:
        """What the rows say; for valid ones."""
        return shaped(self.base, [row.row() for row in self.rows])

    def so_far(self) -> dict[str, Any]:
        """What stands here at this moment, without the rows that do not fit yet."""
        if self.mode == JSON:
            return dict(self.base)
        tried = [self._tried(number, row) for number, row in enumerate(self.rows)]
        rows = {row.name: row for row in tried if row}
        return shaped(self.base, list(rows.values()))

    def _tried(self, number: int, form: FieldRow) -> Row | None:
        prefix = f"{self.prefix}-{number}"
        raw = {f"{prefix}-{name}": value for name, value in form.initial.items()}
        tried = form if form.is_bound else FieldRow(raw, prefix=prefix)
        return tried.row() if tried.is_valid() else None

    def problems(self) -> list[str]:
        """What is wrong with the rows, each with where it stands."""
        return [
            f"{row.data.get(row.add_prefix('title')) or number}, {row.fields[name].label}: {' '.join(map(str, errors))}"
            for number, row in enumerate(self.rows, start=1)
            if row.is_bound
            for name, errors in row.errors.items()
        ]

    @property
    def text(self) -> str:
        """The schema as JSON, as it stands behind the rows."""
        return json.dumps(self.base, ensure_ascii=False) if self.base else ""

    @property
    def has_room(self) -> bool:
        """Whether one more row may be added."""
        return len(self.rows) < schemas.MOST_FIELDS


def _raw(row: Row) -> Raw:
    """A row as the form shows it."""
    same = {name: getattr(row, name) for name in NAMES}
    title = row.title or row.name.replace("_", " ").capitalize()
    return {**same, "title": title, "choices": "\n".join(row.choices)}
