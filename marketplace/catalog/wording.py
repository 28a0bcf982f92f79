"""Everything that a provider says of a tool, as one value; what is still wrong with it, field by field."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from marketplace.catalog import facts, plans
from marketplace.catalog.endpoints import check_endpoint
from marketplace.catalog.media import Media
from marketplace.catalog.media import check as check_media
from marketplace.catalog.models import Category, ListingVersion
from marketplace.catalog.plans import PlanTerms
from marketplace.catalog.schemas import NotUsable, check_example, check_input, check_output
from marketplace.lifecycle import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What a provider says of a tool: the fields of a version. While it is being written, any of them may be empty."""

    name: str
    summary: str = ""
    description: str = ""
    category: Category | None = None
    endpoint: str = ""
    input_schema: dict[str, Any] = field(default_factory=dict)
    output_schema: dict[str, Any] = field(default_factory=dict)
    example: dict[str, Any] = field(default_factory=dict)
    plans: tuple[PlanTerms, ...] = ()
    kind: str = facts.Kind.TOOL
    kind_facts: dict[str, Any] = field(default_factory=dict)
    model_name: str = ""
    languages: list[str] = field(default_factory=list)
    data_sent: str = ""
    region: str = ""
    retention_days: int | None = None
    trains_on_input: bool | None = None
    subprocessors: str = ""
    media: Media | None = None  # None: the pictures stay as they are

    def columns(self) -> dict[str, Any]:
        """As the columns of a version."""
        found = {name: getattr(self, name) for name in FIELDS} | {"plans": plans.stored(self.plans)}
        if self.media is None:
            del found["media"]
        return found

    def problems(self) -> list[tuple[str, str]]:
        """Field and sentence for everything that keeps a moderator from being asked."""
        found = [(name, _("This is still empty.")) for name in NEEDED if not getattr(self, name)]
        looked: list[tuple[str, Callable[[], None]]] = [
            ("endpoint", lambda: check_endpoint(self.endpoint)),
            ("input_schema", lambda: check_input(self.input_schema)),
            ("output_schema", lambda: check_output(self.output_schema)),
            ("example", lambda: check_example(self.input_schema, self.example)),
            ("kind_facts", lambda: facts.check(self.kind, self.kind_facts, self.languages)),
            ("plans", lambda: plans.check(self.plans)),
            ("media", lambda: check_media(self.media or [])),
        ]
        bad = {name for name, _sentence in found}
        for name, check in looked:
            if name in bad or (name == "example" and "input_schema" in bad):
                continue
            try:
                check()
            except NotUsable as problem:
                found.append((name, str(problem)))
                bad.add(name)
        return found

    def check(self) -> None:
        """Raise Refused with the first thing that is wrong."""
        for name, sentence in self.problems():
            raise Refused(f"{label(name)}: {sentence}")


FIELDS = tuple(Wording.__dataclass_fields__)
NEEDED = ("name", "summary", "description", "category", "endpoint", "input_schema", "example", "plans")


def label(name: str) -> str:
    """A field as people know it."""
    labels = {
        "name": _("Name"),
        "summary": _("What it does, in one line"),
        "description": _("Description"),
        "category": _("Category"),
        "endpoint": _("Address of your service"),
        "input_schema": _("What goes in"),
        "output_schema": _("What comes out"),
        "example": _("Example"),
        "kind_facts": _("Facts"),
        "plans": _("Plans"),
        "media": _("Pictures"),
    }
    return labels.get(name, name)


def of_version(version: ListingVersion) -> Wording:
    """What stands in a version."""
    same = {name: getattr(version, name) for name in FIELDS if name != "plans"}
    return Wording(**same, plans=tuple(plans.read(version.plans)))
