"""Static ABI values, a 32-byte word each: the quick half of the log path. Strict as eth-abi: no dirty padding."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from eth_utils.address import to_checksum_address

Word = Callable[[bytes], Any]


class Malformed(ValueError):
    """Bytes that no encoder would have made."""


@lru_cache(maxsize=8192)
def checksummed(word: bytes) -> str:
    """The EIP-55 address in the last 20 bytes of a word."""
    if any(word[:12]):
        raise Malformed("an address with bits above 160")
    return to_checksum_address(word[12:])


def _bool(word: bytes) -> bool:
    value = int.from_bytes(word)
    if value > 1:
        raise Malformed("a bool that is neither 0 nor 1")
    return value == 1


def _uint(bits: int) -> Word:
    def decode(word: bytes) -> int:
        value = int.from_bytes(word)
        if value >> bits:
            raise Malformed(f"a uint{bits} with more bits")
        return value

    return decode


def _int(bits: int) -> Word:
    low, high = -(1 << (bits - 1)), 1 << (bits - 1)

    def decode(word: bytes) -> int:
        value = int.from_bytes(word, signed=True)
        if not low <= value < high:
            raise Malformed(f"an int{bits} with more bits")
        return value

    return decode


def _bytes(size: int) -> Word:
    def decode(word: bytes) -> str:
        if any(word[size:]):
            raise Malformed(f"a bytes{size} with more bytes")
        return "0x" + word[:size].hex()

    return decode


def word_decoder(kind: str) -> Word | None:
    """The decoder of a static elementary type; None for what eth-abi has to decode (dynamic, arrays, tuples)."""
    if kind == "address":
        return checksummed
    if kind == "bool":
        return _bool
    match = re.fullmatch(r"(uint|int|bytes)(\d+)", kind)
    if not match:
        return None
    size = int(match[2])
    return {"uint": _uint, "int": _int, "bytes": _bytes}[match[1]](size)
