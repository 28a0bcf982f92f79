"""What goes on the chain of what people write: the SHA-256 of canonical JSON, salted so that nobody can guess it."""

import hashlib
import json
import secrets
from collections.abc import Iterable
from typing import Any, Protocol


class Named(Protocol):
    """A file by its name and the hash of what is stored."""

    @property
    def name(self) -> Any: ...

    @property
    def sha256(self) -> Any: ...


def new_salt() -> str:
    """256 random bits, as hexadecimal text."""
    return secrets.token_hex(32)


def statement(*, escrow_id: str, category: str, text: str, files: Iterable[Named], salt: str) -> str:
    """The canonical JSON of a buyer's statement: the hash of its bytes is the contract's `evidenceHash`."""
    shown = [{"name": file.name, "sha256": file.sha256} for file in files]
    return _canonical({"category": category, "escrow": escrow_id, "files": shown, "salt": salt, "text": text})


def reasoning(*, escrow_id: str, provider_bps: int, reasons: str, salt: str) -> str:
    """The canonical JSON of a ruling: the hash of its bytes is the contract's `rulingHash`."""
    return _canonical({"escrow": escrow_id, "provider_bps": provider_bps, "reasons": reasons, "salt": salt})


def _canonical(facts: dict[str, Any]) -> str:
    return json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def bytes32(text: str) -> str:
    """SHA-256 of the text in UTF-8, as 0x-hex."""
    return "0x" + hashlib.sha256(text.encode()).hexdigest()
