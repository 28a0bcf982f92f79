"""What an ill node says to one call, given what a healthy one says."""

from collections.abc import Callable
from typing import Any

Json = dict[str, Any]
OTHER_CHAIN = 1


class Illness:
    """Bends answers. `ask` reaches the healthy node."""

    def __init__(self, ask: Callable[..., Any]) -> None:
        self.ask = ask
        self.branch: dict[int, Json] = {}
        self.receipts: dict[str, list[Json]] = {}

    def remember_branch(self, depth: int) -> None:
        """Keep the newest `depth` blocks with their receipts: right before a reorg, for `old_branch` to serve them."""
        head = int(self.ask("eth_blockNumber"), 16)
        self.branch, self.receipts = {}, {}
        for number in range(head - depth + 1, head + 1):
            block = self.ask("eth_getBlockByNumber", hex(number), False)
            self.branch[number] = block
            self.receipts[block["hash"]] = self.ask("eth_getBlockReceipts", hex(number))

    def bend(self, call: Json, answer: Json, backend: str, behind: int) -> Json:
        """The answer of an ill backend to one call."""
        bender = getattr(self, f"_{backend}", None)
        if bender is None or "result" not in answer:
            return answer
        if backend in {"lagging", "stale_head"}:
            return bender(call["method"], call["params"], answer, int(self.ask("eth_blockNumber"), 16) - behind)
        return bender(call["method"], call["params"], answer)

    @staticmethod
    def _refusal(answer: Json) -> Json:
        return {"jsonrpc": "2.0", "id": answer["id"], "error": {"code": -32000, "message": "unknown block"}}

    def _height(self, block_hash: str) -> int:
        """The healthy node's; -1 of a block that it does not have."""
        block = self.ask("eth_getBlockByHash", block_hash, False)
        return int(block["number"], 16) if block else -1

    def _stale_head(self, method: str, params: list[Any], answer: Json, known: int) -> Json:
        if method == "eth_blockNumber":
            return {**answer, "result": hex(known)}
        if method == "eth_getBlockByNumber" and params[0] == "latest":
            return {**answer, "result": self.ask("eth_getBlockByNumber", hex(known), False)}
        return answer

    def _lagging(self, method: str, params: list[Any], answer: Json, known: int) -> Json:
        """A range is answered with what is there and no error; by hash the backend says what it lacks."""
        result = answer["result"]
        if method == "eth_getLogs":
            if "blockHash" in params[0] and self._height(params[0]["blockHash"]) > known:
                return self._refusal(answer)
            return {**answer, "result": [log for log in result if int(log["blockNumber"], 16) <= known]}
        if method in {"eth_getTransactionReceipt", "eth_getBlockReceipts"} and result:
            number = (result if isinstance(result, dict) else result[0])["blockNumber"]
            return {**answer, "result": result if int(number, 16) <= known else None}
        if method == "eth_getTransactionCount" and params[1] == "latest":
            return {**answer, "result": self.ask(method, params[0], hex(known))}
        if method == "eth_getBlockByNumber" and params[0] not in {"latest", "finalized", "safe"}:
            return {**answer, "result": result if int(params[0], 16) <= known else None}
        return self._stale_head(method, params, answer, known)

    def _future_head(self, method: str, params: list[Any], answer: Json) -> Json:
        if method == "eth_blockNumber":
            return {**answer, "result": hex(int(answer["result"], 16) + 1000)}
        if method == "eth_getBlockByNumber" and params[0] == "latest":
            number = hex(int(answer["result"]["number"], 16) + 1000)
            return {**answer, "result": {**answer["result"], "number": number}}
        return answer

    def _old_branch(self, method: str, params: list[Any], answer: Json) -> Json:
        """The orphaned branch, whole: it fits together, and has nothing of what came after it."""
        if not self.branch:
            return answer
        first, top = min(self.branch), max(self.branch)
        if method == "eth_blockNumber":
            return {**answer, "result": hex(top)}
        if method == "eth_getBlockByNumber" and params[0] in {"latest", "finalized", "safe"}:
            return {**answer, "result": self.branch[top] if params[0] == "latest" else answer["result"]}
        if method == "eth_getBlockByNumber":
            number = int(params[0], 16)
            return {**answer, "result": self.branch.get(number) if number >= first else answer["result"]}
        if method == "eth_getLogs":
            return self._old_logs(params[0], answer, first)
        if method == "eth_getBlockReceipts" and params[0] in self.receipts:
            return {**answer, "result": self.receipts[params[0]]}
        if method == "eth_getTransactionReceipt":
            return {**answer, "result": self._old_receipt(params[0], answer["result"], first)}
        return answer

    def _old_logs(self, question: Json, answer: Json, first: int) -> Json:
        addresses = question["address"]
        wanted = {each.lower() for each in ([addresses] if isinstance(addresses, str) else addresses)}
        if "blockHash" in question:
            receipts = self.receipts.get(question["blockHash"])
            if receipts is not None:
                return {**answer, "result": self._logs(receipts, wanted)}
            return self._refusal(answer) if self._height(question["blockHash"]) >= first else answer
        kept = [log for log in answer["result"] if int(log["blockNumber"], 16) < first]
        start, end = int(question["fromBlock"], 16), question["toBlock"]
        end = max(self.branch) if end == "latest" else int(end, 16)
        for number, block in sorted(self.branch.items()):
            if start <= number <= end:
                kept += self._logs(self.receipts[block["hash"]], wanted)
        return {**answer, "result": kept}

    @staticmethod
    def _logs(receipts: list[Json], wanted: set[str]) -> list[Json]:
        return [log for receipt in receipts for log in receipt["logs"] if log["address"].lower() in wanted]

    def _old_receipt(self, tx_hash: str, found: Json | None, first: int) -> Json | None:
        if found and int(found["blockNumber"], 16) < first:
            return found
        receipts = [each for receipts in self.receipts.values() for each in receipts]
        return next((each for each in receipts if each["transactionHash"] == tx_hash), None)

    def _wrong_chain(self, method: str, params: list[Any], answer: Json) -> Json:
        """Another chain on which the same account was busier: other blocks, none of our logs and receipts."""
        result = answer["result"]
        if method in {"eth_chainId", "net_version"}:
            return {**answer, "result": hex(OTHER_CHAIN)}
        if method == "eth_getBlockByNumber" and result:
            return {**answer, "result": {**result, **{name: flipped(result[name]) for name in ("hash", "parentHash")}}}
        if method == "eth_getLogs":
            return self._refusal(answer) if "blockHash" in params[0] else {**answer, "result": []}
        if method in {"eth_getTransactionReceipt", "eth_getBlockReceipts"}:
            return {**answer, "result": None}
        if method == "eth_getTransactionCount":
            return {**answer, "result": hex(int(result, 16) + 10_000)}
        return answer

    @staticmethod
    def _null_block(method: str, params: list[Any], answer: Json) -> Json:
        return {**answer, "result": None} if method == "eth_getBlockByNumber" else answer

    @staticmethod
    def _no_receipt(method: str, params: list[Any], answer: Json) -> Json:
        return {**answer, "result": None} if method == "eth_getTransactionReceipt" else answer

    @staticmethod
    def _empty_logs(method: str, params: list[Any], answer: Json) -> Json:
        return {**answer, "result": []} if method == "eth_getLogs" else answer

    @staticmethod
    def _duplicated_logs(method: str, params: list[Any], answer: Json) -> Json:
        return {**answer, "result": answer["result"] * 2} if method == "eth_getLogs" else answer


def flipped(block_hash: str) -> str:
    """The hash of another block: the same for the same one, and linked as they are."""
    return "0x" + "".join(f"{15 - int(digit, 16):x}" for digit in block_hash.removeprefix("0x"))
