"""What the chain says today, and said before a proposal was carried out: what effects are described against."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from chain import abi
from chain.abi.artefacts import entries
from chain.abi.events import topic_of
from chain.models import Contract, Log
from governance.models import Governor, Proposal, Setting, StepKind, Token

ESCROW = "MarketEscrow"


@dataclass(frozen=True)
class Record:
    """A value and the log that set it: its place on the chain and its transaction."""

    place: tuple[int, int]
    tx_hash: str
    value: Any


class History:
    """The values of one thing, in chain order."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def before(self, execution: Log | None) -> Any:
        """The value that holds today; with an execution, the one that held before its transaction. None: unknown."""
        records = self.records
        if execution is not None:
            place = (execution.number, execution.log_index)
            records = [each for each in records if each.place < place and each.tx_hash != execution.tx_hash]
        return records[-1].value if records else None


@dataclass
class Facts:
    """All that effects of one governor's proposals are described with; five queries however many proposals."""

    governor: Governor
    contracts: dict[str, Contract] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    params: dict[str, History] = field(default_factory=lambda: defaultdict(History))
    settings: dict[str, History] = field(default_factory=lambda: defaultdict(History))

    @classmethod
    def of(cls, governor: Governor) -> Facts:
        facts = cls(governor)
        facts.contracts = {row.address.lower(): row for row in Contract.objects.filter(chain=governor.chain)}
        facts.tokens = {row.address.lower(): row for row in Token.objects.filter(chain=governor.chain)}
        escrows = [address for address, row in facts.contracts.items() if row.name == ESCROW]
        logs = Log.objects.filter(chain=governor.chain, address__in=escrows, topic0=_params_topic()).in_order()
        for log in logs:
            decoded = log.decoded
            if decoded is not None:
                values = {name: value for name, value in decoded.args.items() if name != "seq"}
                facts.params[log.address].records.append(_record(log, values))
        rows = Setting.objects.filter(governor=governor).select_related("log")
        for row in rows.order_by("log__number", "log__log_index"):
            facts.settings[row.name].records.append(_record(row.log, row.value))
        return facts

    def name(self, address: str) -> str:
        """What people call an address: the contract's name, else its short form."""
        known = self.contracts.get(address.lower())
        return known.name if known else f"{address[:6]}…{address[-4:]}"

    def escrow(self) -> Contract | None:
        """The newest escrow of the market."""
        found = [row for row in self.contracts.values() if row.name == ESCROW]
        return max(found, key=lambda row: (row.deployed_block, row.pk), default=None)

    def setting(self, name: str, execution: Log | None = None) -> int | None:
        value: int | None = self.settings[name].before(execution)
        return value


def _record(log: Log, value: Any) -> Record:
    return Record((log.number, log.log_index), log.tx_hash, value)


def _params_topic() -> str:
    entry = next(entry for entry in entries(ESCROW, "event") if entry["name"] == "ParamsSet")
    return topic_of(entry)


def execution_of(proposal: Proposal) -> Log | None:
    """The log that says it was carried out, by the governor or on the timelock itself. Uses prefetched steps."""
    kinds = (StepKind.EXECUTED, StepKind.OPERATION_EXECUTED)
    return next((step.log for step in proposal.steps.all() if step.kind in kinds), None)


def fee_change(facts: Facts, fee_bps: int) -> tuple[str, bytes] | None:
    """Target and data of the call that sets the fee and leaves all else as it is; None while the fee is not known."""
    escrow = facts.escrow()
    today = facts.params[escrow.address.lower()].before(None) if escrow else None
    if escrow is None or today is None:
        return None
    return escrow.address, abi.encode_call(ESCROW, "setParams", *{**today, "feeBps": fee_bps}.values())


__all__ = ["ESCROW", "Facts", "History", "Setting", "execution_of", "fee_change"]
