"""The compiled contracts that lie beside this file: one JSON each, made by the contracts' build."""

import json
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


@cache
def names() -> list[str]:
    """The names of all compiled contracts, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


@cache
def artefact(name: str) -> dict[str, Any]:
    """The compiled contract {"contractName", "abi", "bytecode", …}; raises LookupError when there is none."""
    path = FOLDER / f"{name}.json"
    if name not in names():
        raise LookupError(f"No compiled contract {name} in chain/abi. Known: {', '.join(names()) or 'none'}.")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def entries(name: str, kind: str) -> list[dict[str, Any]]:
    """The ABI entries of one kind: function, event, error, constructor."""
    return [entry for entry in artefact(name)["abi"] if entry["type"] == kind]
