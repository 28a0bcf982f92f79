"""Logs of any OpenZeppelin Governor, TimelockController and ERC20Votes token, by the standard's own signatures.

Texts are taken as bytes: a description that is not UTF-8 is a description all the same, and its hash is in the id.
"""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from eth_abi.abi import decode as abi_decode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

SIGNATURES = """
ProposalCreated(uint256 proposalId, address proposer, address[] targets, uint256[] values, string[] signatures, bytes[] calldatas, uint256 voteStart, uint256 voteEnd, string description)
ProposalQueued(uint256 proposalId, uint256 etaSeconds)
ProposalExecuted(uint256 proposalId)
ProposalCanceled(uint256 proposalId)
ProposalExtended(uint256 indexed proposalId, uint64 extendedDeadline)
VoteCast(address indexed voter, uint256 proposalId, uint8 support, uint256 weight, string reason)
VoteCastWithParams(address indexed voter, uint256 proposalId, uint8 support, uint256 weight, string reason, bytes params)
VotingDelaySet(uint256 oldVotingDelay, uint256 newVotingDelay)
VotingPeriodSet(uint256 oldVotingPeriod, uint256 newVotingPeriod)
ProposalThresholdSet(uint256 oldProposalThreshold, uint256 newProposalThreshold)
QuorumNumeratorUpdated(uint256 oldQuorumNumerator, uint256 newQuorumNumerator)
LateQuorumVoteExtensionSet(uint64 oldVoteExtension, uint64 newVoteExtension)
MinDelayChange(uint256 oldDuration, uint256 newDuration)
CallScheduled(bytes32 indexed id, uint256 indexed index, address target, uint256 value, bytes data, bytes32 predecessor, uint256 delay)
CallExecuted(bytes32 indexed id, uint256 indexed index, address target, uint256 value, bytes data)
Cancelled(bytes32 indexed id)
DelegateChanged(address indexed delegator, address indexed fromDelegate, address indexed toDelegate)
DelegateVotesChanged(address indexed delegate, uint256 previousVotes, uint256 newVotes)
Transfer(address indexed from, address indexed to, uint256 value)
"""  # noqa: E501


class Said(NamedTuple):
    """What a log says: the event's name and arguments; addresses EIP-55, bytes32 0x-hex, texts as bytes."""

    name: str
    args: dict[str, Any]


class Shape(NamedTuple):
    name: str
    indexed: list[tuple[str, str]]
    plain: list[tuple[str, str]]


def _shapes() -> dict[tuple[str, int], Shape]:
    found = {}
    for line in SIGNATURES.split("\n"):
        if not line:
            continue
        name, inside = line.rstrip(")").split("(")
        fields = [part.split() for part in inside.split(", ")]
        topic = "0x" + keccak(text=f"{name}({','.join(field[0] for field in fields)})").hex()
        indexed = [(field[-1], field[0]) for field in fields if len(field) == 3]
        plain = [(field[-1], field[0].replace("string", "bytes")) for field in fields if len(field) == 2]
        found[topic, 1 + len(indexed)] = Shape(name, indexed, plain)
    return found


SHAPES = _shapes()


def _value(kind: str, value: Any) -> Any:
    if kind == "address":
        return to_checksum_address(value)
    if kind == "address[]":
        return [to_checksum_address(each) for each in value]
    return "0x" + value.hex() if re.fullmatch(r"bytes\d+", kind) else value


def said(topics: Sequence[str], data: bytes) -> Said | None:
    """What the log says; None when it is none of the events that voting is made of."""
    shape = SHAPES.get((topics[0], len(topics))) if topics else None
    if shape is None:
        return None
    values = abi_decode([kind for _, kind in shape.plain], data)
    args = {name: _value(kind, value) for (name, kind), value in zip(shape.plain, values, strict=True)}
    for (name, kind), topic in zip(shape.indexed, topics[1:], strict=True):
        args[name] = _value(kind, abi_decode([kind], bytes.fromhex(topic[2:]))[0])
    return Said(shape.name, args)
