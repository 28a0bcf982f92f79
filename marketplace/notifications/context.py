"""What an entry is about: the references and figures of its sentences, and the arguments of its links."""

from dataclasses import dataclass, field
from typing import Any, Final

from marketplace.audit.models import Entry
from marketplace.catalog.models import Currency, Listing
from marketplace.organizations.models import Membership, Organization
from marketplace.subscriptions.models import Order, SpendingRequest, Subscription

AMOUNTS: Final = ("amount", "net", "fee", "refund")


@dataclass(frozen=True, slots=True)
class Context:
    """`facts` is kept with the notice: ids and figures only. `side` is the organization's in the order, if any."""

    side: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    arguments: dict[str, Any] = field(default_factory=dict)


def context(entry: Entry, org: Organization | None) -> Context:
    """The context of an entry of the chain of `org`; raises ObjectDoesNotExist when its subject is gone."""
    facts: dict[str, Any] = {"org": entry.org_id}
    arguments: dict[str, Any] = {"org": org.slug if org else ""}
    side = ""
    if entry.subject_type == "subscriptions.order":
        order = Order.objects.select_related("currency", "listing").get(pk=entry.subject_id)
        side = "buyer" if order.buyer_id == entry.org_id else "provider"
        other = order.provider_id if side == "buyer" else order.buyer_id
        facts |= {"other": other, "listing": order.listing_id, **_amounts(entry, order)}
        arguments |= {"order": order.public_id, "listing": order.listing.slug}
    elif entry.subject_type == "subscriptions.subscription":
        running = Subscription.objects.select_related("order", "listing").get(pk=entry.subject_id)
        side = "buyer" if running.buyer_id == entry.org_id else "provider"
        other = running.provider_id if side == "buyer" else running.buyer_id
        facts |= {"other": other, "listing": running.listing_id}
        arguments |= {"order": running.page_id, "listing": running.listing.slug}
    elif entry.subject_type == "catalog.listing":
        listing = Listing.objects.get(pk=entry.subject_id)
        facts |= {"listing": listing.pk}
        arguments |= {"listing": listing.slug}
    elif entry.subject_type == "subscriptions.spendingrequest":
        asked = SpendingRequest.objects.select_related("currency", "plan").get(pk=entry.subject_id)
        facts |= {"listing": asked.plan.listing_id, "amount": _kept(asked.amount, asked.currency)}
        arguments |= {"request": asked.public_id}
    arguments |= {name: entry.facts[name] for name in ("dispute", "request") if name in entry.facts}
    if isinstance(entry.facts.get("percent"), int):
        facts["percent"] = entry.facts["percent"]
    if isinstance(entry.facts.get("until"), str):
        facts["until"] = entry.facts["until"]
    if org and entry.actor_user_id and Membership.objects.filter(org=org, user_id=entry.actor_user_id).exists():
        facts["who"] = entry.actor_user_id  # the other side is told of organizations, not of their people
    if isinstance(entry.facts.get("user_id"), int):
        facts["user"] = entry.facts["user_id"]
    return Context(side, facts, arguments)


def _amounts(entry: Entry, order: Order) -> dict[str, Any]:
    return {
        name: _kept(entry.facts[name], order.currency) for name in AMOUNTS if str(entry.facts.get(name, "")).isdigit()
    }


def _kept(units: Any, currency: Currency) -> dict[str, Any]:
    """An amount as a figure: how it is written depends on who reads it."""
    return {"units": str(int(units)), "decimals": currency.decimals, "symbol": currency.symbol}
