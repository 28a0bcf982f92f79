"""Governors of other kinds and versions on the local chain, and all the ways to call them."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from eth_abi.abi import decode as abi_decode
from eth_abi.abi import encode as abi_encode
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from chain.abi import artefact as committed
from tests.chain.local_chain import CHAIN, MINTER, LocalChain

NOBODY = "0x" + 40 * "0"
MNEMONIC = "test test test test test test test test test test test junk"
FOLDER = Path(__file__).parent / "daos"
GAS = 2_000_000
UNIT = 10**18
Account.enable_unaudited_hdwallet_features()


@cache
def _keys() -> dict[str, Any]:
    keys = [Account.from_mnemonic(MNEMONIC, account_path=f"m/44'/60'/0'/0/{n}") for n in range(7)]
    return {key.address: key for key in keys}


def key_of(address: str) -> Any:
    """The key of one of anvil's accounts."""
    return _keys()[address]


@cache
def artefact(name: str) -> dict[str, Any]:
    """Of a contract that only tests deploy, else one of the market's own."""
    path = FOLDER / f"{name}.json"
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else committed(name)
    return found


def call_data(signature: str, *args: Any) -> bytes:
    """Selector and arguments."""
    kinds = signature[signature.index("(") + 1 : -1]
    return keccak(text=signature)[:4] + abi_encode(kinds.split(",") if kinds else [], list(args))


def deploy(node: LocalChain, name: str, *args: Any) -> str:
    """The address of a new contract."""
    built = artefact(name)
    inputs = next((entry["inputs"] for entry in built["abi"] if entry["type"] == "constructor"), [])
    body = bytes.fromhex(built["bytecode"].removeprefix("0x")) + abi_encode(
        [each["type"] for each in inputs], list(args)
    )
    return to_checksum_address(node.receipt(node.send(None, body))["contractAddress"])


@dataclass(frozen=True)
class Kind:
    """What is deployed, and what it then counts in: `step` is one block of the governor's clock."""

    token: str
    governor: str
    timelock: str = "GuildTimelock"
    has_late_quorum: bool = True
    is_old: bool = False
    by_block: bool = True
    is_badge: bool = False

    @property
    def votes(self) -> int:
        """What one vote is in the token's base units."""
        return 1 if self.is_badge else UNIT


KINDS = {
    "time, late, keyed": Kind("TimeToken", "GuildGovernor", by_block=False),
    "block, late, keyed": Kind("BlockToken", "GuildGovernor"),
    "time, plain": Kind("TimeToken", "PlainGovernor", has_late_quorum=False, by_block=False),
    "block, plain": Kind("BlockToken", "PlainGovernor", has_late_quorum=False),
    "badges": Kind("BadgeToken", "PlainGovernor", has_late_quorum=False, is_badge=True),
    "4.9": Kind("OldToken", "OldGovernor", "OldTimelock", is_old=True),
}
SECONDS = 10  # from block to block
DELAY, PERIOD, EXTENSION = 1, 6, 4  # in blocks
MIN_DELAY = 2 * SECONDS
PERCENT = 10


class Dao:
    """A DAO of one kind. Its timelock also takes proposals and cancellations from `MINTER`, as some do."""

    def __init__(self, node: LocalChain, kind: Kind, token: str = "", timelock: str = "") -> None:
        self.node, self.kind = node, kind
        self.unit = 1 if kind.by_block else SECONDS
        first_owner = () if kind.is_badge else (MINTER, 1_000 * UNIT)
        self.token = token or deploy(node, kind.token, *first_owner)
        self.timelock = timelock or deploy(node, kind.timelock, MIN_DELAY, [MINTER], [NOBODY], MINTER)
        delay, period, extension = (blocks * self.unit for blocks in (DELAY, PERIOD, EXTENSION))
        late = [extension] if kind.has_late_quorum else []
        self.governor = deploy(
            node, kind.governor, self.token, self.timelock, delay, period, *late, kind.votes, PERCENT
        )
        for role in ("PROPOSER_ROLE", "CANCELLER_ROLE"):
            self.send(self.timelock, call_data("grantRole(bytes32,address)", keccak(text=role), self.governor))

    def send(self, to: str, data: bytes, sender: str = MINTER) -> str:
        """With gas of its own, so that what reverts is mined as well."""
        call = {"from": sender, "to": to, "data": "0x" + data.hex(), "gas": hex(GAS)}
        tx_hash: str = self.node.rpc("eth_sendTransaction", call)
        if self.node.automining:
            self.node.receipt(tx_hash)
        return tx_hash

    def ask(self, to: str, signature: str, *args: Any, returns: str, block: str = "latest") -> Any:
        data = "0x" + call_data(signature, *args).hex()
        answer = self.node.rpc("eth_call", {"to": to, "data": data}, block)
        values = abi_decode(returns.split(","), bytes.fromhex(answer[2:]))
        return values[0] if len(values) == 1 else values

    def propose(self, call: bytes, text: str, sender: str, target: str = "") -> "Motion":
        motion = Motion(self, [target or self.governor], [0], [call], text)
        self.send(self.governor, motion.data("propose", text), sender)
        return motion

    def salt(self, text: str) -> bytes:
        digest = keccak(text=text)
        if self.kind.is_old:
            return digest
        own = bytes.fromhex(self.governor[2:]) + bytes(12)
        return bytes(a ^ b for a, b in zip(own, digest, strict=True))


class Motion:
    """One proposal as its calls, and what can be done with it."""

    def __init__(self, dao: Dao, targets: list[str], values: list[int], calls: list[bytes], text: str) -> None:
        self.dao, self.batch, self.text = dao, (targets, values, calls), text
        kinds = ["address[]", "uint256[]", "bytes[]", "bytes32"]
        self.id = int.from_bytes(keccak(abi_encode(kinds, [*self.batch, keccak(text=text)])))

    def data(self, function: str, last: Any = None) -> bytes:
        kind = "string" if function == "propose" else "bytes32"
        last = keccak(text=self.text) if last is None else last
        return call_data(f"{function}(address[],uint256[],bytes[],{kind})", *self.batch, last)

    def act(self, function: str, sender: str = MINTER) -> None:
        """queue, execute or cancel by the governor."""
        self.dao.send(self.dao.governor, self.data(function), sender)

    def directly(self, function: str, sender: str = MINTER) -> None:
        """scheduleBatch, executeBatch or cancel on the timelock itself."""
        dao = self.dao
        kinds = "address[],uint256[],bytes[],bytes32,bytes32"
        rest = (*self.batch, bytes(32), dao.salt(self.text))
        if function == "cancel":
            data = call_data("cancel(bytes32)", keccak(abi_encode(kinds.split(","), list(rest))))
        elif function == "scheduleBatch":
            data = call_data(f"scheduleBatch({kinds},uint256)", *rest, MIN_DELAY)
        else:
            data = call_data(f"executeBatch({kinds})", *rest)
        dao.send(dao.timelock, data, sender)

    def vote(
        self, voter: str, support: int, way: str = "castVote", reason: str = "Because.", params: bytes = b""
    ) -> None:
        """By any of the five calls that there are."""
        send = self.dao.send
        if way == "castVote":
            data = call_data("castVote(uint256,uint8)", self.id, support)
        elif way == "castVoteWithReason":
            data = call_data("castVoteWithReason(uint256,uint8,string)", self.id, support, reason)
        elif way == "castVoteWithReasonAndParams":
            signature = "castVoteWithReasonAndParams(uint256,uint8,string,bytes)"
            data = call_data(signature, self.id, support, reason, params)
        else:
            send(self.dao.governor, self._signed(voter, support, way, reason, params), MINTER)
            return
        send(self.dao.governor, data, voter)

    def _signed(self, voter: str, support: int, way: str, reason: str, params: bytes) -> bytes:
        """A ballot that somebody else sends."""
        dao, extended = self.dao, way == "castVoteWithReasonAndParamsBySig"
        fields = [("proposalId", "uint256"), ("support", "uint8")]
        message: dict[str, Any] = {"proposalId": self.id, "support": support}
        if not dao.kind.is_old:
            fields += [("voter", "address"), ("nonce", "uint256")]
            message |= {"voter": voter, "nonce": self._nonce(voter)}
        if extended:
            fields += [("reason", "string"), ("params", "bytes")]
            message |= {"reason": reason, "params": params}
        domain = {"name": dao.kind.governor, "version": "1", "chainId": 31337, "verifyingContract": dao.governor}
        types = {"ExtendedBallot" if extended else "Ballot": [{"name": name, "type": kind} for name, kind in fields]}
        signed = key_of(voter).sign_message(encode_typed_data(domain, types, message))
        rest, kinds = ([reason, params], "string,bytes,") if extended else ([], "")
        if dao.kind.is_old:
            vrs = (signed.v, signed.r.to_bytes(32), signed.s.to_bytes(32))
            return call_data(f"{way}(uint256,uint8,{kinds}uint8,bytes32,bytes32)", self.id, support, *rest, *vrs)
        signature = bytes(signed.signature)
        return call_data(f"{way}(uint256,uint8,address,{kinds}bytes)", self.id, support, voter, *rest, signature)

    def _nonce(self, voter: str) -> int:
        governor = self.dao.governor
        if self.dao.kind.governor == "GuildGovernor":
            key = self.id % 2**192
            return int(self.dao.ask(governor, "nonces(address,uint192)", voter, key, returns="uint256"))
        return int(self.dao.ask(governor, "nonces(address)", voter, returns="uint256"))


__all__ = ["CHAIN", "KINDS", "Dao", "Kind", "Motion", "artefact", "call_data", "deploy", "key_of"]
