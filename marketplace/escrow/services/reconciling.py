"""Compare our books with the contract's, to the unit, at the block up to which events are final and settled."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Sum

from chain import status
from chain.client import client
from chain.models import Contract
from marketplace.escrow.models import Credit, Escrow, LedgerEntry, Settlement, StrayDeposit
from marketplace.escrow.services.settling import ESCROW, stopped
from marketplace.tenancy.scope import as_system

NAME = {1: "active", 2: "closed"}


def differences() -> list[str]:
    """A sentence for each figure in which ledger, deposits or credits differ from the contract; empty when none does.

    Every figure is asked for at the final block, so that what is under way is no difference. Raises NodeUnreachable.
    """
    found: list[str] = []
    with transaction.atomic(), as_system("reconciliation reads every organization's money"):
        found += stopped()
        block = status.lag().final
        for contract in Contract.objects.filter(chain=settings.CHAIN_ID, name=ESCROW):
            if block >= contract.deployed_block:
                found += _events(contract, block)
                found += _deposits(contract, block)
                found += _credits(contract, block)
    return found


def _events(contract: Contract, block: int) -> Iterator[str]:
    settled = Settlement.objects.filter(chain=contract.chain, contract=contract.address).first()
    ours = settled.seq if settled else 0
    theirs = client(contract.chain).read(ESCROW, "seq", address=contract.address, block=block)
    if ours != theirs:
        yield f"{contract}: {ours} events are settled, the contract has {theirs} at block {block}."


def _deposits(contract: Contract, block: int) -> Iterator[str]:
    node = client(contract.chain)
    lines = LedgerEntry.objects.filter(account=LedgerEntry.Account.ESCROW).values("escrow")
    held: dict[Any, int] = {row["escrow"]: int(row["sum"]) for row in lines.annotate(sum=Sum("amount")).order_by()}
    sums = LedgerEntry.objects.values("escrow").annotate(sum=Sum("amount")).order_by()
    unbalanced: set[Any] = {row["escrow"] for row in sums if row["sum"]}
    for escrow in Escrow.objects.filter(chain=contract.chain, contract=contract.address).iterator():
        theirs = node.read(ESCROW, "orders", escrow.escrow_id, address=contract.address, block=block)
        is_active = NAME.get(theirs.state) == "active"
        left = theirs.total - theirs.released if is_active else 0
        for what, ours, other in (
            ("total", int(escrow.total), theirs.total),
            ("released", int(escrow.released), theirs.released),
            ("still held, by the deposit", escrow.remaining, left),
            ("still held, by the ledger", held.get(escrow.pk, 0), left),
        ):
            if ours != other:
                yield f"Deposit {escrow.escrow_id}: {what} is {ours} here and {other} in the contract."
        if escrow.pk in unbalanced:
            yield f"Deposit {escrow.escrow_id}: its ledger lines do not sum to zero."


def _credits(contract: Contract, block: int) -> Iterator[str]:
    node = client(contract.chain)
    owed: dict[str, int] = {}
    for credit in Credit.objects.filter(chain=contract.chain, contract=contract.address).select_related("currency"):
        token = credit.currency.address
        theirs = node.read(ESCROW, "credits", token, credit.address, address=contract.address, block=block)
        owed[token] = owed.get(token, 0) + credit.available
        if credit.available != theirs:
            yield f"Credit of {credit.address}: {credit.available} here and {theirs} in the contract."
    held = Escrow.objects.filter(chain=contract.chain, contract=contract.address).select_related("currency")
    for escrow in held:
        owed[escrow.currency.address] = owed.get(escrow.currency.address, 0) + escrow.remaining
    strays = StrayDeposit.objects.filter(chain=contract.chain, contract=contract.address).select_related("currency")
    for stray in strays:
        theirs = node.read(ESCROW, "orders", stray.escrow_id, address=contract.address, block=block)
        left = theirs.total - theirs.released if NAME.get(theirs.state) == "active" else 0
        owed[stray.currency.address] = owed.get(stray.currency.address, 0) + left
    for token, ours in owed.items():
        theirs = node.read(ESCROW, "owed", token, address=contract.address, block=block)
        if ours != theirs:
            yield f"Token {token}: our books owe {ours}, the contract owes {theirs}."
