"""Ask contracts many things at one block, several hundred a request. Have no transaction open meanwhile."""

from collections.abc import Hashable
from itertools import islice
from typing import Any, NamedTuple

from eth_abi.exceptions import DecodingError

from chain import abi, rpc
from chain.client import Client, NodeRefused, NodeUnreachable

A_REQUEST = 300


class Question(NamedTuple):
    """A view function of a contract, named by its artefact, at an address."""

    contract_name: str
    function: str
    args: tuple[Any, ...]
    address: str


class Questions(dict[Hashable, Question]):
    """What is to be asked, under keys of the asker's choice; the answers come under the same keys."""

    def ask(self, key: Hashable, contract_name: str, function: str, *args: Any, address: str) -> None:
        """Put one more question; the same key again replaces it."""
        self[key] = Question(contract_name, function, args, address)

    def answers(self, node: Client, block: int) -> dict[Hashable, Any]:
        """All answers as of `block`; None for what a contract refuses or answers in another shape.

        Raises NodeUnreachable, and NodeRefused where the node will not say.
        """
        found: dict[Hashable, Any] = {}
        waiting = iter(self.items())
        while some := list(islice(waiting, A_REQUEST)):
            calls = [("eth_call", [_call(question), hex(block)]) for _, question in some]
            for (key, question), answer in zip(some, node.node.batch(calls), strict=True):
                found[key] = _value(question, answer)
        return found


def hash_of(node: Client, block: int) -> str:
    """The hash of the node's block of that height; raises NodeUnreachable when it has none."""
    header = node.rpc("eth_getBlockByNumber", hex(block), False)
    if not header:
        raise NodeUnreachable(f"The node does not have block {block}.")
    return str(header["hash"])


def _call(question: Question) -> dict[str, str]:
    data = abi.encode_call(question.contract_name, question.function, *question.args)
    return {"to": question.address, "data": "0x" + data.hex()}


def _value(question: Question, answer: Any) -> Any:
    try:
        data = bytes.fromhex(rpc.read(answer, str).removeprefix("0x"))
        return abi.decode_result(question.contract_name, question.function, len(question.args), data)
    except NodeRefused as refused:
        if refused.reverted:
            return None
        raise
    except (DecodingError, ValueError, OverflowError):  # no contract there, or one of another kind
        return None
