"""What kind of governor stands at an address: asked of the contract itself, function by function.

A function that a contract does not have answers with a revert, or with nothing: both are "no". Nothing is written.
"""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from eth_abi.abi import decode as abi_decode
from eth_abi.abi import encode as abi_encode
from eth_abi.exceptions import DecodingError
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from chain.client import CallRefused, Client, NodeRefused
from governance.models import ClockMode, NoncesKind, QuorumKind, SaltKind, TimelockKind, TokenKind
from governance.projection import NOBODY

ERC721 = bytes.fromhex("80ac58cd")
COUNTING = {"support": "bravo", "quorum": "for,abstain"}
LONGEST_SYMBOL, LONGEST_NAME = 40, 200


class NotSupported(Exception):
    """Why the mirror cannot follow this governor, in a sentence for people."""


@dataclass(frozen=True)
class Found:
    """A governor that the mirror can follow, its token and its timelock."""

    address: str
    name: str
    version: str
    clock_mode: ClockMode
    salt: SaltKind
    token: str
    token_kind: TokenKind
    token_symbol: str
    token_decimals: int
    timelock: str
    timelock_kind: TimelockKind
    grace: int | None
    quorum_kind: QuorumKind
    quorum_denominator: int
    nonces: NoncesKind
    has_late_quorum: bool
    has_storage: bool
    has_settings: bool
    constants: dict[str, str] = field(default_factory=dict)


class Asker:
    """One contract, asked at one block."""

    def __init__(self, node: Client, address: str, block: int) -> None:
        self.node, self.address, self.block = node, to_checksum_address(address), block

    def ask(self, signature: str, *args: Any, returns: str) -> Any:
        """A view function's value; None where there is none. `returns` is one type, or several with commas."""
        inside = signature[signature.index("(") + 1 : -1]
        data = keccak(text=signature)[:4] + abi_encode(inside.split(",") if inside else [], list(args))
        try:
            values = abi_decode(returns.split(","), self.node.call(self.address, data, self.block))
        except (CallRefused, DecodingError, OverflowError, UnicodeDecodeError):
            return None
        return values[0] if len(values) == 1 else values

    def has(self, signature: str, *args: Any) -> bool:
        """Whether there is such a function, though it would not let us: a refusal with a reason says so."""
        inside = signature[signature.index("(") + 1 : -1]
        data = keccak(text=signature)[:4] + abi_encode(inside.split(",") if inside else [], list(args))
        try:
            self.node.rpc("eth_call", {"to": self.address, "data": "0x" + data.hex()}, hex(self.block))
        except NodeRefused as refused:
            return len(refused.data or "") > 2
        return True

    def number(self, signature: str, *args: Any) -> int | None:
        """An unsigned integer."""
        found: int | None = self.ask(signature, *args, returns="uint256")
        return found

    def address_at(self, signature: str) -> str:
        """An address; empty where there is none, or nobody's."""
        found = self.ask(signature, returns="address")
        return to_checksum_address(found) if found and found != NOBODY else ""


def probe(node: Client, address: str) -> Found:
    """Ask what it is. Raises NotSupported with a sentence, NodeUnreachable without an answer."""
    head = node.head()
    governor = Asker(node, address, head)
    if not node.code(governor.address):
        raise NotSupported(f"There is no contract at {governor.address}.")
    _counts_simply(governor)
    _refuse_extensions(governor)
    clock_mode, clock = _clock(governor, node, head)
    token = Asker(node, governor.address_at("token()") or NOBODY, head)
    token_kind = _token_kind(token, clock)
    timelock, timelock_kind, grace = _timelock(governor, node)
    quorum_kind, denominator, quorum = _quorum(governor, token, token_kind, clock)
    has_settings = governor.has("setVotingPeriod(uint32)", 1) or governor.has("setVotingPeriod(uint256)", 1)
    constants = {} if quorum is None else {"quorum": str(quorum)}
    if not has_settings:
        constants |= _constants(governor)
    return Found(
        address=governor.address,
        name=str(governor.ask("name()", returns="string") or "Governor").replace("\x00", "")[:LONGEST_NAME],
        version=str(governor.ask("version()", returns="string") or "").replace("\x00", ""),
        clock_mode=clock_mode,
        # 5.0 gave the salt the governor's address, and this function.
        salt=SaltKind.DESCRIPTION if governor.number("proposalNeedsQueuing(uint256)", 0) is None else SaltKind.GOVERNOR,
        token=token.address,
        token_kind=token_kind,
        token_symbol=str(token.ask("symbol()", returns="string") or "votes").replace("\x00", "")[:LONGEST_SYMBOL],
        token_decimals=min(token.number("decimals()") or 0, 77) if token_kind == TokenKind.ERC20 else 0,
        timelock=timelock,
        timelock_kind=timelock_kind,
        grace=grace,
        quorum_kind=quorum_kind,
        quorum_denominator=denominator,
        nonces=_nonces(governor),
        has_late_quorum=governor.number("lateQuorumVoteExtension()") is not None,
        has_storage=governor.number("proposalCount()") is not None,
        has_settings=has_settings,
        constants=constants,
    )


def _counts_simply(governor: Asker) -> None:
    said = governor.ask("COUNTING_MODE()", returns="string")
    if said is None or governor.number("votingPeriod()") is None:
        raise NotSupported(
            f"The contract at {governor.address} is no OpenZeppelin Governor: it does not say how it counts votes."
        )
    if dict(parse_qsl(said)) != COUNTING:
        raise NotSupported(
            f"This governor counts votes as “{said[:99]}”. Only for, against and abstain with whole votes are mirrored."
        )


def _refuse_extensions(governor: Asker) -> None:
    if governor.number("superQuorum(uint256)", 0) is not None or governor.has("superQuorum(uint256)", 0):
        raise NotSupported("This governor can end a vote early by a super quorum, which is not mirrored.")
    if governor.address_at("accessManager()"):
        raise NotSupported("This governor works through an access manager, which is not mirrored.")


def _clock(governor: Asker, node: Client, head: int) -> tuple[ClockMode, int]:
    """ERC-6372; block numbers where nothing is said, as before it. The contract's clock has to be this chain's."""
    said = governor.ask("CLOCK_MODE()", returns="string")
    mode = dict(parse_qsl(said or "mode=blocknumber")).get("mode", "")
    known = {"blocknumber": ClockMode.BLOCK_NUMBER, "timestamp": ClockMode.TIMESTAMP}
    if mode not in known:
        raise NotSupported(f"This governor counts time as “{said[:100]}”, which is not known here.")
    timestamp = int(node.rpc("eth_getBlockByNumber", hex(head), False)["timestamp"], 16)
    ours = head if mode == "blocknumber" else timestamp
    theirs = governor.number("clock()")
    if theirs is not None and theirs != ours:
        raise NotSupported("This governor's clock is not that of the chain: it counts another chain's blocks.")
    return known[mode], ours


def _token_kind(token: Asker, clock: int) -> TokenKind:
    if token.number("getPastVotes(address,uint256)", token.address, clock - 1) is None:
        raise NotSupported("This governor's token does not say who had how many votes, or it has no token.")
    if token.ask("supportsInterface(bytes4)", ERC721, returns="bool"):
        return TokenKind.ERC721
    plain = token.number("decimals()") is None or token.number("totalSupply()") is None
    return TokenKind.VOTES if plain else TokenKind.ERC20


def _timelock(governor: Asker, node: Client) -> tuple[str, TimelockKind, int | None]:
    address = governor.address_at("timelock()")
    if not address:
        return "", TimelockKind.NONE, None
    timelock = Asker(node, address, governor.block)
    grace = timelock.number("GRACE_PERIOD()")
    if grace is not None:
        return address, TimelockKind.COMPOUND, grace
    if timelock.number("getMinDelay()") is None:
        raise NotSupported(f"This governor's timelock at {address} is of a kind that is not mirrored.")
    return address, TimelockKind.CONTROL, None


def _quorum(governor: Asker, token: Asker, kind: TokenKind, clock: int) -> tuple[QuorumKind, int, int | None]:
    """A fraction only where the contract reckons as we would; else its word is asked for each proposal."""
    quorum = governor.number("quorum(uint256)", clock - 1)
    if quorum is None:
        raise NotSupported("This governor does not say its quorum, not even of a time that has passed.")
    numerator = governor.number("quorumNumerator(uint256)", clock - 1)
    denominator = governor.number("quorumDenominator()")
    supply = token.number("getPastTotalSupply(uint256)", clock - 1)
    known = kind != TokenKind.VOTES and numerator is not None and supply is not None
    if known and denominator and (supply or 0) * (numerator or 0) // denominator == quorum:
        return QuorumKind.FRACTION, denominator, None
    return QuorumKind.ASKED, 100, quorum


def _nonces(governor: Asker) -> NoncesKind:
    if governor.number("nonces(address,uint192)", NOBODY, 0) is not None:
        return NoncesKind.KEYED
    return NoncesKind.NONE if governor.number("nonces(address)", NOBODY) is None else NoncesKind.PLAIN


def _constants(governor: Asker) -> dict[str, str]:
    names = {
        "voting delay": "votingDelay()",
        "voting period": "votingPeriod()",
        "proposal threshold": "proposalThreshold()",
    }
    found = {name: governor.number(signature) for name, signature in names.items()}
    return {name: str(value) for name, value in found.items() if value is not None}
