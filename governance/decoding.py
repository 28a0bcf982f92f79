"""Logs of any OpenZeppelin Governor, timelock and votes token of 4.9 to 5.x, by the standard's own signatures.

A log is told by its first topic and its number of topics, and by no ABI of ours: names of arguments differ between the
versions, types do not. Texts are taken as bytes: a description that is not UTF-8 is a description all the same, and its
hash is in the id.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from eth_abi.abi import decode as abi_decode
from eth_abi.exceptions import DecodingError
from eth_utils.crypto import keccak

from chain.abi.words import Malformed, checksummed, word_decoder

OF_GOVERNOR = """
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
TimelockChange(address oldTimelock, address newTimelock)
"""  # noqa: E501
OF_TIMELOCK = """
MinDelayChange(uint256 oldDuration, uint256 newDuration)
CallScheduled(bytes32 indexed id, uint256 indexed index, address target, uint256 value, bytes data, bytes32 predecessor, uint256 delay)
CallExecuted(bytes32 indexed id, uint256 indexed index, address target, uint256 value, bytes data)
Cancelled(bytes32 indexed id)
"""  # noqa: E501
OF_VOTES = """
DelegateChanged(address indexed delegator, address indexed fromDelegate, address indexed toDelegate)
DelegateVotesChanged(address indexed delegate, uint256 previousVotes, uint256 newVotes)
"""
OF_SUPPLY = """
Transfer(address indexed from, address indexed to, uint256 value)
Transfer(address indexed from, address indexed to, uint256 indexed tokenId)
"""
Body = Callable[[bytes], list[Any]]
WORD = 32


class Said(NamedTuple):
    """What a log says: the event's name and arguments; addresses EIP-55, bytes32 0x-hex, texts as bytes."""

    name: str
    args: dict[str, Any]


class Shape(NamedTuple):
    name: str
    indexed: list[tuple[str, Callable[[bytes], Any]]]
    plain: list[str]
    body: Body


def _shapes(lines: str) -> dict[tuple[str, int], Shape]:
    found = {}
    for line in filter(None, lines.splitlines()):
        name, inside = line.rstrip(")").split("(")
        fields = [part.split() for part in inside.split(", ")]
        topic = "0x" + keccak(text=f"{name}({','.join(field[0] for field in fields)})").hex()
        indexed = [(field[-1], _word(field[0])) for field in fields if len(field) == 3]
        plain = [(field[-1], field[0].replace("string", "bytes")) for field in fields if len(field) == 2]
        kinds = [kind for _, kind in plain]
        body = _lists(kinds) if any(kind.endswith("]") for kind in kinds) else _words(kinds)
        found[topic, 1 + len(indexed)] = Shape(name, indexed, [field for field, _ in plain], body)
    return found


def _word(kind: str) -> Callable[[bytes], Any]:
    decoder = word_decoder(kind)
    if decoder is None:
        raise ValueError(f"{kind} does not fit into a topic.")
    return decoder


def _words(kinds: list[str]) -> Body:
    """Of events without lists: one word after the other, and texts where their words point. It is what votes are."""
    readers = [word_decoder(kind) if kind != "bytes" else None for kind in kinds]

    def decode(data: bytes) -> list[Any]:
        if len(data) < WORD * len(readers):
            raise Malformed("too short")
        words = (data[place : place + WORD] for place in range(0, WORD * len(readers), WORD))
        return [reader(word) if reader else _text(data, word) for reader, word in zip(readers, words, strict=True)]

    return decode


def _text(data: bytes, word: bytes) -> bytes:
    start = int.from_bytes(word) + WORD
    length = int.from_bytes(data[start - WORD : start])
    if start > len(data) or length > len(data) - start:
        raise Malformed("a text beyond the end")
    return data[start : start + length]


def _lists(kinds: list[str]) -> Body:
    def decode(data: bytes) -> list[Any]:
        try:
            values = abi_decode(kinds, data)
        except (DecodingError, OverflowError, UnicodeDecodeError) as problem:
            raise Malformed(str(problem)) from problem
        return [_value(kind, value) for kind, value in zip(kinds, values, strict=True)]

    return decode


def _value(kind: str, value: Any) -> Any:
    if kind == "address":
        return checksummed(bytes(12) + bytes.fromhex(value[2:]))
    if kind == "address[]":
        return [_value("address", each) for each in value]
    return "0x" + value.hex() if re.fullmatch(r"bytes\d+", kind) else value


SHAPES = _shapes(OF_GOVERNOR + OF_TIMELOCK + OF_VOTES + OF_SUPPLY)


def topics_of(lines: str) -> list[str]:
    """The first topics of some of the events above: what a watched contract is asked for."""
    return sorted({topic for topic, _ in _shapes(lines)})


TOPIC = {shape.name: topic for (topic, _), shape in SHAPES.items()}


def said(topics: Sequence[str], data: bytes) -> Said | None:
    """What the log says; None when it is none of the events that voting is made of, or not encoded as one."""
    shape = SHAPES.get((topics[0], len(topics))) if topics else None
    if shape is None:
        return None
    try:
        args = dict(zip(shape.plain, shape.body(data), strict=True))
        for (name, word), topic in zip(shape.indexed, topics[1:], strict=True):
            args[name] = word(bytes.fromhex(topic[2:]))
    except Malformed:
        return None
    return Said(shape.name, args)
