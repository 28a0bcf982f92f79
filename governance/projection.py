"""Logs to rows: one row at most for each log and governor, and nothing but rows. No counting happens here."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Model
from eth_abi.abi import encode as abi_encode
from eth_utils.crypto import keccak

from chain.models import Log
from governance.decoding import OF_TIMELOCK, Said, said, topics_of
from governance.models import (
    ClockMode,
    Delegation,
    Governor,
    PowerCheckpoint,
    Proposal,
    SaltKind,
    Setting,
    Step,
    SupplyChange,
    TimelockKind,
    TokenKind,
    Vote,
)

NOBODY = "0x" + 40 * "0"
SETTINGS = {
    "VotingDelaySet": (Setting.Name.VOTING_DELAY, "newVotingDelay"),
    "VotingPeriodSet": (Setting.Name.VOTING_PERIOD, "newVotingPeriod"),
    "ProposalThresholdSet": (Setting.Name.PROPOSAL_THRESHOLD, "newProposalThreshold"),
    "QuorumNumeratorUpdated": (Setting.Name.QUORUM_NUMERATOR, "newQuorumNumerator"),
    "LateQuorumVoteExtensionSet": (Setting.Name.LATE_QUORUM_EXTENSION, "newVoteExtension"),
    "MinDelayChange": (Setting.Name.MIN_DELAY, "newDuration"),
    "TimelockChange": (Setting.Name.TIMELOCK, "newTimelock"),
}
STEPS = {
    "ProposalExtended": (Step.Kind.EXTENDED, "extendedDeadline"),
    "ProposalQueued": (Step.Kind.QUEUED, "etaSeconds"),
    "ProposalExecuted": (Step.Kind.EXECUTED, None),
    "ProposalCanceled": (Step.Kind.CANCELED, None),
}
OPERATIONS = {
    "CallScheduled": Step.Kind.OPERATION_SCHEDULED,
    "CallExecuted": Step.Kind.OPERATION_EXECUTED,
    "Cancelled": Step.Kind.OPERATION_CANCELED,
}
COPIED: dict[type[Model], str] = {
    Vote: "proposal_id, log_id, voter, support, weight, reason_bytes, params",
    PowerCheckpoint: "governor_id, log_id, timepoint, account, power",
    Delegation: "governor_id, log_id, timepoint, delegator, delegate",
    SupplyChange: "governor_id, log_id, timepoint, delta",
}


class Torn(Exception):
    """A log speaks of a proposal that is not there: a reorg is taking it back at this moment. Read again later."""


class Heard(NamedTuple):
    """A log as the projection reads it."""

    pk: int
    number: int
    log_index: int
    timestamp: int
    address: str
    topics: list[str]
    data: bytes


def timelocks_of(governor: Governor) -> set[str]:
    """Every timelock that the governor has had, in lower case."""
    if governor.timelock_kind == TimelockKind.NONE:
        return set()
    later = governor.settings.filter(name=Setting.Name.TIMELOCK).values_list("value", flat=True)
    return {governor.timelock.lower(), *(address_of(int(value)).lower() for value in later)} - {NOBODY}


def address_of(value: int) -> str:
    """The address that a timelock's Setting holds as a number."""
    return f"0x{value:040x}"


def heard(governor: Governor, up_to: int, limit: int, after: int | None = None) -> list[Heard]:
    """The next logs of governor, timelocks and token that the mirror has not applied, up to an id."""
    addresses = {governor.address.lower(), governor.token.address.lower(), *timelocks_of(governor)}
    after = governor.read_log_id if after is None else after
    logs = Log.objects.filter(chain=governor.chain, address__in=addresses, id__gt=after, id__lte=up_to)
    return _rows(logs.order_by("id"), limit)


def _rows(logs: Any, limit: int | None = None) -> list[Heard]:
    columns = ("pk", "number", "log_index", "block__timestamp", "address", "topics", "data")
    return [Heard._make(row) for row in logs.values_list(*columns)[:limit]]


def operation_id(
    governor: Governor, targets: list[str], amounts: list[int], calldatas: list[bytes], text: bytes
) -> str:
    """The timelock's id of a proposal's batch: hashOperationBatch with the governor's kind of salt."""
    salt = keccak(text)
    if governor.salt == SaltKind.GOVERNOR:
        own = bytes.fromhex(governor.address[2:]) + bytes(12)
        salt = bytes(a ^ b for a, b in zip(own, salt, strict=True))
    kinds = ["address[]", "uint256[]", "bytes[]", "bytes32", "bytes32"]
    return "0x" + keccak(abi_encode(kinds, [targets, amounts, calldatas, bytes(32), salt])).hex()


class Projection:
    """One batch of a governor's logs; `touched` are the ids of the proposals that got a row.

    Logs of one contract arrive in the chain's order. A timelock that was watched before its governor has been read
    before the proposals that it speaks of: when a proposal or a timelock is met, what was said of it is looked up.
    """

    def __init__(self, governor: Governor) -> None:
        self.governor = governor
        self.touched: set[int] = set()
        self.timelocks = timelocks_of(governor)
        self._rows: dict[type[Model], list[Any]] = defaultdict(list)
        self._by_id: dict[int, Proposal] = {}
        self._by_operation: dict[str, list[Proposal]] = defaultdict(list)
        self._made: list[Proposal] = []

    def apply(self, logs: Iterable[Heard]) -> None:
        """Insert what the logs say. Raises Torn when a proposal that one of them names is gone."""
        new = sorted(logs, key=lambda log: (log.number, log.log_index))
        self._hear(new)
        applied = {log.pk for log in new}
        if earlier := [log for log in self._earlier(new) if log.pk not in applied]:
            self._hear(earlier)
        self._insert()

    def _hear(self, logs: list[Heard]) -> None:
        told = [(log, what) for log in logs if (what := said(log.topics, bytes(log.data)))]
        self._load([what for _, what in told])
        for log, what in told:
            if log.address == self.governor.address.lower():
                self._governor_said(log, what)
            elif log.address in self.timelocks:
                self._timelock_said(log, what)
            if log.address == self.governor.token.address.lower():
                self._token_said(log, what)

    def _load(self, said_now: list[Said]) -> None:
        """The proposals that the logs name, in two queries; those that they make are added as they come."""
        ids = {what.args["proposalId"] for what in said_now if "proposalId" in what.args} - self._by_id.keys()
        operations = {what.args["id"] for what in said_now if what.name in OPERATIONS} - self._by_operation.keys()
        for proposal in self.governor.proposals.filter(proposal_id__in=ids):
            self._by_id[proposal.proposal_id] = proposal
        for proposal in self.governor.proposals.filter(operation_id__in=operations):
            self._by_operation[proposal.operation_id].append(proposal)

    def _earlier(self, new: list[Heard]) -> list[Heard]:
        """What timelocks said of proposals that this batch has made, or before they were ours, and was passed by."""
        newest = max([self.governor.read_log_id, *(log.pk for log in new)])
        read = Log.objects.filter(chain=self.governor.chain, id__lte=newest)
        found: list[Heard] = []
        if self._made and self.timelocks:
            first = min(log.number for log in new)
            mine = read.filter(address__in=self.timelocks, number__gte=first, topic0__in=topics_of(OF_TIMELOCK))
            found += [log for log in _rows(mine.in_order()) if log.topics[1:] and log.topics[1] in self._by_operation]
        if late := self._met() - self.timelocks:
            self.timelocks |= late
            found += _rows(read.filter(address__in=late).in_order())
        return found

    def _met(self) -> set[str]:
        """The timelocks that this batch speaks of."""
        rows: list[Setting] = self._rows[Setting]
        return {address_of(row.value) for row in rows if row.name == Setting.Name.TIMELOCK} - {NOBODY}

    def _named(self, what: Said) -> Proposal:
        proposal = self._by_id.get(what.args["proposalId"])
        if proposal is None:
            raise Torn(f"{what.name} of proposal {what.args['proposalId']}, which is not known.")
        self.touched.add(proposal.pk)
        return proposal

    def _governor_said(self, log: Heard, what: Said) -> None:
        if what.name == "ProposalCreated":
            self._propose(log, what.args)
        elif what.name in {"VoteCast", "VoteCastWithParams"}:
            args = what.args
            self._rows[Vote].append(
                (self._named(what).pk, log.pk, args["voter"], args["support"], args["weight"], args["reason"],
                 args.get("params", b""))
            )  # fmt: skip
        elif what.name in STEPS:
            kind, field = STEPS[what.name]
            self._step(self._named(what), log, kind, what.args[field] if field else None)
        elif what.name != "MinDelayChange":
            self._set(log, what)

    def _propose(self, log: Heard, args: dict[str, Any]) -> None:
        calldatas, text = list(args["calldatas"]), args["description"]
        targets, amounts = list(args["targets"]), list(args["values"])
        proposal = Proposal.objects.create(
            governor=self.governor,
            log_id=log.pk,
            proposal_id=args["proposalId"],
            operation_id=operation_id(self.governor, targets, amounts, calldatas, text),
            proposer=args["proposer"],
            targets=targets,
            amounts=amounts,
            calldatas=["0x" + data.hex() for data in calldatas],
            description_bytes=text,
            text=readable(text),
            vote_start=args["voteStart"],
            vote_end=args["voteEnd"],
            deadline=args["voteEnd"],
        )
        self._by_id[proposal.proposal_id] = proposal
        self._by_operation[proposal.operation_id].append(proposal)
        self._made.append(proposal)
        self.touched.add(proposal.pk)

    def _timelock_said(self, log: Heard, what: Said) -> None:
        if what.name == "MinDelayChange":
            return self._set(log, what)
        if what.name not in OPERATIONS:
            return None
        # A batch says the same of each of its calls; its first speaks for all.
        if not what.args.get("index"):
            for proposal in self._by_operation.get(what.args["id"], []):
                self.touched.add(proposal.pk)
                self._step(proposal, log, OPERATIONS[what.name], None)
        return None

    def _token_said(self, log: Heard, what: Said) -> None:
        args, row = what.args, (self.governor.pk, log.pk, self._clock(log))
        if what.name == "DelegateVotesChanged":
            self._rows[PowerCheckpoint].append((*row, args["delegate"], args["newVotes"]))
        elif what.name == "DelegateChanged":
            self._rows[Delegation].append((*row, args["delegator"], args["toDelegate"]))
        elif what.name == "Transfer" and (args["from"] == NOBODY) != (args["to"] == NOBODY):
            amount = 1 if self.governor.token.kind == TokenKind.ERC721 else args.get("value")
            if amount is not None:
                self._rows[SupplyChange].append((*row, amount if args["from"] == NOBODY else -amount))

    def _set(self, log: Heard, what: Said) -> None:
        if what.name in SETTINGS:
            name, field = SETTINGS[what.name]
            value = what.args[field]
            value = int(value, 16) if isinstance(value, str) else value
            setting = Setting(governor=self.governor, log_id=log.pk, name=name, value=value, timepoint=self._clock(log))
            self._rows[Setting].append(setting)

    def _step(self, proposal: Proposal, log: Heard, kind: str, value: int | None) -> None:
        self._rows[Step].append(Step(proposal=proposal, log_id=log.pk, kind=kind, value=value))

    def _clock(self, log: Heard) -> int:
        return log.number if self.governor.clock_mode == ClockMode.BLOCK_NUMBER else log.timestamp

    def _insert(self) -> None:
        """COPY for what comes by the thousand. A timelock's word that was looked up again is there already."""
        for model in (Step, Setting):
            model._default_manager.bulk_create(self._rows[model], ignore_conflicts=True)
        with connection.cursor() as cursor:
            for copied, columns in COPIED.items():
                if rows := self._rows[copied]:
                    with cursor.copy(f'COPY "{copied._meta.db_table}" ({columns}) FROM STDIN') as copy:
                        for row in rows:
                            copy.write_row(row)


def readable(text: bytes) -> str:
    """A description as far as it is one: what is no UTF-8 is replaced, and what no database keeps is left out."""
    return text.decode("utf-8", "replace").replace("\x00", "")
