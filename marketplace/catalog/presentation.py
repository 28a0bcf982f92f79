"""A tool as its page shows it: the same for a public listing, a draft's preview and the moderator's case."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import formats
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from marketplace.catalog import facts, prose, schemas
from marketplace.catalog.media import Shot, in_the_shop, shots
from marketplace.catalog.models import Category, Listing, ListingVersion, Plan
from marketplace.catalog.plans import read as proposed
from marketplace.organizations.models import Organization

EXAMPLE_SHOWN = 1500


@dataclass(frozen=True, slots=True)
class Shown:
    """What stands on the page. `plans` are on sale or proposed, cheapest first."""

    name: str
    summary: str
    description: SafeString
    category: Category | None
    org: Organization
    inputs: list[schemas.Field]
    outputs: list[schemas.Field]
    example: str
    plans: Sequence[Any]
    version_number: int | None
    facts: list[tuple[str, str]]
    data: list[tuple[str, str]]
    pictures: list[Shot]

    @property
    def plan(self) -> Any:
        """The plan that begins the page; None when none is on sale."""
        return self.plans[0] if self.plans else None


Address = Callable[[str], str]


def of_listing(listing: Listing, plans: Sequence[Plan], *, pictures_at: Address = in_the_shop) -> Shown:
    """The public page; `pictures_at` says where whoever reads it finds a picture of this hash."""
    return _shown(listing, listing.org, plans, listing.version_number, pictures_at)


def of_version(version: ListingVersion, org: Organization, *, pictures_at: Address) -> Shown:
    """The page as it would look with this version approved."""
    plans = sorted(proposed(version.plans), key=lambda plan: plan.price)
    return _shown(version, org, plans, version.number, pictures_at)


def _shown(
    source: Listing | ListingVersion,
    org: Organization,
    plans: Sequence[Any],
    number: int | None,
    pictures_at: Address,
) -> Shown:
    return Shown(
        name=source.name,
        summary=source.summary,
        description=prose.html(source.description),
        category=source.category,
        org=org,
        inputs=list(schemas.fields(source.input_schema)),
        outputs=list(schemas.fields(source.output_schema)),
        example=shortened(source.example),
        plans=plans,
        version_number=number,
        facts=facts.of_kind(source),
        data=facts.of_data(source),
        pictures=shots(source.media, pictures_at),
    )


def shortened(example: dict[str, Any]) -> str:
    """The example as indented JSON; a long text, such as a file, is cut."""
    cut = {name: _cut(value) for name, value in example.items()}
    text = json.dumps(cut, indent=2, ensure_ascii=False) if example else ""
    return text if len(text) <= EXAMPLE_SHOWN else f"{text[:EXAMPLE_SHOWN]}…"


def _cut(value: Any) -> Any:
    if not isinstance(value, str) or len(value) <= 400:
        return value
    number = formats.number_format(len(value), force_grouping=True)
    length = _("%(number)s characters") % {"number": number}
    return f"{value[:120]}… ({length})"
