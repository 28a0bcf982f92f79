"""What becomes of each table's rows when their organization, or their person, is erased.

A key that cascades says it already: the rows go with their owner. What a key protects is kept or scrubbed, and stands
here with the reason; a guard test asks for every such table.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from django.apps import apps
from django.db import models
from django.utils.translation import gettext_lazy as _

from marketplace.accounts.models import User
from marketplace.lifecycle import Words
from marketplace.organizations.models import Organization

BOOKS: Final = _("bookkeeping law asks both sides to keep what was ordered and paid")


@dataclass(frozen=True, slots=True)
class Fate:
    """`scrub` names the columns that are blanked, each with the value for a row of that id."""

    reason: Words
    scrub: dict[str, Callable[[int], Any]] = field(default_factory=dict)
    is_deleted: bool = False


def always(value: Any) -> Callable[[int], Any]:
    """The same value for every row."""
    return lambda pk: value


def _numbered(word: str) -> Callable[[int], Any]:
    return lambda pk: f"{word}-{pk}"


OF_ORGANIZATIONS: Final[dict[str, Fate]] = {
    "organizations.Organization": Fate(
        _("the other side's orders point to it; its country stays for their books"),
        {
            "name": always("An erased organization"), "slug": _numbered("erased"), "about": always(""),
            "website": always(""), "payout_address": always(""), "state": always("refused"),
            "vat_treatment": always(""), "vat_rate_bps": always(0),
            "verified_at": always(None), "checked": always(""), "domain": always(""), "domain_checked_at": always(None),
        },
    ),
    "catalog.Listing": Fate(
        _("orders point to it; the hash of what was agreed stays"),
        {
            "name": always("An erased tool"), "slug": _numbered("erased"), "summary": always(""),
            "reference": always(None),
            "description": always(""), "input_schema": always({}), "output_schema": always({}), "example": always({}),
            "media": always([]),
            "kind_facts": always({}), "model_name": always(""), "languages": always([]), "data_sent": always(""),
            "subprocessors": always(""), "region": always(""),
            "state": always("retired"),
        },
    ),
    "catalog.ListingVersion": Fate(_("wording that nobody has to keep"), is_deleted=True),
    "catalog.Plan": Fate(_("orders point to it"), {"name": always("Plan"), "state": always("withdrawn")}),
    "subscriptions.Order": Fate(BOOKS),
    "subscriptions.Subscription": Fate(BOOKS),
    "escrow.Escrow": Fate(BOOKS),
    "escrow.LedgerEntry": Fate(BOOKS),
    "escrow.CallDeposit": Fate(BOOKS),
    "escrow.Receipt": Fate(BOOKS),
    "escrow.Sending": Fate(BOOKS),
    "subscriptions.Meter": Fate(BOOKS),
    "escrow.Payment": Fate(BOOKS),
    "escrow.Release": Fate(BOOKS),
    "escrow.Invoice": Fate(BOOKS),
    "escrow.ProvenEvent": Fate(BOOKS),
    "escrow.SoldOffer": Fate(_("what was sold, by its wording at that time: both sides keep it with their books")),
    "escrow.Statement": Fate(BOOKS),
    "escrow.WalletTransaction": Fate(_("hashes of public transactions")),
    "gateway.UsageRecord": Fate(_("how much was used, which both sides were billed by; no content")),
    "reviews.Review": Fate(
        _("the stars count in what everybody sees of a tool; the words go"),
        {"title": always(""), "text": always(""), "hidden_reason": always("")},
    ),
    "reviews.Wording": Fate(_("earlier words"), is_deleted=True),
    "reviews.Answer": Fate(_("words of the provider"), is_deleted=True),
    "disputes.Appeal": Fate(_("that the ruling was appealed against; the words go"), {"text": always("")}),
    "disputes.Dispute": Fate(BOOKS),
    "disputes.Ruling": Fate(_("why the money of both sides was split; the reasons are the arbiter's")),
    "privacy.Erasure": Fate(_("that it was asked for and done")),
    "audit.Entry": Fate(_("the chain of what was done holds identifiers and figures only, and must verify")),
    "audit.Wording": Fate(_("the words of that chain"), is_deleted=True),
}  # fmt: skip

OF_PEOPLE: Final[dict[str, Fate]] = {
    "accounts.User": Fate(
        _("what the person did for organizations points to it"),
        {
            "email": lambda pk: f"erased-{pk}@erased.invalid", "name": always(""), "password": always("!erased"),
            "is_active": always(False), "is_moderator": always(False), "language": always(""),
        },
    ),
}  # fmt: skip

# Text in rows that stay: none of it was written by, or names, whoever is erased.
CHAIN: Final = "public on the chain, where nobody can erase it"
OURS: Final = "our own words and identifiers"
KEPT_TEXT: Final[dict[str, tuple[str, str]]] = {
    "organizations.Organization": ("country", "the other side's books need it"),
    "catalog.Listing": ("content_hash", "a hash of what was agreed"),
    "catalog.Plan": ("content_hash", "a hash of what was agreed"),
    "subscriptions.Order": ("provider_address order_ref signer", CHAIN),
    "subscriptions.Subscription": ("ended_reason", OURS),
    "escrow.Escrow": (
        "chain contract escrow_id buyer_address provider_address treasury funded_tx evidence_hash arbiter ruling_hash",
        CHAIN,
    ),
    "escrow.LedgerEntry": ("event tx_hash", CHAIN),
    "escrow.Payment": ("address contract escrow_id tx_hash given_up", CHAIN),
    "escrow.Invoice": ("language content", "invoices have to be kept as they were issued, by both sides"),
    "escrow.ProvenEvent": ("name", OURS),
    "escrow.SoldOffer": ("content_hash text", "what was sold, which both sides have to show as long as their books"),
    "escrow.Receipt": ("signature", CHAIN),
    "escrow.Statement": ("content", "what was told about the books, which has to be kept with them"),
    "escrow.WalletTransaction": ("subject address tx_hash", CHAIN),
    "disputes.Appeal": ("proposal_path", "the page of a public vote"),
    "disputes.Dispute": ("salt evidence_hash tx_hash", CHAIN),
    "disputes.Ruling": ("reasons salt ruling_hash failure wallet tx_hash", "the other side needs to know why"),
    "privacy.Erasure": ("held_up_by", "emptied when it is done or withdrawn"),
    "audit.Entry": ("actor_role verb subject_type subject_id facts previous_hash hash", OURS),
}


def cascading(target: type[models.Model]) -> list[tuple[type[models.Model], str]]:
    """The tables whose rows go with `target`, and the column that says whose they are; those that point on first."""
    found = [
        (model, key.attname)
        for model in apps.get_models()
        for key in model._meta.local_fields
        if isinstance(key, models.ForeignKey)
        and key.related_model is target
        and key.remote_field.on_delete is models.CASCADE
    ]
    return found[::-1]


def protected(target: type[models.Model]) -> set[str]:
    """The tables whose keys to `target` protect it: each needs a fate."""
    return {
        model._meta.label
        for model in apps.get_models()
        for key in model._meta.local_fields
        if isinstance(key, models.ForeignKey)
        and key.related_model is target
        and key.remote_field.on_delete is models.PROTECT
    }


def needing_a_fate() -> dict[str, set[str]]:
    """The labels that the tables above have to name."""
    return {
        "organizations": protected(Organization) | {"organizations.Organization", "audit.Entry", "audit.Wording"},
        "people": (protected(User) - {"privacy.Erasure"}) | {"accounts.User"},
    }
