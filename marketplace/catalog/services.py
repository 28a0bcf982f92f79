"""A listing's way to the shop: drafted, submitted, decided, published, retired."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.text import slugify

from marketplace.audit.services import record
from marketplace.catalog import facts
from marketplace.catalog.endpoints import check_endpoint
from marketplace.catalog.models import Category, Currency, Listing, ListingVersion, Plan
from marketplace.catalog.offer import content_hash
from marketplace.catalog.schemas import NotUsable, check_example, check_input, check_output
from marketplace.lifecycle import Refused
from marketplace.organizations.access import org_of
from marketplace.organizations.models import Organization
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import as_system

State = ListingVersion.State
SHOWN = ("name", "summary", "description", "category", "input_schema", "output_schema", "example", *facts.FIELDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What a provider says of a tool: the fields of a version, `price` in base units of `currency`."""

    name: str
    summary: str
    description: str
    category: Category
    endpoint: str
    input_schema: dict[str, Any]
    output_schema: dict[str, Any]
    example: dict[str, Any]
    plan_name: str
    currency: Currency
    price: int
    period_seconds: int
    kind: str = facts.Kind.TOOL
    kind_facts: dict[str, Any] = field(default_factory=dict)
    model_name: str = ""
    languages: list[str] = field(default_factory=list)
    data_sent: str = ""
    region: str = ""
    retention_days: int | None = None
    trains_on_input: bool | None = None
    subprocessors: str = ""

    def fields(self) -> dict[str, Any]:
        """As the columns of a version; raises Refused for a schema, an example or an address that cannot be used."""
        try:
            check_endpoint(self.endpoint)
            check_input(self.input_schema)
            check_output(self.output_schema)
            check_example(self.input_schema, self.example)
            facts.check(self.kind, self.kind_facts, self.languages)
        except NotUsable as problem:
            raise Refused(str(problem)) from None
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def draft_listing(actor: Actor, *, wording: Wording) -> ListingVersion:
    """Start a listing of the actor's organization with its first draft; nobody else sees it."""
    with transaction.atomic():
        listing = _with_free_slug(actor, wording.name)
        draft = ListingVersion.objects.create(listing=listing, org_id=org_of(actor), number=1, **wording.fields())
        record(actor, "listing.drafted", listing, name=wording.name)
    return draft


def _with_free_slug(actor: Actor, name: str) -> Listing:
    stem = slugify(name)[:50].strip("-") or "tool"
    taken = {"new", *Listing.objects.filter(slug__startswith=stem).values_list("slug", flat=True)}
    wishes = (slug for slug in _numbered(stem) if slug not in taken)
    for _ in range(10):
        try:
            with transaction.atomic():
                return Listing.objects.create(org_id=org_of(actor), slug=next(wishes))
        except IntegrityError:
            continue
    raise Refused("We could not find a free address for this name. Please try again.")


def _numbered(stem: str) -> Iterator[str]:
    yield stem
    yield from (f"{stem}-{number}" for number in count(2))


def _own(actor: Actor, listing_id: int) -> Listing:
    """The actor's listing, locked; all that happens to a listing happens under this lock."""
    listing = Listing.objects.for_org(org_of(actor)).select_for_update().filter(pk=listing_id).first()
    if listing is None:
        raise Refused("This listing is not one of yours.")
    if listing.state == Listing.State.RETIRED:
        raise Refused("This listing is retired. Start a new one to offer the tool again.")
    return listing


def edit_draft(actor: Actor, *, listing_id: int, wording: Wording) -> ListingVersion:
    """Write the open draft anew, or open the next version when all before are decided."""
    with transaction.atomic():
        listing = _own(actor, listing_id)
        draft = listing.versions.filter(state__in=ListingVersion.OPEN).first()
        if draft is None:
            number = (listing.versions.aggregate(last=Max("number"))["last"] or 0) + 1
            draft = ListingVersion(listing=listing, org_id=org_of(actor), number=number)
        if draft.state == State.SUBMITTED:
            raise Refused("A moderator is reading this version. You can change it again after the decision.")
        for name, value in wording.fields().items():
            setattr(draft, name, value)
        draft.save()
        record(actor, "listing.edited", listing, number=draft.number)
    return draft


def submit_version(actor: Actor, *, listing_id: int) -> ListingVersion:
    """Hand the open draft to the moderators."""
    with transaction.atomic():
        listing = _own(actor, listing_id)
        may_sell(Organization.objects.select_for_update().get(pk=org_of(actor)))
        draft = listing.versions.filter(state__in=ListingVersion.OPEN).first()
        if draft is None:
            raise Refused("There is nothing new to submit. Change the listing first.")
        if draft.state == State.SUBMITTED:
            raise Refused("You have submitted this already. A moderator will answer; you need not do anything.")
        if not draft.currency.accepted:
            raise Refused(f"{draft.currency} is not accepted on this market any more. Choose another currency.")
        draft.move(State.SUBMITTED, submitted_at=timezone.now(), reason="")
        record(actor, "listing.submitted", listing, number=draft.number)
    return draft


def may_sell(org: Organization) -> None:
    """Raise Refused, with what to do about it, unless the organization may offer tools."""
    if not org.is_verified:
        raise Refused("Only verified organizations can offer tools. Ask for verification in the settings.")
    if not org.payout_address:
        raise Refused("We would not know where to send your earnings. Choose a payout wallet in the settings.")


def _submitted(version_id: int) -> tuple[Listing, ListingVersion]:
    """A version that waits for a decision and its listing, both locked, listing first."""
    listing = Listing.objects.select_for_update().get(versions=version_id)
    version = (
        ListingVersion.objects.select_related("currency", "category").select_for_update(of=("self",)).get(pk=version_id)
    )
    version.listing = listing
    return listing, version


def publish_version(actor: Actor, *, version_id: int) -> Listing:
    """Approve a submitted version and show it; its plan goes on sale unless the same one is on sale already.

    A suspended listing takes over the wording and stays suspended.
    """
    with transaction.atomic():
        listing, version = _submitted(version_id)
        if listing.state == Listing.State.RETIRED:
            raise Refused("The provider has retired this listing meanwhile, so it cannot be approved.")
        may_sell(Organization.objects.get(pk=listing.org_id))
        now = timezone.now()
        version.move(State.APPROVED, decided_at=now)
        for name in SHOWN:
            setattr(listing, name, getattr(version, name))
        listing.version_number, listing.content_hash = version.number, content_hash(version)
        listing.published_at, listing.updated_at = listing.published_at or now, now
        listing.save(update_fields=[*SHOWN, "version_number", "content_hash", "published_at", "updated_at"])
        if listing.state == Listing.State.HIDDEN:
            listing.move(Listing.State.PUBLIC)
        _put_on_sale(listing, version)
        noted = {"number": version.number, "content_hash": listing.content_hash}
        record(actor, "listing.published", listing, org_id=listing.org_id, **noted)
    return listing


def _put_on_sale(listing: Listing, version: ListingVersion) -> None:
    terms = {
        "name": version.plan_name,
        "currency": version.currency,
        "price": version.price,
        "period_seconds": version.period_seconds,
    }
    on_sale = Plan.objects.select_for_update().filter(listing=listing, state=Plan.State.ON_SALE)
    if on_sale.filter(**terms).exists():
        return
    for plan in on_sale:
        plan.move(Plan.State.WITHDRAWN)
    Plan.objects.create(
        listing=listing,
        org_id=listing.org_id,
        version_number=version.number,
        content_hash=listing.content_hash,
        **terms,
    )


def request_changes(actor: Actor, *, version_id: int, reason: str) -> ListingVersion:
    """Send a submitted version back; the provider may change it and submit it again."""
    return _turn_down(actor, version_id, State.CHANGES, "listing.changes_requested", reason)


def reject_version(actor: Actor, *, version_id: int, reason: str) -> ListingVersion:
    """Say no to a submitted version. What was approved before stays in the shop."""
    return _turn_down(actor, version_id, State.REJECTED, "listing.rejected", reason)


def _turn_down(actor: Actor, version_id: int, to: str, verb: str, reason: str) -> ListingVersion:
    with transaction.atomic():
        listing, version = _submitted(version_id)
        version.move(to, decided_at=timezone.now(), reason=reason)
        record(actor, verb, listing, org_id=listing.org_id, number=version.number, reason=reason)
    return version


def retire_listing(actor: Actor, *, listing_id: int) -> Listing:
    """Take a listing off the shop for good. Running subscriptions run on to their end."""
    with transaction.atomic():
        listing = _own(actor, listing_id)
        listing.move(Listing.State.RETIRED)
        for plan in Plan.objects.select_for_update().filter(listing=listing, state=Plan.State.ON_SALE):
            plan.move(Plan.State.WITHDRAWN)
        record(actor, "listing.retired", listing)
    return listing


def set_rating(listing_id: int, *, total: int, count: int) -> None:
    """Write what the reviews of a listing add up to: `total` stars of `count` reviews; search follows by itself.

    Figures, not differences, so that counting again, after a crash or an erased review, is always right.
    """
    with transaction.atomic(), as_system("buyers rate what another organization offers"):
        Listing.objects.filter(pk=listing_id).update(rating_sum=total, rating_count=count)
