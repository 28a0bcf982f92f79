"""Keccak-256, RLP, tries and signatures, for the program that checks a bundle: put into that program's one file."""

from collections.abc import Iterable
from typing import Any


def must(holds: bool, sentence: str) -> None:
    if not holds:
        raise ValueError(sentence)


def turned(word: int, by: int) -> int:
    return ((word << by % 64) | (word >> (64 - by % 64))) & (1 << 64) - 1


def permuted(lanes: list[list[int]]) -> list[list[int]]:
    """Keccak-f[1600]; lanes[x][y] are words of 64 bits."""
    register = 1
    for _ in range(24):
        columns = [a ^ b ^ c ^ d ^ e for a, b, c, d, e in lanes]
        lanes = [[w ^ columns[(x + 4) % 5] ^ turned(columns[(x + 1) % 5], 1) for w in lanes[x]] for x in range(5)]
        x, y, moved = 1, 0, lanes[1][0]
        for step in range(24):
            x, y = y, (2 * x + 3 * y) % 5
            moved, lanes[x][y] = lanes[x][y], turned(moved, (step + 1) * (step + 2) // 2)
        lanes = [[lanes[x][y] ^ (~lanes[(x + 1) % 5][y] & lanes[(x + 2) % 5][y]) for y in range(5)] for x in range(5)]
        for bit in range(7):
            register = ((register << 1) ^ ((register >> 7) * 0x71)) % 256
            lanes[0][0] ^= (register >> 1 & 1) << ((1 << bit) - 1)
    return lanes


def keccak(data: bytes) -> bytes:
    """Keccak-256 with the first padding, which is not that of SHA3-256."""
    padding = 136 - len(data) % 136
    data += b"\x81" if padding == 1 else b"\x01" + bytes(padding - 2) + b"\x80"
    lanes = [[0] * 5 for _ in range(5)]
    for start in range(0, len(data), 136):
        for n in range(17):
            lanes[n % 5][n // 5] ^= int.from_bytes(data[start + 8 * n : start + 8 * n + 8], "little")
        lanes = permuted(lanes)
    return b"".join(lanes[n][0].to_bytes(8, "little") for n in range(4))


def unrlp(data: bytes) -> tuple[Any, bytes]:
    """The first item of an RLP, bytes or a list of items, and what stands behind it; ValueError or IndexError."""
    if data[0] < 0x80:
        return data[:1], data[1:]
    base = 0x80 if data[0] < 0xC0 else 0xC0
    wide = max(data[0] - base - 55, 0)
    length = int.from_bytes(data[1 : 1 + wide], "big") if wide else data[0] - base
    body, rest = data[1 + wide : 1 + wide + length], data[1 + wide + length :]
    must(len(body) == length, "This RLP is cut off.")
    if base == 0x80:
        return body, rest
    items = []
    while body:
        item, body = unrlp(body)
        items.append(item)
    return items, rest


def in_trie(root: bytes, key: bytes, nodes: Iterable[bytes]) -> bytes:
    """What a trie with that root holds under `key`, by nodes that each hash to what points to them."""
    known = {keccak(node): node for node in nodes}
    path, node = [half for byte in key for half in (byte >> 4, byte & 15)], unrlp(known.get(root, b""))[0]
    while True:
        if len(node) == 17 and not path:
            return bytes(node[16])
        if len(node) == 17:
            child, path = node[path[0]], path[1:]
        else:
            halves = [half for byte in node[0] for half in (byte >> 4, byte & 15)]
            part, is_leaf = halves[2 - halves[0] % 2 :], halves[0] & 2
            must(path == part if is_leaf else path[: len(part)] == part, "This trie holds another key.")
            child, path = node[1], path[len(part) :]
            if is_leaf:
                return bytes(child)
        node = unrlp(known.get(child, b""))[0] if isinstance(child, bytes) else child


def unhex(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def word(value: Any) -> bytes:
    """A number, or 0x-hex padded on its left, as 32 bytes of ABI encoding."""
    return unhex(value).rjust(32, b"\0") if str(value).startswith("0x") else int(value).to_bytes(32, "big")


# ── signatures: the curve secp256k1 ──

FIELD, COUNT = 2**256 - 2**32 - 977, 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
BASE = (
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
)
Point = tuple[int, int]
NOWHERE = (0, 0)  # the point at infinity: no point of the curve has these coordinates


def added(one: Point, two: Point) -> Point:
    if NOWHERE in (one, two):
        return two if one == NOWHERE else one
    if one[0] == two[0] and (one[1] + two[1]) % FIELD == 0:
        return NOWHERE
    if one == two:
        slope = 3 * one[0] ** 2 * pow(2 * one[1], -1, FIELD)
    else:
        slope = (two[1] - one[1]) * pow(two[0] - one[0], -1, FIELD)
    x = (slope**2 - one[0] - two[0]) % FIELD
    return x, (slope * (one[0] - x) - one[1]) % FIELD


def times(number: int, point: Point) -> Point:
    total = NOWHERE
    for bit in f"{number:b}":
        total = added(total, total)
        total = added(total, point) if bit == "1" else total
    return total


def signed_by(digest: bytes, signature: bytes) -> str:
    """The address whose key has signed, as lower-case 0x-hex; "" for what no contract takes as a key's signature."""
    r, s, v = (int.from_bytes(part, "big") for part in (signature[:32], signature[32:64], signature[64:]))
    square = (r**3 + 7) % FIELD
    y = pow(square, (FIELD + 1) // 4, FIELD)
    if (
        len(signature) != 65
        or v not in (27, 28)
        or not (0 < r < COUNT and 0 < s <= COUNT // 2)
        or y * y % FIELD != square
    ):
        return ""
    point = (r, y if y % 2 == v - 27 else FIELD - y)
    inverse, number = pow(r, -1, COUNT), int.from_bytes(digest, "big")
    key = added(times(s * inverse % COUNT, point), times(-number * inverse % COUNT, BASE))
    return "" if key == NOWHERE else "0x" + keccak(word(key[0]) + word(key[1]))[12:].hex()


def typed_hash(typed: dict[str, Any]) -> bytes:
    """What is signed of typed data (EIP-712) whose structs hold strings, numbers, addresses and bytes32 only."""

    def struct(kind: str, values: dict[str, Any]) -> bytes:
        fields = [(each["type"], each["name"]) for each in typed["types"][kind]]
        text = f"{kind}({','.join(f'{of} {name}' for of, name in fields)})"
        parts = [keccak(values[name].encode()) if of == "string" else word(values[name]) for of, name in fields]
        return keccak(keccak(text.encode()) + b"".join(parts))

    domain, message = struct("EIP712Domain", typed["domain"]), struct(typed["primaryType"], typed["message"])
    return keccak(b"\x19\x01" + domain + message)
