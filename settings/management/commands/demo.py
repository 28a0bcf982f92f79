"""`manage.py demo`: fill an empty local market with people, organizations and tools, as they would have done it."""

import os
import time
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from chain.watcher import watch
from marketplace.accounts.models import User, Wallet
from marketplace.catalog import services as catalog
from marketplace.catalog.models import Category, Currency
from marketplace.catalog.plans import PlanTerms
from marketplace.escrow.services import settle
from marketplace.gateway.services import keep_service_key
from marketplace.moderation.models import ReviewCase
from marketplace.moderation.services import decide, open_cases
from marketplace.organizations import services as organizations
from marketplace.organizations.models import Organization
from marketplace.subscriptions.models import MarketParams
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import as_system, scope
from settings.local.people import PASSWORD, PEOPLE, Person
from settings.local.tools.manifests import MANIFESTS, Manifest

DAY = 86_400


def _plans(manifest: Manifest, currency: Currency) -> tuple[PlanTerms, ...]:
    """What the manifest asks for, with a trial; one tool also has a free and a capped plan, one a price of a call."""
    price, period = int(Decimal(manifest.price.amount).scaleb(currency.decimals)), manifest.price.period_days * DAY
    standard = PlanTerms(
        name="Standard", currency=currency, price=price, period_seconds=period, trial_calls=20, trial_days=14
    )
    unit = 10**currency.decimals
    if manifest.slug == "duplicate-customers":
        by_call = PlanTerms(
            name="Pay as you go", currency=currency, price=unit // 20, period_seconds=0, least_deposit=unit
        )
        return (by_call, standard)
    if manifest.slug != "review-sentiment":
        return (standard,)
    free = PlanTerms(name="Free", currency=currency, price=0, period_seconds=period, included_calls=25)
    small = PlanTerms(
        name="Small", currency=currency, price=price // 3, period_seconds=period, included_calls=200,
        overage_price=unit // 20, trial_calls=20, trial_days=14, grace_calls=50, grace_days=7,
    )  # fmt: skip
    return (free, small, standard)


class Command(BaseCommand):
    help = "Fill an empty local market with demo people, organizations and tools; does nothing the second time."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO_TOOLS_URL:
            raise CommandError("Demo data is for the local market: start it with bin/up.")
        if User.objects.filter(email=PEOPLE[0].email).exists():
            for person in PEOPLE:
                self._can_sign_in(person)
            return
        currency = self._wait_for_the_chain()
        ada, ben, mia, _ = [self._person(person) for person in PEOPLE]
        self._organization(ada, name="Sunrise Bakery", about="Bread and cakes for forty cafés", intention="buy")
        workshop = self._organization(
            ben, name="Lindgren Data Workshop", about="Small tools for small companies", intention="sell"
        )
        moderator = Actor(mia.pk, role="moderator")
        provider = Actor(ben.pk, workshop.pk, "owner")
        self._verify(moderator, provider, PEOPLE[1].address)
        for manifest in MANIFESTS:
            self._list(moderator, provider, manifest, currency)

    def _wait_for_the_chain(self) -> Currency:
        """The accepted currency and the fee come from the escrow's own logs, as soon as they are final."""
        until = time.monotonic() + 60
        while time.monotonic() < until:
            watch()
            settle()
            currency = Currency.objects.filter(accepted=True).first()
            if currency and MarketParams.objects.current():
                return currency
            time.sleep(0.2)
        raise CommandError("The escrow contract's logs did not become final within a minute; is the chain mining?")

    @transaction.atomic
    def _person(self, person: Person) -> User:
        user = User.objects.create_user(
            person.email, PASSWORD, name=person.name, is_moderator="moderates" in person.role
        )
        with scope(user_id=user.pk):
            Wallet.objects.create(user=user, address=person.address, label=f"{person.name}'s wallet", is_payout=True)
        self._can_sign_in(person)
        return user

    @transaction.atomic
    def _can_sign_in(self, person: Person) -> None:
        """With a confirmed address, and who moderates with an authenticator app."""
        user = User.objects.get(email=person.email)
        confirmed = {"verified": True, "primary": True}
        EmailAddress.objects.get_or_create(user=user, email=person.email, defaults=confirmed)
        app = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP)
        if person.authenticator and not app.exists():
            TOTP.activate(user, person.authenticator)

    def _organization(self, owner: User, **facts: str) -> Organization:
        return organizations.create_organization(Actor(owner.pk), country="DE", **facts)

    def _verify(self, moderator: Actor, provider: Actor, address: str) -> None:
        with transaction.atomic(), scope(org_id=provider.org_id, user_id=provider.user_id):
            organizations.set_payout_wallet(provider, address=address)
            organizations.request_verification(
                provider, registration_number="Hamburg HRB 12345", website="https://lindgren.example/"
            )
        self._approve(moderator, "Register and website agree.", checked=["register"])

    def _list(self, moderator: Actor, provider: Actor, manifest: Manifest, currency: Currency) -> None:
        wording = catalog.Wording(
            name=manifest.name,
            summary=manifest.summary,
            description=manifest.description,
            category=Category.objects.get(slug=manifest.category),
            endpoint=f"{settings.DEMO_TOOLS_URL}/{manifest.slug}/",
            input_schema=manifest.input_schema,
            output_schema=manifest.output_schema,
            example=manifest.example,
            plans=_plans(manifest, currency),
            model_name="Rules and statistics of its own, no language model",
            languages=["en", "de"] if manifest.slug == "invoice-fields" else ["en"],
            data_sent="Your input goes to our own service and nowhere else.",
            region="eu",
            retention_days=0,
            trains_on_input=False,
            subprocessors="Nobody",
        )
        with transaction.atomic(), scope(org_id=provider.org_id, user_id=provider.user_id):
            draft = catalog.draft_listing(provider, wording=wording)
            catalog.submit_version(provider, listing_id=draft.listing_id)
            keep_service_key(provider, listing=draft.listing, service_key=os.environ["DEMO_TOOLS_KEY"])
        self._approve(moderator, "It does what it says; tried with the example.")

    def _approve(self, moderator: Actor, reason: str, checked: Sequence[str] = ()) -> None:
        """Decide what waits, as the console does."""
        open_cases()
        with transaction.atomic(), as_system("a moderator decides"):
            for case in ReviewCase.objects.waiting():
                decide(moderator, case=case, outcome="approve", reason=reason, checked=checked)
