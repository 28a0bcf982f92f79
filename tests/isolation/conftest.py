"""A market in which every owned table holds rows of two strangers' trades."""

import hashlib
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import connection, transaction
from django.utils import timezone

from chain.models import OutgoingTransaction, ReceiptProof
from marketplace.audit import services as audit
from marketplace.catalog.models import PictureFile, Plan, SavedList, SavedListing
from marketplace.disputes.models import Appeal as RulingAppeal
from marketplace.disputes.models import AppealDraft, Dispute, Evidence, EvidenceFile, Ruling
from marketplace.escrow.models import (
    CallDeposit,
    Channel,
    Escrow,
    Invoice,
    LedgerEntry,
    Payment,
    ProvenEvent,
    Receipt,
    Release,
    Sending,
    SoldOffer,
    Statement,
    WalletTransaction,
)
from marketplace.gateway.models import (
    ApiKey,
    EndpointTest,
    KeyMonth,
    ToolRun,
    Trial,
    TrialAllowance,
    TrialCall,
    UpstreamSecret,
    UsageRecord,
)
from marketplace.moderation.models import Appeal, Decision, Report, ReviewCase
from marketplace.notifications.models import Notification
from marketplace.organizations.models import (
    BusinessDetails,
    Document,
    DomainCheck,
    Invitation,
    Membership,
    Organization,
    Verification,
    VoteRequest,
    VotingWallet,
)
from marketplace.privacy.models import Erasure, Export
from marketplace.reviews import models as reviews
from marketplace.subscriptions.models import (
    Addition,
    CallCount,
    Meter,
    Order,
    SpendingLimit,
    SpendingRequest,
    Subscription,
)
from marketplace.tenancy.actor import Actor
from tests import world


@dataclass
class Trade:
    """One buyer, one provider, and a row of theirs in every table."""

    canary: str
    buyer: Organization
    buyer_owner: Any
    provider: Organization
    provider_owner: Any
    listing: Any
    plan: Plan
    order: Order
    subscription: Subscription
    key: ApiKey
    run: ToolRun
    case: ReviewCase
    draft: Any
    asked: SpendingRequest
    document: Document
    invitation: Invitation
    membership: Membership
    export: Export
    review: reviews.Review
    saved_list: SavedList
    saved: SavedListing
    dispute: Dispute
    evidence_file: EvidenceFile
    picture: PictureFile
    invoice: Invoice
    voting: VoteRequest


def told_month(buyer: Organization) -> date:
    """A month with a statement, another one for each trade."""
    return date(2001 + buyer.pk % 20, 1 + buyer.pk % 12, 1)


def charged(canary: str) -> dict[str, Any]:
    """The content of an invoice over one test dollar."""
    side = {"name": canary, "country": "DE", "address": canary, "vat_number": "", "registration_number": ""}
    return {
        "provider": side, "buyer": side, "listing": canary, "plan": "Standard", "order": canary, "symbol": "TUSD",
        "decimals": 6, "price": "1000000", "period_seconds": world.DAY, "at": "2026-11-21T00:00:00+00:00", "block": 1,
        "tx": canary, "event": "funded", "treatment": "unregistered", "rate_bps": 0, "gross": "1000000",
        "net": "1000000", "vat": "0", "periods": 1, "from": "2026-11-21T00:00:00+00:00",
        "until": "2026-11-22T00:00:00+00:00",
    }  # fmt: skip


@world.written
def trade(name: str) -> Trade:
    """A complete trade; `canary` stands in everything that only its two sides may read."""
    canary = f"canary-{name}-{uuid.uuid4().hex[:8]}"
    buyer_owner, provider_owner = world.person(f"Buyer {name}"), world.person(f"Seller {name}")
    buyer = world.organization(f"{name} Bakery", owner=buyer_owner)
    provider = world.provider(f"{name} Workshop", owner=provider_owner)
    listing = world.listing(provider, f"{name} tool")
    draft = world.version(provider, listing=listing, name=canary, endpoint=f"https://{canary}.example/")
    plan = world.plan(listing)
    now = timezone.now()
    both = {"buyer": buyer, "provider": provider}
    order = Order.objects.create(
        **both, listing=listing, plan=plan, state="funded", currency=plan.currency, price=plan.price,
        period_seconds=plan.period_seconds, periods=2, max_fee_bps=250, provider_address=world.BEN_ADDRESS,
        order_ref="0x" + uuid.uuid4().hex * 2, expires_at=now,
    )  # fmt: skip
    ends = now + timedelta(days=60)
    subscription = Subscription.objects.create(
        **both, order=order, listing=listing, state="active", starts_at=now, ends_at=ends
    )
    CallCount.objects.create(**both, subscription=subscription, period=0, calls=1)
    escrow = Escrow.objects.create(
        **both, order=order, chain="eip155:31337", contract=world.DOLLAR_ADDRESS, escrow_id=order.order_ref,
        buyer_address=world.ADA_ADDRESS, provider_address=world.BEN_ADDRESS, currency=plan.currency, total=order.amount,
        price=plan.price, period_seconds=plan.period_seconds, periods=2, fee_bps=250, treasury=world.MIA_ADDRESS,
        hold_seconds=0, started_at=now, ends_at=ends, funded_block=1, funded_tx=canary,
        state="disputed", frozen_at=now, ruling_due_at=ends,
    )  # fmt: skip
    for account, amount in (("buyer", -order.amount), ("escrow", order.amount)):
        LedgerEntry.objects.create(
            **both, escrow=escrow, account=account, amount=amount, currency=plan.currency, event="funded", seq=1,
            block_number=1, tx_hash=canary, at=now,
        )  # fmt: skip
    outgoing = OutgoingTransaction.objects.create(
        key=canary, chain="eip155:31337", to=world.DOLLAR_ADDRESS, data=b"", state="failed", refusal="for the test"
    )
    Payment.objects.create(
        **both, order=order, address=world.ADA_ADDRESS, contract=world.DOLLAR_ADDRESS, escrow_id=order.order_ref
    )
    calls = Order.objects.create(
        **both, listing=listing, plan=plan, state="funded", currency=plan.currency, price=1, period_seconds=0,
        periods=5, max_fee_bps=250, provider_address=world.BEN_ADDRESS, order_ref="0x" + uuid.uuid4().hex * 2,
        expires_at=now, signer=world.MIA_ADDRESS,
    )  # fmt: skip
    metered = Subscription.objects.create(
        **both, order=calls, listing=listing, state="ended", starts_at=now, ends_at=now
    )
    Meter.objects.create(**both, subscription=metered, price=1, deposit=5)
    channel = Channel.objects.create(
        chain="eip155:31337", contract=world.DOLLAR_ADDRESS, channel_id=calls.order_ref, channel_ref=calls.order_ref,
        state="closed", payer_address=world.ADA_ADDRESS, provider_address=world.BEN_ADDRESS, signer=world.MIA_ADDRESS,
        currency=plan.currency, fee_bps=250, treasury=world.MIA_ADDRESS, close_delay_seconds=1, deposit=5, refunded=5,
        seq=1, block_number=1, tx_hash=canary, at=now,
    )  # fmt: skip
    put_in = CallDeposit.objects.create(**both, channel=channel, order=calls)
    Receipt.objects.create(**both, deposit=put_in, cumulative=1, signature="0x")
    Sending.objects.create(**both, deposit=put_in, what="close", transaction=outgoing)
    Release.objects.create(**both, escrow=escrow, through=now, transaction=outgoing)
    SoldOffer.objects.create(**both, order=order, content_hash=order.order_ref, text=json.dumps({"name": canary}))
    proof = ReceiptProof.objects.create(
        chain="eip155:31337", block_number=1, block_hash=order.order_ref, tx_hash=order.order_ref, index=0, first_log=0,
        header=b"h", receipt=b"r", nodes=[],
    )  # fmt: skip
    ProvenEvent.objects.create(**both, escrow=escrow, seq=1, name="Funded", log=0, proof=proof)
    ProvenEvent.objects.create(**both, calls=put_in, seq=2, name="ChannelOpened", log=1, proof=proof)
    for org in (buyer, provider):
        told = {"currencies": [], "canary": canary}
        Statement.objects.create(org=org, month=told_month(buyer), number=1, content=told, issued_at=now)
    invoice = Invoice.objects.create(
        **both, escrow=escrow, seq=1, kind="invoice", number=1, language="en", issued_at=now, content=charged(canary)
    )
    WalletTransaction.objects.create(
        org=buyer, purpose="withdraw", subject=canary, address=world.ADA_ADDRESS, tx_hash="0x" + uuid.uuid4().hex * 2
    )
    asked = Verification.objects.create(org=provider, registration_number=canary)
    document = Document.objects.create(
        org=provider, verification=asked, name=canary, kind="application/pdf", size=1, sha256="0" * 64, file=canary
    )
    BusinessDetails.objects.create(org=provider, registration_number=canary, step="done")
    DomainCheck.objects.create(org=provider, domain=f"{canary}.example", token=canary)
    invitation = Invitation.objects.create(
        org=provider, email=f"{canary.lower()}@example.com", role="viewer", nonce=canary, digest=uuid.uuid4().hex * 2,
        expires_at=now + timedelta(days=7), mailed_at=now,
    )  # fmt: skip
    key = ApiKey.objects.create(org=buyer, name=canary, prefix=uuid.uuid4().hex[:12], digest="0" * 64)
    UpstreamSecret.objects.create(org=provider, listing=listing, key_id="k", nonce=b"n" * 12, ciphertext=b"c")
    UsageRecord.objects.create(**both, subscription=subscription, listing=listing, api_key=key)
    run = ToolRun.objects.create(org=buyer, subscription=subscription, listing=listing, input={"text": canary})
    saved_list = SavedList.objects.create(org=buyer, name=canary)
    saved = SavedListing.objects.create(org=buyer, saved_list=saved_list, listing=listing, note=canary)
    digest = hashlib.sha256(canary.encode()).hexdigest()
    picture = PictureFile(org=provider, picture=digest, sha256=digest, width=640, height=400, size=len(canary))
    picture.file.save(f"{canary}.webp", ContentFile(canary.encode()), save=False)
    picture.save()
    Trial.objects.create(org=buyer, listing=listing, input={"text": canary})
    TrialAllowance.objects.create(org=buyer, listing=listing, calls=1)
    TrialCall.objects.create(provider=provider, listing=listing)
    EndpointTest.objects.create(
        org=provider, listing=listing, version_number=1, endpoint=f"https://{canary}.example/", state="done",
        input={"text": canary}, answer=canary, status=200, milliseconds=80, steps={"resolved": 2, "connected": 9},
    )  # fmt: skip
    case = ReviewCase.objects.create(org=provider, version=draft)
    Decision.objects.create(org=provider, case=case, outcome="changes", reason=canary)
    reported = ReviewCase.objects.create(org=provider, listing=listing)
    Report.objects.create(case=reported, category="other", text=canary, reporter=buyer_owner)
    Appeal.objects.create(org=provider, case=reported, text=canary)
    for user, org in ((buyer_owner, buyer), (provider_owner, provider)):
        Notification.objects.create(
            user=user, org=org, entry_id=1, kind="orders", rule="order.placed/0", facts={"note": canary}, path="/",
            at=now,
        )  # fmt: skip
    export = Export.objects.create(org=buyer, user=buyer_owner)
    Erasure.objects.create(org=provider, user=provider_owner, due_at=ends)
    audit.record(Actor(buyer_owner.pk, buyer.pk, "owner"), "order.placed", order, note=canary)
    SpendingLimit.objects.create(org=buyer, user=buyer_owner, currency=plan.currency, monthly=10**9 * world.TUSD)
    Addition.objects.create(org=buyer, order=order, by=buyer_owner, before=1, count=1, began_at=now, until=ends)
    asked = SpendingRequest.objects.create(
        org=buyer, asked_by=buyer_owner, plan=plan, currency=plan.currency, periods=1,
        amount=plan.price, form_key=uuid.uuid4(), note=canary,
    )  # fmt: skip
    VotingWallet.objects.create(org=buyer, address="0x" + uuid.uuid4().hex + uuid.uuid4().hex[:8])
    voting = VoteRequest.objects.create(
        org=buyer, asked_by=buyer_owner, wallet=world.ADA_ADDRESS, chain="eip155:31337", governor=world.DOLLAR_ADDRESS,
        proposal="1", support=1, note=canary,
    )  # fmt: skip
    KeyMonth.objects.create(org=buyer, api_key=key, month=now.date().replace(day=1), calls=1)
    # Reviews are public; what a moderator has hidden is not.
    review = reviews.Review.objects.create(
        org=buyer,
        listing=listing,
        order=order,
        stars=2,
        title=canary,
        text=canary,
        state="hidden",
        hidden_reason=canary,
    )
    reviews.Wording.objects.create(review=review, org=buyer, number=1, stars=1, title=canary, text=canary)
    reviews.Answer.objects.create(
        review=review, listing=listing, org=provider, text=canary, state="hidden", hidden_reason=canary
    )
    reviews.Invitation.objects.create(org=buyer, listing=listing, order=order)
    dispute = Dispute.objects.create(
        **both, order=order, escrow=escrow, state="answered", category="other", salt="5a" * 32, opened_at=now,
        evidence_hash="0x" + "e7" * 32, answer_due_at=ends, contested=world.TUSD,
    )  # fmt: skip
    said = Evidence.objects.create(**both, dispute=dispute, part="statement", side="buyer", text=canary)
    evidence_file = EvidenceFile.objects.create(
        **both, evidence=said, name=canary, kind="text/plain", size=1, sha256="5b" * 32, file=canary
    )
    Ruling.objects.create(
        **both, dispute=dispute, state="failed", provider_bps=5_000, reasons=canary, salt="5a" * 32,
        ruling_hash="0x" + "a1" * 32, contested=world.TUSD, needs_second=False, failure="for the test",
    )  # fmt: skip
    against = RulingAppeal.objects.create(
        **both, org=buyer, dispute=dispute, side="buyer", remedy="dismiss", text=canary
    )
    AppealDraft.objects.create(org=buyer, appeal=against, path=f"/{canary}/")
    return Trade(
        canary, buyer, buyer_owner, provider, provider_owner, listing, plan, order, subscription, key, run, case, draft,
        asked, document, invitation, Membership.objects.get(org=provider), export, review,
        saved_list, saved, dispute, evidence_file, picture, invoice, voting,
    )  # fmt: skip


@contextmanager
def two_trades() -> Iterator[tuple[Trade, Trade]]:
    """Two trades that have nothing to do with each other, for the tests of a module: each is rolled back to them.

    They stand in a transaction that is never committed, so no such test may be a transactional one.
    """
    with transaction.atomic():
        found = trade("North"), trade("South")
        connection.check_constraints()
        yield found
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def kept_trades(django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[Trade, Trade]]:
    with django_db_blocker.unblock(), two_trades() as found:
        yield found


@pytest.fixture
def trades(kept_trades: tuple[Trade, Trade], db: None) -> tuple[Trade, Trade]:
    return kept_trades
