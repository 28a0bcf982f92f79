"""A tool's page in the words of schema.org, for search engines."""

import json
from collections.abc import Sequence
from typing import Any, Final

from django.utils.safestring import SafeString, mark_safe

from marketplace.catalog.facts import Kind
from marketplace.catalog.models import Listing, Plan

TYPES: Final = {
    Kind.TOOL: "SoftwareApplication", Kind.MODEL: "SoftwareApplication", Kind.DATASET: "Dataset",
    Kind.COMPUTE: "Product",
}  # fmt: skip
# JSON needs none of these raw, and without them no text can end the script element it stands in.
ESCAPES: Final = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)


def structured(listing: Listing, plans: Sequence[Plan], url: str) -> SafeString:
    """JSON-LD that is safe inside a script element, whatever the provider wrote."""
    kind = TYPES[Kind(listing.kind)]
    facts: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": kind,
        "name": listing.name,
        "description": listing.summary,
        "url": url,
        "dateModified": listing.published_at.date().isoformat() if listing.published_at else None,
        "offers": [_offer(plan, url) for plan in plans],
    }
    org = {"@type": "Organization", "name": listing.org.name}
    facts["brand" if kind == "Product" else "provider"] = org
    if kind == "SoftwareApplication":
        facts |= {"applicationCategory": "BusinessApplication", "operatingSystem": "Web"}
        facts["softwareVersion"] = str(listing.version_number)
    if kind == "Product":
        facts.pop("dateModified")
    text = json.dumps(facts, ensure_ascii=False, separators=(",", ":"))
    return mark_safe(text.translate(ESCAPES))  # noqa: S308


def _offer(plan: Plan, url: str) -> dict[str, Any]:
    price = f"{plan.currency.in_units(int(plan.price)).normalize():f}"
    said: dict[str, Any] = {"@type": "Offer", "name": plan.name, "price": price, "priceCurrency": plan.currency.symbol}
    if plan.is_per_call:
        each = {"@type": "UnitPriceSpecification", "price": price, "priceCurrency": plan.currency.symbol}
        said["priceSpecification"] = {**each, "unitText": "call"}
    return {**said, "url": url}
