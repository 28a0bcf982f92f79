"""Logs to rows: one row at most for each log, and nothing but rows. No counting happens here."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Model
from eth_abi.abi import encode as abi_encode
from eth_utils.crypto import keccak

from chain.models import Log
from governance.decoding import Said, said
from governance.models import Delegation, Governor, PowerCheckpoint, Proposal, Setting, Step, SupplyChange, Vote

NOBODY = "0x" + 40 * "0"
SETTINGS = {
    "VotingDelaySet": (Setting.Name.VOTING_DELAY, "newVotingDelay"),
    "VotingPeriodSet": (Setting.Name.VOTING_PERIOD, "newVotingPeriod"),
    "ProposalThresholdSet": (Setting.Name.PROPOSAL_THRESHOLD, "newProposalThreshold"),
    "QuorumNumeratorUpdated": (Setting.Name.QUORUM_NUMERATOR, "newQuorumNumerator"),
    "LateQuorumVoteExtensionSet": (Setting.Name.LATE_QUORUM_EXTENSION, "newVoteExtension"),
    "MinDelayChange": (Setting.Name.MIN_DELAY, "newDuration"),
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


class Torn(Exception):
    """A log speaks of a proposal that is not there: a reorg is taking it back at this moment. Read again later."""


def operation_id(governor: str, targets: list[str], amounts: list[int], calldatas: list[bytes], text: bytes) -> str:
    """The timelock's id of a proposal's batch: hashOperationBatch with bytes20(governor) ^ keccak(description)."""
    digest = keccak(text)
    salt = bytes(a ^ b for a, b in zip(bytes.fromhex(governor[2:]) + bytes(12), digest, strict=True))
    kinds = ["address[]", "uint256[]", "bytes[]", "bytes32", "bytes32"]
    return "0x" + keccak(abi_encode(kinds, [targets, amounts, calldatas, bytes(32), salt])).hex()


class Projection:
    """One batch of a governor's logs; `touched` are the ids of the proposals that got a row."""

    def __init__(self, governor: Governor) -> None:
        self.governor = governor
        self.touched: set[int] = set()
        self._rows: dict[type[Model], list[Any]] = defaultdict(list)
        self._by_id: dict[int, Proposal] = {}
        self._by_operation: dict[str, Proposal] = {}
        self._voices = {
            governor.address.lower(): self._governor_said,
            governor.timelock.lower(): self._timelock_said,
            governor.token.address.lower(): self._token_said,
        }

    def apply(self, logs: Iterable[Log]) -> None:
        """Insert what the logs say. Raises Torn when a proposal that one of them names is gone."""
        heard = [(log, what) for log in logs if (what := said(log.topics, bytes(log.data)))]
        self._load(heard)
        for log, what in heard:
            self._voices[log.address](log, what)
        for model, rows in self._rows.items():
            model._default_manager.bulk_create(rows, batch_size=1000)

    def _load(self, heard: list[tuple[Log, Said]]) -> None:
        """The proposals that the batch names, in two queries; those that it makes are added as they come."""
        ids = {what.args["proposalId"] for _, what in heard if "proposalId" in what.args}
        operations = {what.args["id"] for _, what in heard if what.name in OPERATIONS}
        for proposal in self.governor.proposals.filter(proposal_id__in=ids):
            self._know(proposal)
        for proposal in self.governor.proposals.filter(operation_id__in=operations):
            self._know(proposal)

    def _know(self, proposal: Proposal) -> None:
        self._by_id[proposal.proposal_id] = proposal
        self._by_operation[proposal.operation_id] = proposal

    def _named(self, what: Said) -> Proposal:
        proposal = self._by_id.get(what.args["proposalId"])
        if proposal is None:
            raise Torn(f"{what.name} of proposal {what.args['proposalId']}, which is not known.")
        self.touched.add(proposal.pk)
        return proposal

    def _governor_said(self, log: Log, what: Said) -> None:
        if what.name == "ProposalCreated":
            self._propose(log, what.args)
        elif what.name in {"VoteCast", "VoteCastWithParams"}:
            self._vote(log, what)
        elif what.name in STEPS:
            kind, field = STEPS[what.name]
            self._add(Step(proposal=self._named(what), log=log, kind=kind, value=what.args[field] if field else None))
        else:
            self._set(log, what)

    def _propose(self, log: Log, args: dict[str, Any]) -> None:
        calldatas, text = list(args["calldatas"]), args["description"]
        targets, amounts = list(args["targets"]), list(args["values"])
        proposal = Proposal.objects.create(
            governor=self.governor,
            log=log,
            proposal_id=args["proposalId"],
            operation_id=operation_id(self.governor.address, targets, amounts, calldatas, text),
            proposer=args["proposer"],
            targets=targets,
            amounts=amounts,
            calldatas=["0x" + data.hex() for data in calldatas],
            description_bytes=text,
            vote_start=args["voteStart"],
            vote_end=args["voteEnd"],
            deadline=args["voteEnd"],
        )
        self._know(proposal)
        self.touched.add(proposal.pk)

    def _vote(self, log: Log, what: Said) -> None:
        args = what.args
        self._add(
            Vote(
                proposal=self._named(what),
                log=log,
                voter=args["voter"],
                support=args["support"],
                weight=args["weight"],
                reason_bytes=args["reason"],
                params=args.get("params", b""),
            )
        )

    def _timelock_said(self, log: Log, what: Said) -> None:
        if what.name not in OPERATIONS:
            return self._set(log, what)
        proposal = self._by_operation.get(what.args["id"])
        # A batch says the same of each of its calls; its first speaks for all.
        if proposal is not None and not what.args.get("index"):
            self.touched.add(proposal.pk)
            self._add(Step(proposal=proposal, log=log, kind=OPERATIONS[what.name]))
        return None

    def _token_said(self, log: Log, what: Said) -> None:
        governor, at, args = self.governor, self.governor.clock(log.block), what.args
        if what.name == "DelegateVotesChanged":
            checkpoint = PowerCheckpoint(governor=governor, log=log, timepoint=at, account=args["delegate"])
            checkpoint.power = args["newVotes"]
            self._add(checkpoint)
        elif what.name == "DelegateChanged":
            delegate = args["toDelegate"]
            self._add(
                Delegation(governor=governor, log=log, timepoint=at, delegator=args["delegator"], delegate=delegate)
            )
        elif what.name == "Transfer" and (args["from"] == NOBODY) != (args["to"] == NOBODY):
            delta = args["value"] if args["from"] == NOBODY else -args["value"]
            self._add(SupplyChange(governor=governor, log=log, timepoint=at, delta=delta))

    def _set(self, log: Log, what: Said) -> None:
        if what.name in SETTINGS:
            name, field = SETTINGS[what.name]
            timepoint = self.governor.clock(log.block)
            self._add(Setting(governor=self.governor, log=log, name=name, value=what.args[field], timepoint=timepoint))

    def _add(self, row: Model) -> None:
        self._rows[type(row)].append(row)
