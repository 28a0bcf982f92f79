"""What is decided about a version: submitted, published with its plans, sent back; and a listing retired."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from marketplace.audit.services import record
from marketplace.catalog import facts, plans
from marketplace.catalog.models import Listing, ListingVersion, Plan
from marketplace.catalog.offer import content_hash
from marketplace.catalog.services.drafting import own
from marketplace.catalog.wording import of_version
from marketplace.lifecycle import Refused
from marketplace.organizations.access import org_of
from marketplace.organizations.models import Organization
from marketplace.tenancy.actor import Actor

State = ListingVersion.State
SHOWN = (
    "name",
    "summary",
    "description",
    "category",
    "input_schema",
    "output_schema",
    "example",
    "media",
    *facts.FIELDS,
)


def submit_version(actor: Actor, *, listing_id: int) -> ListingVersion:
    """Hand the open draft to the moderators."""
    with transaction.atomic():
        listing = own(actor, listing_id)
        may_sell(Organization.objects.select_for_update().get(pk=org_of(actor)))
        draft = listing.versions.filter(state__in=ListingVersion.OPEN).first()
        if draft is None:
            raise Refused(_("There is nothing new to submit. Change the listing first."))
        if draft.state == State.SUBMITTED:
            raise Refused(_("You have submitted this already. A moderator will answer; you need not do anything."))
        _complete(draft)
        draft.move(State.SUBMITTED, submitted_at=timezone.now(), reason="")
        record(actor, "listing.submitted", listing, number=draft.number)
    return draft


def _complete(draft: ListingVersion) -> None:
    """Raise Refused, with the first thing to put right, unless a moderator can be asked about the draft."""
    if draft.typed:
        raise Refused(_("Something that you typed could not be saved yet. Open the steps that are marked."))
    wording = of_version(draft)
    wording.check()
    for plan in wording.plans:
        if not plan.currency.accepted:
            raise Refused(
                _("%(currency)s is not accepted on this market any more. Choose another currency.")
                % {"currency": plan.currency}
            )


def may_sell(org: Organization) -> None:
    """Raise Refused, with what to do about it, unless the organization may offer tools."""
    if not org.is_verified:
        raise Refused(_("Only verified organizations can offer tools. Ask for verification in the settings."))
    if not org.payout_address:
        raise Refused(_("We would not know where to send your earnings. Choose a payout wallet in the settings."))


def _submitted(version_id: int) -> tuple[Listing, ListingVersion]:
    """A version that waits for a decision and its listing, both locked, listing first."""
    listing = Listing.objects.select_for_update().get(versions=version_id)
    version = ListingVersion.objects.select_related("category").select_for_update(of=("self",)).get(pk=version_id)
    version.listing = listing
    return listing, version


def publish_version(actor: Actor, *, version_id: int) -> Listing:
    """Approve a submitted version and show it. Its plans replace those on sale; running orders keep theirs.

    A suspended listing takes over the wording and stays suspended.
    """
    with transaction.atomic():
        listing, version = _submitted(version_id)
        if listing.state == Listing.State.RETIRED:
            raise Refused(_("The provider has retired this listing meanwhile, so it cannot be approved."))
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
    """Each plan names the version that a buyer agrees to with it, so also a plan with the same terms is a new one."""
    for plan in Plan.objects.select_for_update().filter(listing=listing, state=Plan.State.ON_SALE):
        plan.move(Plan.State.WITHDRAWN)
    for terms in plans.read(version.plans):
        Plan.objects.create(
            listing=listing,
            org_id=listing.org_id,
            version_number=version.number,
            content_hash=listing.content_hash,
            **terms.columns(),
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
        listing = own(actor, listing_id)
        listing.move(Listing.State.RETIRED)
        for plan in Plan.objects.select_for_update().filter(listing=listing, state=Plan.State.ON_SALE):
            plan.move(Plan.State.WITHDRAWN)
        record(actor, "listing.retired", listing)
    return listing
