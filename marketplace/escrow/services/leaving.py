"""Ways out: stop a deposit and get back what has not elapsed; withdraw what is credited. The wallet sends them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from marketplace.audit import services as audit
from marketplace.escrow import terms
from marketplace.escrow.models import CallDeposit, Credit, Escrow, WalletTransaction
from marketplace.escrow.services.following import PATIENCE, Life, deposit_log, refused_on_chain
from marketplace.escrow.services.funding import checked_hash, only_wallet
from marketplace.lifecycle import Refused
from marketplace.subscriptions.models import Order
from marketplace.tenancy.actor import Actor

Purpose = WalletTransaction.Purpose


@dataclass(frozen=True, slots=True)
class Ending:
    """What a stop at a moment would come to, in base units: what the provider's side has got then, what comes back."""

    used: int
    refund: int


def if_stopped(escrow: Escrow, at: datetime, *, by_buyer: bool = True) -> Ending:
    """As the contract would split what is left: a buyer pays to the second; a provider keeps matured periods only."""
    matured = 0 if escrow.frozen_at else int(escrow.price) * escrow.matured_periods(at)
    due = max((escrow.earned(at) if by_buyer else matured) - escrow.gone, 0)
    return Ending(used=int(escrow.released) + due, refund=escrow.remaining - due)


def contested(escrow: Escrow, at: datetime) -> int:
    """What a dispute at a moment would put in question: earned to the second, less what is paid out before it."""
    return max(escrow.earned(at) - max(int(escrow.price) * escrow.matured_periods(at), escrow.gone), 0)


@dataclass(frozen=True, slots=True)
class Stopping:
    """A deposit as one side sees it: what a stop would do now, whose wallet can do it, whether it is begun."""

    escrow: Escrow
    is_buyer: bool
    ending: Ending
    wallet: str
    life: Life | None
    contested: int = 0

    @property
    def can_stop(self) -> bool:
        return self.escrow.state == Escrow.State.HELD and self.life is None

    @property
    def can_dispute(self) -> bool:
        """Whether the contract would take a buyer's dispute now."""
        return self.can_stop and self.is_buyer and self.contested > 0


def deposits_of(order: Order) -> list[Escrow]:
    """The deposits made for an order: one, or more when somebody paid twice or too late."""
    return list(Escrow.objects.filter(order=order).select_related("currency", "order__subscription").order_by("pk"))


def first_deposit(order: Order) -> Escrow | CallDeposit | None:
    """The deposit that opened an order, for periods or for calls; else one that came too late; else nothing."""
    if order.is_per_call:
        return CallDeposit.objects.filter(order=order).order_by("is_late", "pk").select_related("channel").first()
    return Escrow.objects.filter(order=order).order_by("is_late", "pk").select_related("currency").first()


def stopping(actor: Actor, *, escrow: Escrow, at: datetime) -> Stopping:
    """A deposit from the side of the actor's organization."""
    is_buyer = escrow.buyer_id == actor.org_id
    wallet = escrow.buyer_address if is_buyer else escrow.provider_address
    ending, in_question = if_stopped(escrow, at, by_buyer=is_buyer), contested(escrow, at)
    return Stopping(escrow, is_buyer, ending, wallet, _begun(escrow), in_question)


def _begun(escrow: Escrow) -> Life | None:
    """How far a cancellation has come that is not settled yet; None when none is known of."""
    if escrow.state != Escrow.State.HELD:
        return None
    seen = deposit_log(escrow.contract, escrow.chain, escrow.escrow_id, event="Cancelled")
    if seen:
        return Life(
            "seen", _("Stopping: it is in a block, and counts when a few more stand on it."), seen.tx_hash, seen.number
        )
    sent = WalletTransaction.objects.filter(purpose=Purpose.CANCEL, subject=escrow.escrow_id).order_by("-pk").first()
    if sent is None or refused_on_chain(escrow.chain, sent.tx_hash):
        return None
    if timezone.now() - sent.sent_at > PATIENCE:
        return None
    return Life("sent", _("Stopping: your transaction is sent and waits for its block."), sent.tx_hash)


def cancel_call(actor: Actor, *, escrow: Escrow, address: str) -> dict[str, Any]:
    """The transaction that stops a deposit; raises Refused for a wallet that is neither side's, or a closed deposit."""
    if escrow.state != Escrow.State.HELD:
        raise Refused(_("There is nothing to stop: this deposit is closed."))
    side = escrow.buyer_address if escrow.buyer_id == actor.org_id else escrow.provider_address
    if address != side:
        raise Refused(only_wallet(side))
    return terms.call(escrow.contract, escrow.chain, "cancel", escrow.escrow_id)


def addresses_of(org_id: int, payout_address: str) -> set[str]:
    """The wallets that this organization's deposits credit: its payout wallet today, and those of its orders."""
    bought = Escrow.objects.filter(buyer_id=org_id).values_list("buyer_address", flat=True)
    sold = Escrow.objects.filter(provider_id=org_id).values_list("provider_address", flat=True)
    calls = CallDeposit.objects.for_org(org_id).select_related("channel")
    channels = {
        each.channel.payer_address if each.buyer_id == org_id else each.channel.provider_address for each in calls
    }
    return channels | {*bought.distinct(), *sold.distinct(), *([payout_address] if payout_address else [])}


def credits_of(addresses: set[str]) -> list[Credit]:
    """What these wallets have or had to withdraw, by currency and wallet."""
    found = Credit.objects.filter(Q(address__in=addresses)).select_related("currency")
    return list(found.order_by("currency__symbol", "address"))


def withdraw_call(actor: Actor, *, credit: Credit, address: str) -> dict[str, Any]:
    """The transaction that sends a wallet what it is credited with; raises Refused when there is nothing."""
    if address != credit.address:
        raise Refused(
            _("Only the wallet %(wallet)s can withdraw this.")
            % {"wallet": f"{credit.address[:6]}…{credit.address[-4:]}"}
        )
    if not credit.available:
        raise Refused(_("There is nothing to withdraw for this wallet."))
    return terms.call(credit.contract, credit.chain, "withdraw", credit.currency.address, address)


def note_sent(actor: Actor, *, purpose: str, subject: str, address: str, tx_hash: str) -> WalletTransaction:
    """Keep the hash of what a member's wallet sent, to be looked for; the same hash again changes nothing."""
    with transaction.atomic():
        sent, made = WalletTransaction.objects.get_or_create(
            org_id=actor.org_id,
            tx_hash=checked_hash(tx_hash),
            defaults={"purpose": purpose, "subject": subject, "address": address},
        )
        if made:
            audit.record(actor, f"escrow.{purpose}_sent", sent, about=subject, tx_hash=sent.tx_hash)
    return sent
