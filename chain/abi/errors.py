"""Why a contract said no, as a sentence for people: the notice of the custom error in its source.

In English, as it may be stored; whoever shows it looks it up in the catalogs.
"""

from functools import cache
from typing import Any

from django.utils.translation import gettext_noop as noop
from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils.crypto import keccak

from chain.abi.artefacts import artefact, entries, names
from chain.abi.codec import Entry, signature_of, to_python, type_of

PANICS = {
    0x01: noop("The contract found itself in a state that must not be."),
    0x11: noop("A number became too large or too small in the contract."),
    0x12: noop("The contract divided by zero."),
    0x32: noop("The contract looked beyond the end of a list."),
}


def _selector(signature: str) -> bytes:
    return keccak(text=signature)[:4]


@cache
def _known() -> dict[bytes, tuple[Entry, str]]:
    """Selector → (ABI entry, its sentence or an empty text)."""
    found: dict[bytes, tuple[Entry, str]] = {}
    for name in names():
        sentences = artefact(name).get("errors", {})
        for entry in entries(name, "error"):
            signature = signature_of(entry)
            sentence = sentences.get(signature) or sentences.get(entry["name"]) or ""
            if sentence or _selector(signature) not in found:
                found[_selector(signature)] = (entry, sentence)
    return found


def decode_error(data: bytes | str | None) -> str | None:
    """The sentence for revert data; an error without one is shown with its name and arguments. None when unknown."""
    if isinstance(data, str):
        data = bytes.fromhex(data.removeprefix("0x"))
    if not data or len(data) < 4:
        return None
    selector, body = data[:4], data[4:]
    try:
        if selector == _selector("Error(string)"):
            return str(decode(["string"], body)[0])
        if selector == _selector("Panic(uint256)"):
            code = decode(["uint256"], body)[0]
            return PANICS.get(code, f"The contract failed (panic {code:#x}).")
        return _custom(selector, body)
    except (DecodingError, UnicodeDecodeError, OverflowError):
        return None


def _custom(selector: bytes, body: bytes) -> str | None:
    entry, sentence = _known().get(selector, (None, ""))
    if entry is None:
        return None
    if sentence:
        return sentence
    values: tuple[Any, ...] = decode([type_of(item) for item in entry["inputs"]], body)
    shown = [f"{item['name']}={to_python(item, value)}" for item, value in zip(entry["inputs"], values, strict=True)]
    return f"{entry['name']}({', '.join(shown)})"
