"""The cast of the tests: Ada buys, Ben sells, Mia moderates; and small builders of more of their kind.

Each builder writes as the system, in a transaction of its own, so it works in any test that may use the database.
The wallets are the local chain's well-known development accounts.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.utils import timezone
from django.utils.text import slugify

from marketplace.accounts.models import User, Wallet
from marketplace.catalog.models import Category, Currency, Listing, ListingVersion, Plan
from marketplace.catalog.plans import PlanTerms, read, stored
from marketplace.catalog.search.indexing import catch_up
from marketplace.organizations.models import Membership, Organization
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import as_system

P = ParamSpec("P")
T = TypeVar("T")

PASSWORD = "guildhall-demo-1"
ADA_ADDRESS = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
ADA_KEY = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"
BEN_ADDRESS = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"
BEN_KEY = "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a"
MIA_ADDRESS = "0x90F79bf6EB2c4f870365E785982E1f101E93b906"
MIA_KEY = "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6"
DOLLAR_ADDRESS = "0x5FbDB2315678afecb367f032d93F642f64180aa3"

TUSD = 1_000_000  # base units of one test dollar
DAY = 86_400
INPUT_SCHEMA = {
    "type": "object",
    "properties": {"text": {"type": "string", "title": "Reviews", "format": "textarea"}},
    "required": ["text"],
}
PRICED = (
    "plan_name", "currency", "price", "period_seconds", "included_calls", "trial_calls", "trial_days", "grace_calls",
    "grace_days", "least_deposit", "overage_price",
)  # fmt: skip
OUTPUT_SCHEMA = {"type": "object", "properties": {"mood": {"type": "string", "title": "Mood"}}}
EXAMPLE = {"text": "The bread was wonderful."}


def written(builder: Callable[P, T]) -> Callable[P, T]:
    """Run a builder as the system, in one transaction."""

    @wraps(builder)
    def inside(*args: P.args, **kwargs: P.kwargs) -> T:
        with transaction.atomic(), as_system("the tests' world"):
            return builder(*args, **kwargs)

    return inside


@written
def person(name: str, *, address: str = "", **fields: Any) -> User:
    """A person with the e-mail address `name@example.com`, the demo password and, with `address`, that wallet."""
    email = fields.pop("email", f"{slugify(name)}@example.com")
    user = User.objects.create_user(email, PASSWORD, name=name, **fields)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    if address:
        Wallet.objects.create(user=user, address=address)
    return user


@written
def organization(name: str, *, owner: User | None = None, role: str = "owner", **fields: Any) -> Organization:
    """An organization; `owner` becomes its member with `role`. With `state="verified"` it may sell."""
    org = Organization.objects.create(name=name, **{"slug": slugify(name), "country": "DE", **fields})
    if owner:
        Membership.objects.create(org=org, user=owner, role=role)
    return org


@written
def provider(name: str, *, owner: User | None = None, payout_address: str = BEN_ADDRESS) -> Organization:
    """A verified organization with a payout wallet."""
    verified = {"state": Organization.State.VERIFIED, "verified_at": timezone.now(), "checked": "register"}
    return organization(name, owner=owner, payout_address=payout_address, **verified)


@written
def member(org: Organization, user: User, role: str) -> Membership:
    """One more member of an organization."""
    return Membership.objects.create(org=org, user=user, role=role)


@written
def currency(symbol: str = "TUSD", address: str = DOLLAR_ADDRESS, **fields: Any) -> Currency:
    """The test dollar: six decimals, accepted, takes permits and authorizations; in a market, the market's own."""
    if own := Currency.objects.filter(chain=settings.CHAIN_ID, symbol=symbol, accepted=True, **fields).first():
        return own
    defaults = {"symbol": symbol, "name": "Test Dollar", "decimals": 6, "accepted": True, "takes_permit": True}
    found, _ = Currency.objects.get_or_create(
        chain=settings.CHAIN_ID, address=address, defaults={**defaults, "takes_authorization": True, **fields}
    )
    return found


@written
def category(slug: str = "customers", name: str = "Customers and service") -> Category:
    """A shelf of the shop."""
    found, _ = Category.objects.get_or_create(slug=slug, defaults={"name": name, "summary": name, "icon": "headset"})
    return found


@written
def version(org: Organization, name: str = "Review mood", **fields: Any) -> ListingVersion:
    """A draft of a new, hidden listing; `state`, `price` and the like as given. `listing` adds to an existing one."""
    listing = fields.pop("listing", None) or Listing.objects.create(org=org, slug=fields.pop("slug", slugify(name)))
    defaults = {
        "number": listing.versions.count() + 1,
        "name": name,
        "summary": f"{name}: what your customers feel, in a minute",
        "description": "Paste reviews. Get their **mood** and what they are about.",
        "category": fields.get("category") or category(),
        "endpoint": "http://127.0.0.1:9/review-mood",
        "input_schema": INPUT_SCHEMA,
        "output_schema": OUTPUT_SCHEMA,
        "example": EXAMPLE,
        "plans": stored([terms(**{name: fields.pop(name) for name in PRICED if name in fields})]),
    }
    return ListingVersion.objects.create(listing=listing, org=org, **{**defaults, **fields})


def terms(**fields: Any) -> PlanTerms:
    """The terms of a plan: 29 test dollars for 30 days, unless told otherwise."""
    fields.setdefault("name", fields.pop("plan_name", "Standard"))
    fields["currency"] = fields.get("currency") or currency()
    return PlanTerms(**{"price": 29 * TUSD, "period_seconds": 30 * DAY, **fields})


@written
def listing(org: Organization, name: str = "Review mood", **fields: Any) -> Listing:
    """A public listing with one plan on sale, as if its first version had been approved."""
    now = timezone.now()
    made = version(org, name, state=ListingVersion.State.APPROVED, submitted_at=now, decided_at=now, **fields)
    shown = made.listing
    for field in ("name", "summary", "description", "category", "input_schema", "output_schema", "example", "media"):
        setattr(shown, field, getattr(made, field))
    shown.version_number, shown.content_hash = made.number, f"0x{made.pk:064x}"
    shown.state, shown.published_at = Listing.State.PUBLIC, now
    shown.save()
    for offered in read(made.plans):
        Plan.objects.create(
            listing=shown, org=org, version_number=made.number, content_hash=shown.content_hash, **offered.columns()
        )
    catch_up()
    return shown


def plan(shown: Listing) -> Plan:
    """The plan of a listing that is on sale, the dearest of several; plans are public."""
    on_sale = Plan.objects.on_sale().select_related("listing", "org", "currency").filter(listing=shown)
    return on_sale.order_by("-price")[0]


def sign_in(client: Client, user: User, *, second_factor: bool | None = None, ago: float = 0) -> Client:
    """Leave in the browser's session what the sign-in pages leave there: how the person showed who they are, and when.

    A moderator has an authenticator app and used it, unless told otherwise; `ago` is in seconds.
    """
    records = [{"method": "password", "at": time.time() - ago}]
    if user.is_moderator if second_factor is None else second_factor:
        Authenticator.objects.get_or_create(user=user, type=Authenticator.Type.TOTP, defaults={"data": {"secret": ""}})
        records.append({"method": "mfa", "type": "totp", "at": time.time() - ago})
    session = client.session
    session["account_authentication_methods"] = records
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
    return client


def actor(user: User, org: Organization | None = None, role: str = "owner") -> Actor:
    """The person, acting for an organization with a role, or for nobody."""
    return Actor(user.pk, org.pk, role) if org else Actor(user.pk)


@dataclass(frozen=True)
class Cast:
    """Ada's bakery buys; Ben's verified workshop sells one tool on one plan; Mia moderates."""

    ada: User
    bakery: Organization
    ben: User
    workshop: Organization
    mia: User
    currency: Currency
    listing: Listing
    plan: Plan


@written
def cast() -> Cast:
    """Everybody, in a database without them."""
    ada, ben = person("Ada", address=ADA_ADDRESS), person("Ben", address=BEN_ADDRESS)
    bakery, workshop = organization("Ada Bakery", owner=ada), provider("Ben Workshop", owner=ben)
    mia = person("Mia", is_moderator=True)
    shown = listing(workshop)
    return Cast(ada, bakery, ben, workshop, mia, currency(), shown, plan(shown))
