"""What the chain says today, and said before a proposal was carried out: what effects are described against."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from chain import abi
from chain.abi.artefacts import entries, names
from chain.abi.events import topic_of
from chain.models import Contract, Log
from governance.models import Governor, Proposal, Setting, StepKind, Token

ESCROW = "MarketEscrow"
NOBODY = "0x" + 40 * "0"
# Events that switch something on or off: what it is called, whom it is about, and whether it is on.
SWITCHES: dict[str, Callable[[dict[str, Any]], tuple[str, str, bool]]] = {
    "ArbiterSet": lambda args: ("arbiter", args["arbiter"], args["allowed"]),
    "TokenSet": lambda args: ("token", args["token"], args["allowed"]),
    "PauseSet": lambda args: ("paused", "", args["paused"]),
    "RoleGranted": lambda args: (args["role"], args["account"], True),
    "RoleRevoked": lambda args: (args["role"], args["account"], False),
}


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
    switches: dict[tuple[str, str, str], History] = field(default_factory=lambda: defaultdict(History))

    @classmethod
    def of(cls, governor: Governor) -> Facts:
        facts = cls(governor)
        facts.contracts = {row.address.lower(): row for row in Contract.objects.filter(chain=governor.chain)}
        facts.tokens = {row.address.lower(): row for row in Token.objects.filter(chain=governor.chain)}
        speaking = [address for address, row in facts.contracts.items() if row.name in {ESCROW, "GuildTimelock"}]
        logs = Log.objects.filter(chain=governor.chain, address__in=speaking, topic0__in=_topics()).in_order()
        for log in logs:
            facts.hear(log)
        rows = Setting.objects.filter(governor=governor).select_related("log")
        for row in rows.order_by("log__number", "log__log_index"):
            facts.settings[row.name].records.append(_record(row.log, row.value))
        return facts

    def hear(self, log: Log) -> None:
        """Note what a log has changed."""
        decoded = log.decoded
        if decoded is None:
            return
        if decoded.name == "ParamsSet":
            values = {name: value for name, value in decoded.args.items() if name != "seq"}
            self.params[log.address].records.append(_record(log, values))
        elif decoded.name in SWITCHES:
            kind, subject, is_on = SWITCHES[decoded.name](decoded.args)
            self.switches[log.address, kind, subject].records.append(_record(log, is_on))

    def switch(self, address: str, kind: str, subject: str, execution: Log | None = None) -> bool:
        """Whether it is on today, or was before an execution."""
        return bool(self.switches[address.lower(), kind, subject].before(execution))

    def name(self, address: str) -> str:
        """What people call an address: the contract's name, a token's symbol, else its short form."""
        known, token = self.contracts.get(address.lower()), self.tokens.get(address.lower())
        if known is None and token is not None:
            return token.symbol
        return known.name if known else f"{address[:6]}…{address[-4:]}"

    def kind(self, address: str) -> str | None:
        """The compiled contract by whose ABI calls to an address are read; None for a contract nobody here knows."""
        known = self.contracts.get(address.lower())
        if known is not None and known.name in names():
            return known.name
        if address == self.governor.address:
            return "GuildGovernor"
        if address == self.governor.timelock:
            return "GuildTimelock"
        return "GuildToken" if address.lower() in self.tokens else None

    def escrow(self) -> Contract | None:
        """The newest escrow of the market."""
        found = [row for row in self.contracts.values() if row.name == ESCROW]
        return max(found, key=lambda row: (row.deployed_block, row.pk), default=None)

    def setting(self, name: str, execution: Log | None = None) -> int | None:
        value: int | None = self.settings[name].before(execution)
        return value


def _record(log: Log, value: Any) -> Record:
    return Record((log.number, log.log_index), log.tx_hash, value)


@cache
def _topics() -> list[str]:
    events = [*entries(ESCROW, "event"), *entries("GuildTimelock", "event")]
    return [topic_of(entry) for entry in events if entry["name"] == "ParamsSet" or entry["name"] in SWITCHES]


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
