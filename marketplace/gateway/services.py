"""Keys, and the beginning and end of every call. No transaction is open while a provider works."""

import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import structlog
from django.db import transaction
from django.db.models import Avg, Count, Q
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from marketplace.audit import services as audit
from marketplace.catalog.models import Listing, ListingVersion
from marketplace.gateway import charging, limits, sealing
from marketplace.gateway.charging import Charge
from marketplace.gateway.models import ApiKey, UpstreamSecret, UsageRecord
from marketplace.lifecycle import Refused
from marketplace.organizations.access import MAY_SELL
from marketplace.subscriptions.allowance import UsedUp, count_call
from marketplace.subscriptions.metering import Taken
from marketplace.subscriptions.models import Subscription
from marketplace.subscriptions.services import entitlement
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import as_system, scope

MAX_KEYS = 20

log = structlog.get_logger(__name__)


class CallRefused(Refused):
    """The gateway says no before the provider is asked: an HTTP status, a code for programs, a sentence for people."""

    def __init__(self, status: int, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.code = status, code


@dataclass(frozen=True, slots=True)
class Call:
    """A call that may go out, and the usage record that counts it; with when the grace ends that it passes by."""

    usage_id: int
    buyer_id: int
    endpoint: str
    headers: dict[str, str]
    taken: Taken | None = None
    grace_ends_at: datetime | None = None
    began: float = field(default_factory=time.monotonic)


def create_key(
    actor: Actor, *, name: str, monthly_calls: int | None = None, may_sell: bool = False
) -> tuple[ApiKey, str]:
    """Make a key for the actor's organization; the text is returned this once and kept by nobody.

    `monthly_calls` is how many calls it may make in a month, None for as many as it likes. With `may_sell` it also
    writes listings, for as long as the actor may.
    """
    with transaction.atomic():
        if may_sell and actor.role not in MAY_SELL:
            raise Refused(_("Only who may offer tools can make a key that does."))
        if ApiKey.objects.for_org(_org(actor)).valid().count() >= MAX_KEYS:
            raise Refused(
                _("An organization has at most %(MAX_KEYS)s keys; revoke one that is no longer used.")
                % {"MAX_KEYS": MAX_KEYS}
            )
        new = sealing.new_key()
        key = ApiKey.objects.create(
            org_id=_org(actor),
            name=name,
            prefix=new.prefix,
            digest=new.digest,
            monthly_calls=monthly_calls,
            may_sell=may_sell,
            created_by_id=actor.user_id,
        )
        audit.record(actor, "key.created", key, name=name, may_sell=may_sell)
    return key, new.text


def revoke_key(actor: Actor, *, key_id: int) -> ApiKey:
    """End a key at once; revoking it again changes nothing."""
    with transaction.atomic():
        key = ApiKey.objects.for_org(_org(actor)).select_for_update().filter(pk=key_id).first()
        if key is None:
            raise Refused(_("Your organization has no such key."))
        if key.revoked_at is None:
            key.revoked_at = timezone.now()
            key.save(update_fields=["revoked_at"])
            audit.record(actor, "key.revoked", key)
    return key


def keep_service_key(actor: Actor, *, listing: Listing, service_key: str) -> UpstreamSecret:
    """Store the key with which the gateway calls the provider's own service, in place of an older one."""
    with transaction.atomic():
        if listing.org_id != actor.org_id:
            raise Refused(_("This is not a listing of your organization."))
        sealed = sealing.seal(service_key, org_id=listing.org_id, listing_id=listing.pk)
        latest = listing.versions.order_by("-number").first()
        secret, _created = UpstreamSecret.objects.update_or_create(
            listing=listing,
            defaults={
                "org_id": listing.org_id,
                "key_id": sealed.key_id,
                "nonce": sealed.nonce,
                "ciphertext": sealed.ciphertext,
                "origin": origin(latest.endpoint) if latest else "",
                "updated_at": timezone.now(),
            },
        )
        audit.record(actor, "service_key.stored", listing)
    return secret


def origin(url: str) -> str:
    """Scheme, host and port of an address, as RFC 6454 compares them; empty for what is no address."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.hostname}:{port}" if parts.hostname else ""


def begin_call(*, key_text: str, slug: str, size: int) -> Call:
    """Check a key and its organization's right to the tool, and count the call; raises CallRefused."""
    with transaction.atomic():
        key = known_key(key_text)
        with scope(org_id=key.org_id):
            ApiKey.objects.filter(pk=key.pk).update(last_used_at=timezone.now())
            listing = Listing.objects.public().filter(slug=slug).first()
            if listing is None:
                raise CallRefused(404, "no_such_tool", _("No tool with this name is on the market."))
            call = _count(buyer_id=key.org_id, listing=listing, size=size, api_key_id=key.pk)
            try:
                limits.count_call(key)
            except limits.LimitReached as reached:
                raise CallRefused(429, "key_limit_reached", str(reached)) from None
            return call


def begin_run_call(*, buyer_id: int, listing: Listing, user_id: int | None, size: int) -> Call:
    """The same for a run started in the browser by a member of the organization; needs an open transaction."""
    with scope(org_id=buyer_id):
        return _count(buyer_id=buyer_id, listing=listing, size=size, user_id=user_id)


def finish_call(call: Call, *, outcome: str, status: int | None = None, size: int = 0) -> Charge | None:
    """Write down how a call ended and how long it took; what a call that is paid by itself has come to."""
    milliseconds = int((time.monotonic() - call.began) * 1000)
    facts = {"status": status, "milliseconds": milliseconds, "bytes_out": size}
    with transaction.atomic(), scope(org_id=call.buyer_id):
        return charging.end(call.usage_id, outcome=outcome, taken=call.taken, **facts)


def usage_by_listing(org_id: int, *, days: int = 30) -> list[dict[str, Any]]:
    """Calls of the last `days` days, a row a tool, most used first."""
    since = timezone.now() - timedelta(days=days)
    rows = UsageRecord.objects.made_by(org_id).since(since).values("listing__name", "listing__slug")
    return [
        dict(row)
        for row in rows.annotate(
            calls=Count("id"), answered=Count("id", filter=Q(outcome="answered")), average=Avg("milliseconds")
        ).order_by("-calls")
    ]


def _count(
    *, buyer_id: int, listing: Listing, size: int, api_key_id: int | None = None, user_id: int | None = None
) -> Call:
    right = entitlement(buyer_id, listing)
    if not right.allowed or right.subscription is None:
        if right.allowance:
            raise CallRefused(429, "calls_used_up", right.reason)
        raise CallRefused(402, "no_subscription", right.reason)
    subscription: Subscription = right.subscription
    try:
        taken = count_call(subscription)
    except UsedUp as used_up:
        raise CallRefused(429, "calls_used_up", str(used_up)) from None
    usage = UsageRecord.objects.create(
        buyer_id=buyer_id,
        provider_id=subscription.provider_id,
        subscription=subscription,
        listing=listing,
        api_key_id=api_key_id,
        user_id=user_id,
        bytes_in=size,
        meter_id=taken.meter_id if taken else None,
        cost=taken.cost if taken else 0,
    )
    way = way_to(listing, usage.request_id, version=subscription.version_number)
    return Call(usage.pk, buyer_id, *way, taken, right.grace_ends_at)


def way_to(listing: Listing, request_id: uuid.UUID, version: int | None = None) -> tuple[str, dict[str, str]]:
    """The address of a listing's service in a version, or the latest, and a call's headers with the provider's key."""
    with as_system("the endpoint and its key are the provider's rows; the gateway alone may use them"):
        number = version or listing.version_number or 0
        endpoint = ListingVersion.objects.get(listing=listing, number=number).endpoint
        return endpoint, {"X-Request-Id": str(request_id), **key_headers(listing)}


def key_headers(listing: Listing) -> dict[str, str]:
    """What carries the provider's key to its service, unsealed, if one is stored; as the system.

    Raises CallRefused when it cannot be unsealed: that is this listing's trouble, and must not stop the others' calls.
    """
    secret = UpstreamSecret.objects.filter(listing=listing).first()
    if secret is None:
        return {}
    sealed = sealing.Sealed(secret.key_id, bytes(secret.nonce), bytes(secret.ciphertext))
    try:
        key = sealing.unseal(sealed, org_id=secret.org_id, listing_id=listing.pk)
    except sealing.CannotUnseal as problem:
        log.exception("gateway.key_not_unsealed", listing=listing.slug, problem=str(problem))
        sentence = _("The provider's key to this service cannot be opened: its provider has to store it again.")
        raise CallRefused(502, "provider_key", sentence) from None
    return {"Authorization": f"Bearer {key}"}


def known_key(text: str) -> ApiKey:
    """The key that this is the text of, for whichever organization; raises CallRefused."""
    with as_system("a key says which organization it belongs to; until then there is no scope"):
        key = ApiKey.objects.filter(prefix=text[: sealing.PREFIX_LENGTH]).first()
    if key is None or not sealing.is_same(text, key.digest):
        raise CallRefused(401, "unknown_key", _("This key is not known. Make one in your workspace, under Keys."))
    if key.revoked_at is not None:
        raise CallRefused(
            401,
            "revoked_key",
            _("This key was revoked on %(day)s. Make a new one.")
            % {"day": formats.date_format(key.revoked_at, "DATE_FORMAT")},
        )
    return key


def _org(actor: Actor) -> int:
    if actor.org_id is None:
        raise Refused(_("Choose an organization first."))
    return actor.org_id
