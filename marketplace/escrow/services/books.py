"""Our books of one escrow contract as they are at one moment, and the block at which the contract must agree."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, QuerySet, Sum

from chain import status
from chain.abi.artefacts import entries
from chain.abi.events import topic_of
from chain.models import Block, Contract, Cursor, Log
from marketplace.catalog.models import Currency
from marketplace.escrow.models import (
    Arbiter,
    CallDeposit,
    Channel,
    Credit,
    Escrow,
    LedgerEntry,
    Settlement,
    StrayDeposit,
    Withdrawal,
)
from marketplace.escrow.services.settling import ESCROW, cursor_name
from marketplace.subscriptions.models import MarketParams, Pause
from marketplace.tenancy.scope import as_system

Pair = tuple[str, str]  # token and account
FACTS = (
    "escrow_id", "buyer_address", "provider_address", "treasury", "total", "price", "released", "refunded", "fee_paid",
    "period_seconds", "periods", "hold_seconds", "fee_bps", "started_at", "state", "frozen_at", "ruling_due_at",
)  # fmt: skip


class Unready(Exception):
    """The books are within a block at this moment, so there is no block at which the contract must agree."""


class CreditLine(NamedTuple):
    """What an account was credited with, has withdrawn, and has withdrawn by the list of withdrawals."""

    credited: int
    withdrawn: int
    withdrawals: int

    @property
    def available(self) -> int:
        return self.credited - self.withdrawn


@dataclass
class Books:
    """One contract's books. Amounts are base units; `block_hash` is empty when that block was not kept.

    `tokens` are those that the shop takes or took, and empty for an escrow that another has followed.
    """

    contract: Contract
    block: int
    block_hash: str = ""
    seq: int = 0
    stopped: str = ""
    deposits: list[dict[str, Any]] = field(default_factory=list)
    ledger: dict[int, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    credits: dict[Pair, CreditLine] = field(default_factory=dict)
    strays: list[dict[str, Any]] = field(default_factory=list)
    channels: list[dict[str, Any]] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    arbiters: dict[str, bool] = field(default_factory=dict)
    paused: bool = False
    announced: set[str] = field(default_factory=set)
    params: MarketParams | None = None
    tokens: dict[str, bool] = field(default_factory=dict)


def all_books() -> list[Books]:
    """The books of every escrow contract of the settings' chain, read in one snapshot; raises Unready.

    What was not settled yet is left out on both sides: each contract's block is the last one that is settled whole.
    """
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        with as_system("reconciliation reads every organization's money"):
            final = status.lag().final
            contracts = Contract.objects.filter(chain=settings.CHAIN_ID, name=ESCROW).order_by("pk")
            return [_books(contract, final) for contract in contracts if final >= contract.deployed_block]


def _books(contract: Contract, final: int) -> Books:
    settlement = Settlement.objects.filter(chain=contract.chain, contract=contract.address).first() or Settlement()
    books = Books(contract, _settled_block(contract, final, settlement), seq=settlement.seq, stopped=settlement.stopped)
    here = {"chain": contract.chain, "contract": contract.address}
    kept = Block.objects.filter(chain=contract.chain, number=books.block).first()
    books.block_hash = kept.hash if kept else ""
    books.deposits = list(Escrow.objects.filter(**here).values(*FACTS, "pk", token=F("currency__address")))
    for row in _sums(LedgerEntry.objects.filter(escrow__chain=contract.chain, escrow__contract=contract.address)):
        books.ledger[row["escrow"]][row["account"]] = int(row["sum"])
    books.credits = _credits(here)
    strays = StrayDeposit.objects.filter(**here).values_list("escrow_id", "currency__address")
    books.strays = [{"escrow_id": escrow_id, "token": token} for escrow_id, token in strays]
    facts = ("channel_id", "state", "deposit", "claimed", "refunded")
    books.channels = list(Channel.objects.filter(**here).values(*facts, token=F("currency__address")))
    books.calls = _calls(here)
    books.arbiters = dict(Arbiter.objects.filter(**here).values_list("address", "allowed"))
    pause = Pause.objects.filter(**here).order_by("-seq").first()
    books.paused = pause.paused if pause else False
    books.announced = _announced(contract, books.block)
    books.params = MarketParams.objects.filter(**here).current()
    if contract == Contract.objects.named(ESCROW, contract.chain):
        books.tokens = dict(Currency.objects.filter(chain=contract.chain).values_list("address", "accepted"))
    return books


def _settled_block(contract: Contract, final: int, settlement: Settlement) -> int:
    """The last block all of whose events are settled: the final one, unless an event waits."""
    name = cursor_name(contract)
    cursor = Cursor.objects.filter(name=name).first() or Cursor(name=name)
    first = Log.objects.of(contract).final().after(cursor).in_order().first()
    if first is None:
        return final
    if first.number == cursor.number:
        raise Unready(settlement.stopped or f"Event {settlement.seq + 1} is being settled.")
    return first.number - 1


def _calls(here: dict[str, str]) -> list[dict[str, Any]]:
    """The deposits for calls of one contract: channel, meter and ledger of each."""
    held = CallDeposit.objects.filter(channel__chain=here["chain"], channel__contract=here["contract"])
    lines = LedgerEntry.objects.filter(calls__in=held).order_by().values("calls", "account").annotate(sum=Sum("amount"))
    sums: dict[int, dict[str, int]] = defaultdict(dict)
    for line in lines:
        sums[line["calls"]][line["account"]] = int(line["sum"])
    meter = "order__subscription__meter__"
    facts = held.values(
        "pk", "is_late", "fee_paid", name=F("channel__channel_id"), total=F("channel__deposit"),
        claimed=F("channel__claimed"), refunded=F("channel__refunded"), metered=F(f"{meter}deposit"),
        owed=F(f"{meter}owed"),
    )  # fmt: skip
    return [{**row, "ledger": sums[row["pk"]]} for row in facts]


def _sums(lines: QuerySet[LedgerEntry]) -> Iterable[Any]:
    return lines.order_by().values("escrow", "account").annotate(sum=Sum("amount"))


def _credits(here: dict[str, str]) -> dict[Pair, CreditLine]:
    taken = {
        (row["currency__address"], row["address"]): int(row["sum"])
        for row in Withdrawal.objects.filter(**here).values("currency__address", "address").annotate(sum=Sum("amount"))
    }
    found: dict[Pair, CreditLine] = {}
    for credit in Credit.objects.filter(**here).select_related("currency"):
        pair = (credit.currency.address, credit.address)
        found[pair] = CreditLine(int(credit.credited), int(credit.withdrawn), taken.pop(pair, 0))
    return found | {pair: CreditLine(0, 0, amount) for pair, amount in taken.items()}


def _announced(contract: Contract, block: int) -> set[str]:
    """The ids of all deposits that the copied chain tells of, up to a block."""
    funded = next(entry for entry in entries(ESCROW, "event") if entry["name"] == "Funded")
    logs = Log.objects.of(contract).filter(topic0=topic_of(funded), number__lte=block)
    return set(logs.values_list("topics__1", flat=True))
