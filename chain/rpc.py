"""JSON-RPC over one kept-alive connection: batches out, typed answers in. The log path; web3 is not on it."""

import os
import time
from collections.abc import Sequence
from functools import cache
from typing import Any, TypeVar

import httpx
import msgspec

from chain import nodes

T = TypeVar("T")
Call = tuple[str, Sequence[Any]]
CONNECT_SECONDS, ANSWER_SECONDS = 3.0, 20.0
BATCH, SMALL_BATCH = 999, 100  # geth takes a thousand, the chain's id among them; others fewer
LONGEST = 64 << 20


class NodeUnreachable(Exception):
    """The node did not answer, or not with JSON-RPC. Nothing is known about what was asked."""


class NodeRefused(Exception):
    """The node answered one call with an error; `data` is the revert data where there is any, as 0x-hex."""

    def __init__(self, message: str, code: int = 0, data: str | None = None) -> None:
        super().__init__(message)
        self.message, self.code, self.data = message, code, data

    @property
    def reverted(self) -> bool:
        """The contract said no, as against the node."""
        return self.code == 3 or self.data is not None or "revert" in self.message.lower()


class AnswerTooLong(NodeRefused):
    """The node has more to say than we want to hold in memory: ask for less."""


class _Error(msgspec.Struct):
    message: str = ""
    code: int = 0
    data: Any = None


class _Answer(msgspec.Struct):
    id: int | None = None
    result: msgspec.Raw = msgspec.Raw(b"null")
    error: _Error | None = None


class Header(msgspec.Struct, rename="camel", frozen=True):
    """What is read of a block's header; numbers are hex as they came, `height` and `time` are integers."""

    number: str
    hash: str
    parent_hash: str
    timestamp: str
    base_fee_per_gas: str = "0x0"
    logs_bloom: str = ""

    @property
    def height(self) -> int:
        return int(self.number, 16)

    @property
    def time(self) -> int:
        return int(self.timestamp, 16)


class LogEntry(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """A log as a node gives it."""

    address: str
    topics: list[str]
    data: str
    block_number: str
    block_hash: str
    transaction_hash: str
    log_index: str
    removed: bool = False

    @property
    def height(self) -> int:
        return int(self.block_number, 16)

    @property
    def index(self) -> int:
        return int(self.log_index, 16)


class Receipt(msgspec.Struct, rename="camel", frozen=True):
    """How a transaction ended in its block."""

    transaction_hash: str
    block_number: str
    block_hash: str
    status: str
    contract_address: str | None = None
    gas_used: str = "0x0"
    effective_gas_price: str = "0x0"
    l1_fee: str | None = None  # what a rollup charges on top
    logs: list[LogEntry] = []

    @property
    def height(self) -> int:
        return int(self.block_number, 16)

    @property
    def succeeded(self) -> bool:
        return int(self.status, 16) == 1

    @property
    def cost(self) -> int:
        """What its gas cost, in wei."""
        return int(self.gas_used, 16) * int(self.effective_gas_price, 16) + int(self.l1_fee or "0x0", 16)


def revert_data(data: Any) -> str | None:
    """The 0x-hex in the several shapes in which nodes report revert data."""
    if isinstance(data, dict):
        data = data.get("data") or data.get("result")
    text = data.removeprefix("Reverted ") if isinstance(data, str) else ""
    return text if text.startswith("0x") else None


class Rpc:
    """One node. No redirects, no proxies from the environment, bounded waiting; not asked while it rests."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.health = nodes.health(url)
        timeout = httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS)
        self._http = httpx.Client(timeout=timeout, trust_env=False, follow_redirects=False)
        self._decoder = msgspec.json.Decoder(list[_Answer])
        self.at_once = BATCH

    def batch(self, calls: Sequence[Call], *, longest: int = LONGEST) -> list[msgspec.Raw | NodeRefused]:
        """The answers in the order of the calls, each raw JSON or the error it met; raises NodeUnreachable.

        Raises AnswerTooLong, having read no further, for more than `longest` bytes.
        """
        if not calls:
            return []
        self.refuse_while_resting()
        try:
            return self._batch(calls, longest)
        except (NodeUnreachable, AnswerTooLong):
            if len(calls) > SMALL_BATCH:
                self.at_once = SMALL_BATCH
            raise

    def _batch(self, calls: Sequence[Call], longest: int) -> list[msgspec.Raw | NodeRefused]:
        body = [
            {"jsonrpc": "2.0", "id": n, "method": method, "params": params} for n, (method, params) in enumerate(calls)
        ]
        found = {answer.id: answer for answer in self._post(body, longest)}
        if any(
            answer.error and nodes.is_rate_limit(answer.error.code, answer.error.message) for answer in found.values()
        ):
            raise self.unreachable("it has a limit on requests, which is reached")
        if len(found) != len(calls) or None in found:
            raise self.unreachable("it left some calls of a batch without an answer")
        self.health.worked()
        return [self._outcome(found[n]) for n in range(len(calls))]

    def unreachable(self, why: str, wish: float = 0.0) -> NodeUnreachable:
        """Let the node rest, and say so."""
        self.health.failed(why, wish)
        return NodeUnreachable(f"The node {self.health.name} did not answer: {why}.")

    def refuse_while_resting(self) -> None:
        """Raise NodeUnreachable while the node rests."""
        if rest := self.health.rest:
            raise NodeUnreachable(f"The node {self.health.name} is not asked for {rest:.0f} s: {self.health.why}.")

    def _post(self, body: list[dict[str, Any]], longest: int) -> list[_Answer]:
        try:
            return self._decoder.decode(self._whole(msgspec.json.encode(body), longest))
        except httpx.HTTPStatusError as error:
            status = f"it answered with status {error.response.status_code}"
            raise self.unreachable(status, nodes.wish(error.response.headers)) from error
        except httpx.HTTPError as error:
            raise self.unreachable(type(error).__name__) from error
        except msgspec.DecodeError as error:
            raise self.unreachable("its answer is not JSON-RPC") from error

    def _whole(self, content: bytes, longest: int) -> bytearray:
        """The answer's bytes, all of them within ANSWER_SECONDS: a time-out of httpx begins anew at every byte."""
        until, found = time.monotonic() + ANSWER_SECONDS, bytearray()
        headers = {"content-type": "application/json"}
        with self._http.stream("POST", self.url, content=content, headers=headers) as response:
            response.raise_for_status()
            for part in response.iter_bytes():
                found += part
                if len(found) > longest:
                    raise AnswerTooLong(f"The answer is longer than {longest} bytes.")
                if time.monotonic() > until:
                    raise httpx.ReadTimeout("The answer takes too long.")
        return found

    @staticmethod
    def _outcome(answer: _Answer) -> msgspec.Raw | NodeRefused:
        if answer.error:
            return NodeRefused(answer.error.message, answer.error.code, revert_data(answer.error.data))
        return answer.result

    def all(self, calls: Sequence[Call], kind: type[T]) -> list[T]:
        """The answers as `kind`, as many calls a request as the node takes; raises NodeRefused at the first error."""
        found: list[T] = []
        while len(found) < len(calls):
            found += [read(answer, kind) for answer in self.batch(calls[len(found) : len(found) + self.at_once])]
        return found

    def one(self, method: str, *params: Any) -> Any:
        """One call's answer as plain Python."""
        return read(self.batch([(method, params)])[0], Any)


def read(answer: msgspec.Raw | NodeRefused, kind: Any) -> Any:
    """An answer as `kind`; raises the error that the node gave, or NodeUnreachable for a wrong shape."""
    if isinstance(answer, NodeRefused):
        raise answer
    try:
        return msgspec.json.decode(answer, type=kind)
    except msgspec.DecodeError as error:
        raise NodeUnreachable(f"The node's answer has a wrong shape: {error}.") from error


def number(answer: msgspec.Raw | NodeRefused) -> int:
    """A quantity."""
    return int(read(answer, str), 16)


@cache
def _opened(url: str, process: int) -> Rpc:
    return Rpc(url)


def connection(url: str) -> Rpc:
    """This process's connection to a node: a forked worker opens its own."""
    return _opened(url, os.getpid())
