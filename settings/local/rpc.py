"""The few JSON-RPC calls that the supervisor itself makes to the local chain, without a library."""

import json
import urllib.request
from collections.abc import Sequence
from typing import Any

Call = tuple[str, Sequence[Any]]


class RpcError(ValueError):
    """The node answered with an error."""


# no proxy from the environment: the node is on this machine
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def batch(url: str, calls: Sequence[Call], *, timeout: float = 10) -> list[Any]:
    """The results of these calls, in order; RpcError for the first that failed, OSError if nobody answers."""
    if not calls:
        return []
    body = [
        {"jsonrpc": "2.0", "id": number, "method": name, "params": list(params)}
        for number, (name, params) in enumerate(calls)
    ]
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with _OPENER.open(request, timeout=timeout) as answer:
        found = sorted(json.load(answer), key=lambda one: one["id"])
    for one in found:
        if "error" in one:
            raise RpcError(f"{calls[one['id']][0]}: {one['error'].get('message')}")
    return [one["result"] for one in found]


def call(url: str, name: str, *params: Any, timeout: float = 10) -> Any:
    """The result of one call."""
    return batch(url, [(name, params)], timeout=timeout)[0]
