"""A local chain full of logs: a contract that emits as many Transfer events a call as it is told."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec

TRANSFER = "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
# n = calldata[0]; while n: emit Transfer(caller, address(n), n); n = n - 1
RUNTIME = (
    f"6000355b8015603c57806000528033{'7f' + TRANSFER}60206000a36001900360035600".replace("0360035600", "03600356")
    + "5b00"
)
CREATION = "603e80600b6000396000f3" + RUNTIME
SENDER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
AT_ONCE = 100


@dataclass
class Emitter:
    """The contract at `address`, deployed in block `deployed`, on the node at `url`."""

    url: str
    address: str = ""
    deployed: int = 0

    def __post_init__(self) -> None:
        self.http = httpx.Client(trust_env=False, timeout=120)
        if not self.address:
            sent = self.rpc("eth_sendTransaction", {"from": SENDER, "data": "0x" + CREATION, "gas": hex(1_000_000)})
            while not (receipt := self.rpc("eth_getTransactionReceipt", sent)):
                time.sleep(0.005)
            self.address, self.deployed = receipt["contractAddress"], int(receipt["blockNumber"], 16)

    def rpc(self, method: str, *params: Any) -> Any:
        """One call."""
        return next(self.batch([(method, params)]))

    def batch(self, calls: list[tuple[str, Any]]) -> Iterator[Any]:
        """Several calls in one request."""
        body = [{"jsonrpc": "2.0", "id": n, "method": name, "params": params} for n, (name, params) in enumerate(calls)]
        answer = self.http.post(
            self.url, content=msgspec.json.encode(body), headers={"content-type": "application/json"}
        )
        for each in sorted(answer.json(), key=lambda each: each["id"]):
            if "error" in each:
                raise RuntimeError(each["error"])
            yield each["result"]

    def call(self, logs: int) -> dict[str, str]:
        """A transaction that emits so many logs."""
        data = f"0x{logs:064x}"
        return {"from": SENDER, "to": self.address, "data": data, "gas": hex(60_000 + 2_600 * logs)}

    def fill(self, blocks: int, logs: int) -> None:
        """So many blocks with so many logs each: a block has room for one transaction."""
        call = self.call(logs)
        limit = self.rpc("eth_getBlockByNumber", "latest", False)["gasLimit"]
        nonce = int(self.rpc("eth_getTransactionCount", SENDER, "latest"), 16)
        self.rpc("evm_setAutomine", False)
        self.rpc("evm_setBlockGasLimit", hex(int(call["gas"], 16) * 3 // 2))
        for start in range(nonce, nonce + blocks, AT_ONCE):
            nonces = range(start, min(start + AT_ONCE, nonce + blocks))
            list(self.batch([("eth_sendTransaction", [call | {"nonce": hex(each)}]) for each in nonces]))
            self.rpc("anvil_mine", hex(len(nonces)))
        self.rpc("evm_setBlockGasLimit", limit)
        self.rpc("evm_setAutomine", True)
