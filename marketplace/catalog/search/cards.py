"""What cards show, read for the few listings of a page in one narrow query, without making models of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from marketplace.catalog.keeping import icons
from marketplace.catalog.search import marking
from marketplace.catalog.search.statements import planned

# The state is looked at here and not only by the indexer: what left the shop a moment ago is not shown.
READ: Final = """
SELECT l.slug, {words}, l.kind, l.category_id, o.name, o.state = 'verified', o.verified_at, o.checked, o.domain,
    o.domain_checked_at, p.price, p.symbol, p.decimals, p.period_seconds, l.uptime_bps, l.is_down_since IS NOT NULL,
    l.rating_sum, l.rating_count, coalesce(l.updated_at, l.published_at), l.trial_calls > 0 AND l.trial_calls_a_day > 0,
    s.icon
FROM unnest(%s::bigint[]) WITH ORDINALITY w (id, place)
JOIN catalog_listing l ON l.id = w.id AND l.state = 'public'
JOIN organizations_organization o ON o.id = l.org_id
JOIN catalog_category s ON s.id = l.category_id
LEFT JOIN LATERAL (
    SELECT p.price, c.symbol, c.decimals, p.period_seconds
    FROM catalog_plan p JOIN catalog_currency c ON c.id = p.currency_id
    WHERE p.listing_id = l.id AND p.state = 'on_sale' ORDER BY p.price LIMIT 1
) p ON true
ORDER BY w.place
"""


class Card(NamedTuple):
    """One listing of a grid; without a price it is not on sale."""

    slug: str
    name: str
    summary: str
    kind: str
    category_id: int
    provider: str
    is_verified: bool
    verified_at: datetime | None
    checked: str
    domain: str
    domain_checked_at: datetime | None
    price: Any = None
    symbol: str = ""
    decimals: int = 0
    period_seconds: int = 0
    uptime_bps: int | None = None
    is_down: bool = False
    rating_sum: int = 0
    rating_count: int = 0
    updated_at: datetime | None = None
    can_be_tried: bool = False
    icon: str = "box"
    pill: str = ""

    @property
    def url(self) -> str:
        """Its page. Written out, for a grid must not look up an address for each card."""
        return f"/tools/{self.slug}/"


def of(listing: Any, plan: Any, pill: str = "") -> Card:
    """The card of a listing that was read for something else, or that is only a sample."""
    org, price = listing.org, {}
    if plan:
        price = {"price": plan.price, "symbol": plan.currency.symbol, "decimals": plan.currency.decimals}
        price["period_seconds"] = plan.period_seconds
    return Card(
        slug=listing.slug, name=listing.name, summary=listing.summary, kind=listing.kind,
        category_id=listing.category_id, provider=org.name, is_verified=org.is_verified, verified_at=org.verified_at,
        checked=org.checked, domain=org.domain, domain_checked_at=org.domain_checked_at, **price,
        uptime_bps=listing.uptime_bps, is_down=listing.is_down_since is not None, rating_sum=listing.rating_sum,
        rating_count=listing.rating_count, updated_at=listing.updated_at or listing.published_at,
        can_be_tried=listing.can_be_tried, icon=icons().get(listing.category_id) or "box", pill=pill,
    )  # fmt: skip


def cards(ids: Sequence[int], words: str = "") -> list[Card]:
    """The cards of these listings in this order, with `words` marked; those that left the shop are left out."""
    if not ids:
        return []
    texts, values = marking.columns("l.name", "l.summary", words=words) if words else ("l.name, l.summary", [])
    rows = planned(READ.format(words=texts), [*values, list(ids)])
    found = [Card._make((*row, "")) for row in rows]
    if not words:
        return found
    return [card._replace(name=marking.html(card.name), summary=marking.html(card.summary)) for card in found]
