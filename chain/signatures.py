"""Who signed this? Messages (EIP-191), typed data (EIP-712), contract wallets (ERC-1271), sign-in (EIP-4361)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from chain.rpc import NodeRefused
from chain.siwe import Malformed, SiweMessage, parse

if TYPE_CHECKING:
    from eth_account.messages import SignableMessage

HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
MAGIC = bytes.fromhex("1626ba7e")
WALLET_GAS = (
    2_000_000  # several times what wallets with passkeys or many owners need; bounds what a hostile one costs us
)
# How nodes say that code ran and stopped: anvil's "EVM error", geth's and others' sentences.
HALTED = re.compile(
    r"evm error|vm execution|out of gas|opcode|stack (under|over)flow|jump dest|write protection", re.IGNORECASE
)
DOMAIN_TYPES = {
    "name": "string",
    "version": "string",
    "chainId": "uint256",
    "verifyingContract": "address",
    "salt": "bytes32",
}


class InvalidSignature(ValueError):
    """Not a signature that anybody could have made of this; the text is a sentence."""


def recover(message: str, signature: str) -> str:
    """The EIP-55 address whose key signed `message` (EIP-191); raises InvalidSignature."""
    from eth_account.messages import encode_defunct

    return _signer(encode_defunct(text=message), signature)


def recover_typed(typed: Mapping[str, Any], signature: str) -> str:
    """The address whose key signed the typed data {types, primaryType, domain, message} (EIP-712)."""
    return _signer(_typed(typed), signature)


def is_valid(address: str, signed: str | Mapping[str, Any], signature: str, chain: str | None = None) -> bool:
    """Whether `address` signed it: by its key, or, where it is a contract, by its word (ERC-1271)."""
    from eth_account.messages import encode_defunct

    signable = encode_defunct(text=signed) if isinstance(signed, str) else _typed(signed)
    try:
        if _signer(signable, signature).lower() == address.lower():
            return True
    except InvalidSignature:
        pass  # a contract wallet's signature may have any form
    return _contract_says_yes(address, _digest(signable), signature, chain)


def siwe_message(**fields: Any) -> str:
    """The text that a wallet signs to sign in; the fields of chain.siwe.SiweMessage. Raises Malformed."""
    return str(SiweMessage(**fields))


def parse_siwe(text: str) -> SiweMessage:
    """The fields of a sign-in message; raises Malformed for anything but EIP-4361."""
    return parse(text)


def _typed(typed: Mapping[str, Any]) -> SignableMessage:
    from eth_account.messages import encode_typed_data

    domain = [{"name": name, "type": kind} for name, kind in DOMAIN_TYPES.items() if name in typed["domain"]]
    types = {"EIP712Domain": domain, **typed["types"]}
    try:
        return encode_typed_data(full_message={**typed, "types": types})
    except (ValueError, TypeError, KeyError) as error:
        raise InvalidSignature("This is not typed data that can be signed.") from error


def _parts(signature: str) -> tuple[int, int, int]:
    """(v, r, s), of the one form in which a key signs: 65 bytes, s in the lower half, v 27 or 28 (or 0 or 1)."""
    try:
        raw = bytes.fromhex(signature.removeprefix("0x"))
    except ValueError:
        raw = b""
    if len(raw) != 65:
        raise InvalidSignature("A signature has 65 bytes, written as hexadecimal.")
    r, s, v = int.from_bytes(raw[:32]), int.from_bytes(raw[32:64]), raw[64]
    if s > HALF_ORDER:
        raise InvalidSignature("The signature is not in its standard form (high s).")
    if v not in {0, 1, 27, 28}:
        raise InvalidSignature("The signature has no valid recovery id.")
    return (v if v >= 27 else v + 27), r, s


def _signer(signable: SignableMessage, signature: str) -> str:
    from eth_account import Account
    from eth_keys.exceptions import BadSignature
    from eth_utils.exceptions import ValidationError

    try:
        return str(Account.recover_message(signable, vrs=_parts(signature)))
    except (BadSignature, ValidationError) as error:
        raise InvalidSignature("Nobody's key makes this signature.") from error


def _digest(signable: SignableMessage) -> bytes:
    return keccak(b"\x19" + signable.version + signable.header + signable.body)


def _contract_says_yes(address: str, digest: bytes, signature: str, chain: str | None) -> bool:
    """ERC-1271: the magic value and nothing else is a yes. A revert, and a wallet that burns its gas, are a no."""
    from chain.client import client

    try:
        raw = bytes.fromhex(signature.removeprefix("0x"))
    except ValueError:
        return False
    node = client(chain)
    if not node.code(address):
        return False
    data = MAGIC + encode(["bytes32", "bytes"], [digest, raw])
    try:
        answer = node.rpc("eth_call", {"to": address, "data": "0x" + data.hex(), "gas": hex(WALLET_GAS)}, "latest")
    except NodeRefused as refused:
        if refused.reverted or HALTED.search(refused.message):
            return False
        raise
    return bool(answer == "0x" + (MAGIC + bytes(28)).hex())


__all__ = [
    "InvalidSignature",
    "Malformed",
    "SiweMessage",
    "is_valid",
    "parse_siwe",
    "recover",
    "recover_typed",
    "siwe_message",
]
