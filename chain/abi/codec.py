"""Calls and their answers: ABI encoding by eth-abi, values in the form that the rest of the house uses."""

import re
from collections import namedtuple
from collections.abc import Mapping, Sequence
from functools import cache
from keyword import iskeyword
from typing import Any

from eth_abi.abi import decode, encode
from eth_utils.crypto import keccak

from chain.abi.artefacts import artefact, entries
from chain.abi.words import checksummed

Entry = dict[str, Any]


def type_of(item: Entry) -> str:
    """The canonical type of an ABI input: structs are written as tuples."""
    if not item["type"].startswith("tuple"):
        return str(item["type"])
    inner = ",".join(type_of(part) for part in item["components"])
    return f"({inner}){item['type'][5:]}"


def signature_of(entry: Entry) -> str:
    """`name(type,type)`, what a selector or a topic is the hash of."""
    return f"{entry['name']}({','.join(type_of(item) for item in entry['inputs'])})"


def to_python(item: Entry, value: Any) -> Any:
    """A value from eth-abi in our form: addresses EIP-55, bytesN as 0x-hex, structs with names."""
    kind = item["type"]
    if kind.endswith("]"):
        inner = {**item, "type": kind[: kind.rindex("[")]}
        return [to_python(inner, part) for part in value]
    if kind == "tuple":
        return named(item["components"], value)
    if kind == "address":
        return checksummed(bytes(12) + bytes.fromhex(value[2:]))
    if re.fullmatch(r"bytes\d+", kind):
        return "0x" + value.hex()
    return value


def named(items: list[Entry], values: Sequence[Any]) -> tuple[Any, ...]:
    """The values as a tuple, with names where the ABI gives every one a usable name."""
    decoded = [to_python(item, value) for item, value in zip(items, values, strict=True)]
    fields = tuple(item["name"] for item in items)
    usable = all(field.isidentifier() and not field.startswith("_") and not iskeyword(field) for field in fields)
    if usable and len(set(fields)) == len(fields):
        shaped: tuple[Any, ...] = _shape(fields)(*decoded)
        return shaped
    return tuple(decoded)


@cache
def _shape(fields: tuple[str, ...]) -> Any:
    return namedtuple("Values", fields)


def from_python(item: Entry, value: Any) -> Any:
    """A value of ours in the form that eth-abi takes: structs may be mappings, bytes may be 0x-hex."""
    kind = item["type"]
    if kind.endswith("]"):
        inner = {**item, "type": kind[: kind.rindex("[")]}
        return [from_python(inner, part) for part in value]
    if kind == "tuple":
        parts = item["components"]
        if isinstance(value, Mapping):
            value = [value[part["name"]] for part in parts]
        return tuple(from_python(part, each) for part, each in zip(parts, value, strict=True))
    if kind.startswith("bytes") and isinstance(value, str):
        return bytes.fromhex(value.removeprefix("0x"))
    return value


@cache
def _functions(contract_name: str) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for entry in entries(contract_name, "function"):
        found.setdefault(entry["name"], []).append(entry)
        found.setdefault(signature_of(entry), []).append(entry)
    return found


def function(contract_name: str, name: str, arguments: int) -> Entry:
    """The ABI entry by name, or by full signature where a name is overloaded; raises LookupError."""
    fitting = [e for e in _functions(contract_name).get(name, []) if len(e["inputs"]) == arguments]
    if len(fitting) != 1:
        problem = "several functions" if fitting else "no function"
        raise LookupError(f"{contract_name} has {problem} {name} with {arguments} arguments.")
    return fitting[0]


def encode_call(contract_name: str, function_name: str, *args: Any) -> bytes:
    """The data of a call: selector and arguments. Structs as tuple or mapping; bytes32 as bytes or 0x-hex."""
    entry = function(contract_name, function_name, len(args))
    return keccak(text=signature_of(entry))[:4] + _encode(entry["inputs"], args)


def encode_deployment(contract_name: str, *args: Any) -> bytes:
    """The data of the transaction that creates the contract: bytecode and constructor arguments."""
    inputs: list[Entry] = next((entry["inputs"] for entry in entries(contract_name, "constructor")), [])
    return bytes.fromhex(artefact(contract_name)["bytecode"].removeprefix("0x")) + _encode(inputs, args)


def _encode(inputs: list[Entry], args: Sequence[Any]) -> bytes:
    values = [from_python(item, value) for item, value in zip(inputs, args, strict=True)]
    return encode([type_of(item) for item in inputs], values)


def decode_result(contract_name: str, function_name: str, arguments: int, data: bytes) -> Any:
    """What a call answered: the value, a tuple of values (named where the ABI names them), or None for none."""
    outputs = function(contract_name, function_name, arguments)["outputs"]
    values = decode([type_of(item) for item in outputs], data)
    if not outputs:
        return None
    return to_python(outputs[0], values[0]) if len(outputs) == 1 else named(outputs, values)
