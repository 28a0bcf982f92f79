"""What tests do to a local chain: mine, reorganize, mint, and look at the truth."""

import time
from typing import Any

import httpx

from chain import abi
from chain.signing import LocalKey

CHAIN = "eip155:31337"
# Accounts 0 (the market's), 8 and 9 of anvil's well-known mnemonic.
RELAYER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
HELPER = "0x23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f"
MINTER = "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720"
RELAYER_KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"


class LocalChain:
    """anvil, one block a transaction unless told otherwise."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = httpx.Client(trust_env=False, timeout=30, verify=False)  # no certificates to load: it is plain HTTP
        self.automining = True

    def rpc(self, method: str, *params: Any) -> Any:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        answer = self.http.post(self.url, json=body).json()
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def automine(self, on: bool = True) -> None:
        self.rpc("evm_setIntervalMining", 0)
        self.rpc("evm_setAutomine", on)
        self.automining = on

    def mine(self, blocks: int = 1) -> None:
        self.rpc("anvil_mine", hex(blocks))

    def reorg(self, depth: int, transactions: list[Any] | None = None) -> None:
        """Replace the newest `depth` blocks by as many others. `transactions`: [[{…}, block offset], …]."""
        self.rpc("anvil_reorg", depth, transactions or [])

    def head(self) -> int:
        return int(self.rpc("eth_blockNumber"), 16)

    def balance(self, address: str) -> int:
        return int(self.rpc("eth_getBalance", address, "latest"), 16)

    def send(self, to: str | None, data: bytes = b"", *, sender: str = MINTER, value: int = 0) -> str:
        """The hash of a transaction that the node itself signs; mined already where blocks come by themselves."""
        call = {"from": sender, "data": "0x" + data.hex(), "value": hex(value)}
        tx_hash = self.rpc("eth_sendTransaction", {**call, "to": to} if to else call)
        return self.receipt(tx_hash)["transactionHash"] if self.automining else tx_hash

    def receipt(self, tx_hash: str) -> Any:
        """anvil answers before it has mined: wait for it."""
        until = time.monotonic() + 10
        while time.monotonic() < until:
            if found := self.rpc("eth_getTransactionReceipt", tx_hash):
                return found
            time.sleep(0.002)
        raise TimeoutError(tx_hash)

    def deploy(self, name: str, *args: Any) -> tuple[str, int]:
        """The address and block of a new contract."""
        receipt = self.receipt(self.send(None, abi.encode_deployment(name, *args)))
        return receipt["contractAddress"], int(receipt["blockNumber"], 16)

    def mint(self, dollar: str, amount: int, to: str = HELPER) -> str:
        return self.send(dollar, abi.encode_call("TestDollar", "mint", to, amount))

    def minting(self, dollar: str, amount: int) -> dict[str, str]:
        """The same as JSON for `reorg`."""
        data = abi.encode_call("TestDollar", "mint", HELPER, amount)
        return {"from": MINTER, "to": dollar, "data": "0x" + data.hex(), "gas": hex(200_000)}

    def logs(self, address: str) -> list[tuple[str, int]]:
        """(block hash, log index) of all logs of a contract, as the chain has them now."""
        found = self.rpc("eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest", "address": address})
        return [(log["blockHash"], int(log["logIndex"], 16)) for log in found]


_turn = [0]


def begin_anew() -> None:
    """From here on the fresh addresses are others: a reorg below a test's snapshot can outlive that test."""
    _turn[0] += 1


def fresh_address(number: int) -> str:
    """An address that nobody has paid yet: the same for one number within a test."""
    return "0x" + f"{0xC0FFEE << 96 | _turn[0] << 32 | number:040x}"


def relayer() -> LocalKey:
    return LocalKey(RELAYER_KEY)
