"""A browser wallet for the journeys: announced by EIP-6963, spoken to by EIP-1193, signing with a dev-chain key.

The page sees what it would see of MetaMask; only the window that asks the person is missing. `refuse_next` plays a
person who closes it.
"""

import json
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.request import Request, urlopen

from eth_abi import encode
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data
from playwright.sync_api import BrowserContext

ANNOUNCE = """
(() => {
  const listeners = {};
  const provider = {
    request: async ({ method, params }) => {
      const answer = JSON.parse(await window.guildhallTestWallet(JSON.stringify({ method, params: params ?? [] })));
      if (answer.error) throw Object.assign(new Error(answer.error.message), { code: answer.error.code });
      return answer.result;
    },
    on: (name, listener) => { (listeners[name] ??= []).push(listener); },
    removeListener: () => {},
  };
  const icon = "data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciLz4=";
  const uuid = "5b3bff6e-6a3c-4d2f-9a5e-1c2f3a4b5c6d";
  const info = Object.freeze({ uuid, name: "Test Wallet", icon, rdns: "test.wallet" });
  const announce = () => window.dispatchEvent(
    new CustomEvent("eip6963:announceProvider", { detail: Object.freeze({ info, provider }) }));
  window.addEventListener("eip6963:requestProvider", announce);
  announce();
})();
"""


BURN = "0x000000000000000000000000000000000000dEaD"


class Refusal(Exception):
    """An EIP-1193 error: code and message."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass
class Wallet:
    """One key on one chain."""

    key: str
    rpc_url: str
    chain_id: int = 31337
    refuse_next: bool = False
    refuse_switch: bool = False
    asked: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        return str(Account.from_key(self.key).address)

    def attach(self, context: BrowserContext) -> None:
        """Put the wallet into every page of a browser context."""
        context.expose_function("guildhallTestWallet", self._answer)
        context.add_init_script(ANNOUNCE)

    def _answer(self, text: str) -> str:
        call = json.loads(text)
        self.asked.append(call["method"])
        try:
            return json.dumps({"result": self._do(call["method"], call["params"])})
        except Refusal as refusal:
            return json.dumps({"error": {"code": refusal.code, "message": str(refusal)}})

    def _do(self, method: str, params: list[Any]) -> Any:
        match method:
            case "eth_requestAccounts" | "eth_accounts":
                return [self.address]
            case "eth_chainId":
                return hex(self.chain_id)
            case "wallet_switchEthereumChain" if self.refuse_switch:
                raise Refusal(4001, "User rejected the request.")
            case "wallet_switchEthereumChain":
                self.chain_id = int(params[0]["chainId"], 16)
                return None
            case "personal_sign" | "eth_signTypedData_v4" | "eth_sendTransaction":
                return self._with_consent(method, params)
        return self._rpc(method, params)

    def _with_consent(self, method: str, params: list[Any]) -> str:
        if self.refuse_next:
            self.refuse_next = False
            raise Refusal(4001, "User rejected the request.")
        if method == "eth_sendTransaction":
            return self._send(params[0])
        if method == "personal_sign":
            text = params[0]
            message = encode_defunct(hexstr=text) if text.startswith("0x") else encode_defunct(text=text)
        else:
            message = encode_typed_data(full_message=json.loads(params[1]))
        return "0x" + Account.sign_message(message, self.key).signature.hex().removeprefix("0x")

    def _send(self, wanted: dict[str, Any]) -> str:
        transaction = {
            "to": wanted["to"],
            "data": wanted.get("data", "0x"),
            "value": int(str(wanted.get("value", "0x0")), 0),
            "from": self.address,
        }
        call = {**transaction, "value": hex(transaction["value"])}
        gas = int(self._rpc("eth_estimateGas", [call]), 16)
        price = int(self._rpc("eth_gasPrice", []), 16)
        signed = Account.sign_transaction(
            {
                **{name: value for name, value in transaction.items() if name != "from"},
                "nonce": int(self._rpc("eth_getTransactionCount", [self.address, "pending"]), 16),
                "chainId": self.chain_id,
                "gas": gas * 12 // 10,
                "maxFeePerGas": price * 2,
                "maxPriorityFeePerGas": min(price, 10**9),
                "type": 2,
            },
            self.key,
        )
        return str(self._rpc("eth_sendRawTransaction", ["0x" + signed.raw_transaction.hex().removeprefix("0x")]))

    def receive(self, token: str, amount: int) -> None:
        """Be given `amount` base units of a mintable token by the chain's last account, and ether for fees."""
        self._rpc("anvil_setBalance", [self.address, hex(10**19)])
        mint = bytes.fromhex("40c10f19") + encode(["address", "uint256"], [self.address, amount])
        (*_, giver) = self._rpc("eth_accounts", [])  # not the first: that is the market's, which counts its nonces
        self._mined(self._rpc("eth_sendTransaction", [{"from": giver, "to": token, "data": "0x" + mint.hex()}]))

    def spend_all(self, token: str) -> None:
        """Be left without any of the token."""
        held = self._rpc(
            "eth_call", [{"to": token, "data": "0x70a08231" + self.address[2:].zfill(64).lower()}, "latest"]
        )
        away = bytes.fromhex("a9059cbb") + encode(["address", "uint256"], [BURN, int(held, 16)])
        self._mined(self._send({"to": token, "data": "0x" + away.hex()}))

    def _mined(self, transaction: str) -> None:
        """Wait until it is in a block: what is read before tells of the time before."""
        until = time.monotonic() + 20
        while not self._rpc("eth_getTransactionReceipt", [transaction]):
            if time.monotonic() > until:
                raise TimeoutError(f"{transaction} is in no block.")
            time.sleep(0.1)

    def _rpc(self, method: str, params: list[Any]) -> Any:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        request = Request(self.rpc_url, body, {"Content-Type": "application/json"})
        with urlopen(request, timeout=10) as response:
            answer = json.load(response)
        if "error" in answer:
            raise Refusal(int(answer["error"].get("code", -32603)), answer["error"].get("message", "refused"))
        return answer["result"]
