"""Ways out: stop a deposit and get back what has not elapsed; withdraw what is credited. The wallet sends them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from chain.models import Contract
from marketplace.audit import services as audit
from marketplace.escrow import terms
from marketplace.escrow.models import Credit, Escrow, WalletTransaction
from marketplace.escrow.services.funding import checked_hash
from marketplace.lifecycle import Refused
from marketplace.tenancy.actor import Actor

Purpose = WalletTransaction.Purpose


@dataclass(frozen=True, slots=True)
class Ending:
    """What a stop at a moment would do, in base units: what the provider's side still gets, and what comes back."""

    used: int
    refund: int


def if_stopped(escrow: Escrow, at: datetime, *, by_buyer: bool = True) -> Ending:
    """As the contract would split what is left: a buyer pays to the second; a provider keeps matured periods only."""
    earned = escrow.earned(at) if by_buyer else int(escrow.price) * escrow.matured_periods(at)
    earned = min(max(earned, int(escrow.released)), int(escrow.total))
    return Ending(used=earned, refund=int(escrow.total) - earned)


def cancel_call(actor: Actor, *, escrow: Escrow, address: str) -> dict[str, Any]:
    """The transaction that stops a deposit; raises Refused for a wallet that is neither side's, or a closed deposit."""
    if escrow.state != Escrow.State.HELD:
        raise Refused("There is nothing to stop: this deposit is closed.")
    side = escrow.buyer_address if escrow.buyer_id == actor.org_id else escrow.provider_address
    if address != side:
        raise Refused(f"Only the wallet {side[:6]}…{side[-4:]} can do this. Change to it in your wallet.")
    return terms.call(escrow.contract, escrow.chain, "cancel", escrow.escrow_id)


def addresses_of(org_id: int, payout_address: str) -> set[str]:
    """The wallets that this organization's deposits credit: its payout wallet today, and those of its orders."""
    sides = Escrow.objects.for_org(org_id).values_list("buyer_id", "buyer_address", "provider_address")
    used = {buyer if buyer_id == org_id else provider for buyer_id, buyer, provider in sides}
    return used | ({payout_address} if payout_address else set())


def credits_of(addresses: set[str]) -> list[Credit]:
    """What these wallets have or had to withdraw, by currency and wallet."""
    found = Credit.objects.filter(Q(address__in=addresses)).select_related("currency")
    return list(found.order_by("currency__symbol", "address"))


def withdraw_call(actor: Actor, *, credit: Credit, address: str) -> dict[str, Any]:
    """The transaction that sends a wallet what it is credited with; raises Refused when there is nothing."""
    if address != credit.address:
        raise Refused(f"Only the wallet {credit.address[:6]}…{credit.address[-4:]} can withdraw this.")
    if not credit.available:
        raise Refused("There is nothing to withdraw for this wallet.")
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
            audit.record(actor, f"escrow.{purpose}_sent", sent, subject=subject, tx_hash=sent.tx_hash)
    return sent


def escrow_contract(credit: Credit) -> Contract:
    """The contract that a credit stands in."""
    return Contract.objects.get(chain=credit.chain, address=credit.contract)
