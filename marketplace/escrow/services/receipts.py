"""Sign what the calls of a deposit have come to, and have the contract pay it; and close what may be closed.

Each step is a row before it is a deed: a receipt is stored before it is sent, and sent by the outbox, once. So a
process may die between any two lines, and the next round goes on from the rows.
"""

from datetime import timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from chain import abi, outbox, receipts, status
from chain.failpoints import failpoint
from chain.models import OPEN_STATES, Contract, Cursor, Log, State
from chain.signing import CannotSign
from marketplace.escrow.models import CallDeposit, Channel, Receipt, Sending, Settlement
from marketplace.escrow.models.calls import CallDepositQuerySet
from marketplace.escrow.services.reconciling import differing
from marketplace.escrow.services.settling import cursor_name
from marketplace.subscriptions.clock import block_time
from marketplace.subscriptions.models import Meter
from marketplace.tenancy.scope import as_system

BATCH: Final = 50
ATTEMPTS: Final = 5
CLAIM_PART: Final = 4  # a claim is sent when this part of a deposit is used and not claimed: a quarter
CLAIM_EVERY: Final = timedelta(days=1)
UNDER_WAY: Final = (State.QUEUED, *OPEN_STATES)
What = Sending.What
log = structlog.get_logger(__name__)


def sign_receipts() -> int:
    """Store a receipt for each deposit whose answered calls came to more than its last one says; returns how many."""
    with transaction.atomic(), as_system("the calls of every organization are signed for"):
        used = _open_here().filter(order__subscription__meter__owed__gt=F("channel__claimed"))
        rows = list(used.select_for_update(of=("self",), skip_locked=True, no_key=True).order_by("pk"))
        failpoint("escrow.receipts.after_lock")
        done = sum(_sign(deposit) for deposit in rows)
        failpoint("escrow.receipts.before_commit")
    failpoint("escrow.receipts.after_commit")
    return done


def _sign(deposit: CallDeposit) -> bool:
    owed, last = _owed(deposit), _last_receipt(deposit)
    if owed <= (int(last.cumulative) if last else 0):
        return False
    channel = deposit.channel
    where = {"chain": channel.chain, "contract": channel.contract, "channel_id": channel.channel_id}
    try:
        signature = receipts.sign(**where, cumulative=owed, signer=channel.signer)
    except CannotSign as problem:
        log.error("escrow.receipt_not_signed", channel=channel.channel_id, problem=str(problem))
        return False
    both = {"buyer_id": deposit.buyer_id, "provider_id": deposit.provider_id}
    Receipt.objects.create(deposit=deposit, cumulative=owed, signature=signature, **both)
    return True


def claim_used() -> int:
    """Leave a claim to be sent for each deposit of which enough is used, a day has passed, or which is closing.

    Returns how many. While one is under way no other is made. Nothing while the chain is frozen, or of a contract whose
    settlement stands still or whose books differ.
    """
    if block_time() is None or status.lag().frozen:
        return 0
    with transaction.atomic(), as_system("claims are due to every organization"):
        signed = _movable().filter(receipts__cumulative__gt=F("channel__claimed")).distinct()
        rows = _locked(signed)
        failpoint("escrow.claim.after_lock")
        done = sum(_claim(deposit) for deposit in rows)
        failpoint("escrow.claim.before_commit")
    failpoint("escrow.claim.after_commit")
    return done


def _claim(deposit: CallDeposit) -> bool:
    receipt, channel = _last_receipt(deposit), deposit.channel
    cumulative = int(receipt.cumulative) if receipt else 0
    attempt = _next_attempt(deposit, What.CLAIM, cumulative)
    if receipt is None or not attempt or not _is_due(deposit, cumulative - int(channel.claimed)):
        return False
    words = (channel.channel_id, cumulative, bytes.fromhex(receipt.signature[2:]))
    _send(deposit, What.CLAIM, cumulative, attempt, abi.encode_call("MarketEscrow", "claim", *words))
    return True


def _is_due(deposit: CallDeposit, unclaimed: int) -> bool:
    channel, now = deposit.channel, timezone.now()
    if unclaimed <= 0:
        return False
    if channel.state == Channel.State.CLOSING or unclaimed * CLAIM_PART >= int(channel.deposit):
        return True
    if _owed(deposit) + _price(deposit) > int(channel.deposit):
        return True  # all of it is used
    since = deposit.receipts.filter(cumulative__gt=channel.claimed).order_by("cumulative").values_list("at", flat=True)
    first = since.first()
    return first is not None and first <= now - CLAIM_EVERY


def close_over() -> int:
    """Leave the closing of each deposit whose delay is over, and of which all that is owed was claimed, to be sent."""
    now = block_time()
    if now is None or status.lag().frozen:
        return 0
    with transaction.atomic(), as_system("what is left of deposits goes back to every organization"):
        over = _movable().filter(channel__state=Channel.State.CLOSING, channel__closes_at__lte=now)
        rows = _locked(over.filter(_all_claimed()))
        failpoint("escrow.close.after_lock")
        done = sum(_close(deposit) for deposit in rows)
        failpoint("escrow.close.before_commit")
    failpoint("escrow.close.after_commit")
    return done


def _all_claimed() -> Q:
    """Nothing is under way, and what calls came to is claimed; of one that came too late nothing was used."""
    meter = "order__subscription__meter__"
    settled = Q(**{f"{meter}owed": F("channel__claimed"), f"{meter}spent": F(f"{meter}owed")})
    return settled | Q(is_late=True)


def _close(deposit: CallDeposit) -> bool:
    attempt = _next_attempt(deposit, What.CLOSE, 0)
    if attempt and deposit.channel.state == Channel.State.CLOSING:
        data = abi.encode_call("MarketEscrow", "closeChannel", deposit.channel.channel_id)
        _send(deposit, What.CLOSE, 0, attempt, data)
        return True
    return False


# ── inside ──


def _open_here() -> CallDepositQuerySet:
    found = CallDeposit.objects.unclosed().filter(channel__chain=settings.CHAIN_ID, is_late=False)
    return found.select_related("channel", "order__subscription")


def _movable() -> CallDepositQuerySet:
    still = Settlement.objects.filter(chain=settings.CHAIN_ID).exclude(stopped="").values("contract")
    found = CallDeposit.objects.unclosed().filter(channel__chain=settings.CHAIN_ID)
    found = found.exclude(channel__contract__in=still).exclude(channel__contract__in=differing(settings.CHAIN_ID))
    return found.select_related("channel", "order__subscription")


def _locked(found: CallDepositQuerySet) -> list[CallDeposit]:
    ids = list(found.order_by("pk").values_list("pk", flat=True)[:BATCH])
    rows = CallDeposit.objects.filter(pk__in=ids).select_related("channel", "order__subscription").order_by("pk")
    return list(rows.select_for_update(of=("self",), skip_locked=True, no_key=True))


def _last_receipt(deposit: CallDeposit) -> Receipt | None:
    return Receipt.objects.filter(deposit=deposit).order_by("-cumulative").first()


def _meter(deposit: CallDeposit) -> Meter:
    return Meter.objects.get(subscription=deposit.order.subscription)


def _owed(deposit: CallDeposit) -> int:
    return 0 if deposit.is_late else int(_meter(deposit).owed)


def _price(deposit: CallDeposit) -> int:
    return int(_meter(deposit).price)


def _next_attempt(deposit: CallDeposit, what: str, cumulative: int) -> int:
    """The number of the next transaction; 0 while the last one may still move the deposit, or all were refused."""
    last = Sending.objects.filter(deposit=deposit).select_related("transaction").order_by("-pk").first()
    if last is None:
        return 1
    if last.transaction.state in UNDER_WAY or not _is_settled(deposit, last):
        return 0
    deposit.channel.refresh_from_db()  # what that transaction did is settled by now
    same = Sending.objects.filter(deposit=deposit, what=what, cumulative=cumulative).order_by("-attempt").first()
    if same and same.attempt >= ATTEMPTS:
        log.error("escrow.calls_gave_up", channel=deposit.channel.channel_id, what=what)
        return 0
    return same.attempt + 1 if same else 1


def _is_settled(deposit: CallDeposit, last: Sending) -> bool:
    """Whether all that the last transaction may have emitted is applied: else it would be sent twice."""
    mined = last.transaction.mined_number
    if mined is None:
        return True
    contract = Contract.objects.get(chain=deposit.channel.chain, address=deposit.channel.contract)
    cursor = Cursor.objects.filter(name=cursor_name(contract)).first() or Cursor(name=cursor_name(contract))
    return status.lag().final >= mined and not Log.objects.of(contract).final().after(cursor).exists()


def _send(deposit: CallDeposit, what: str, cumulative: int, attempt: int, data: bytes) -> None:
    channel = deposit.channel
    key = f"{what}:{channel.channel_id}:{cumulative}:{attempt}"
    sent = outbox.submit(key=key, to=channel.contract, data=data, chain=channel.chain, urgent=True)
    both = {"buyer_id": deposit.buyer_id, "provider_id": deposit.provider_id}
    Sending.objects.create(deposit=deposit, what=what, cumulative=cumulative, attempt=attempt, transaction=sent, **both)
