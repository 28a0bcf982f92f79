"""Logs to events. Decoders are compiled once from our artefacts, and found by first topic and number of topics."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from eth_abi.abi import decode as decode_values
from eth_abi.exceptions import DecodingError
from eth_utils.crypto import keccak

from chain.abi.artefacts import entries, names
from chain.abi.codec import Entry, signature_of, to_python, type_of
from chain.abi.words import Malformed, Word, word_decoder


class Event(NamedTuple):
    """A decoded log. Addresses are EIP-55, bytesN 0x-hex, integers int; an indexed text is known by its hash only."""

    name: str
    args: dict[str, Any]


Decoder = Callable[[Sequence[str], bytes], Event]


def topic_of(entry: Entry) -> str:
    """The first topic of an event's logs."""
    return "0x" + keccak(text=signature_of(entry)).hex()


def compiled(entry: Entry) -> Decoder:
    """A decoder of one event's logs; it raises Malformed on bytes that do not fit."""
    name, order = entry["name"], [item["name"] for item in entry["inputs"]]
    indexed = [(item["name"], word_decoder(item["type"])) for item in entry["inputs"] if item["indexed"]]
    plain = [item for item in entry["inputs"] if not item["indexed"]]
    body = _static_body(plain) or _any_body(plain)

    def decode(topics: Sequence[str], data: bytes) -> Event:
        args = body(data)
        for (field, word), topic in zip(indexed, topics[1:], strict=True):
            args[field] = word(bytes.fromhex(topic[2:])) if word else topic
        return Event(name, {field: args[field] for field in order})

    return decode


def _static_body(items: list[Entry]) -> Callable[[bytes], dict[str, Any]] | None:
    fields: list[tuple[str, Word, int]] = []
    for place, item in enumerate(items):
        word = word_decoder(item["type"])
        if word is None:
            return None
        fields.append((item["name"], word, place * 32))
    size = len(items) * 32

    def decode(data: bytes) -> dict[str, Any]:
        if len(data) < size:
            raise Malformed("too short")
        return {field: word(data[start : start + 32]) for field, word, start in fields}

    return decode


def _any_body(items: list[Entry]) -> Callable[[bytes], dict[str, Any]]:
    kinds = [type_of(item) for item in items]

    def decode(data: bytes) -> dict[str, Any]:
        try:
            values = decode_values(kinds, data)
        except (DecodingError, UnicodeDecodeError, OverflowError) as error:
            raise Malformed(str(error)) from error
        return {item["name"]: to_python(item, value) for item, value in zip(items, values, strict=True)}

    return decode


def _all_decoders() -> dict[tuple[str, int], Decoder]:
    found: dict[tuple[str, int], Decoder] = {}
    for name in names():
        for entry in entries(name, "event"):
            topics = 1 + sum(item["indexed"] for item in entry["inputs"])
            found.setdefault((topic_of(entry), topics), compiled(entry))
    return found


DECODERS = _all_decoders()


def decode_log(topics: Sequence[str], data: bytes) -> Event | None:
    """The event in a log; None when it is none of our contracts' events, or not encoded as one."""
    decoder = DECODERS.get((topics[0], len(topics))) if topics else None
    try:
        return decoder(topics, data) if decoder else None
    except Malformed:
        return None
