"""Ask a node. The one place where web3 is configured; it is loaded at the first contract call, not before."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings
from eth_utils.address import to_checksum_address

from chain import abi, rpc
from chain.models import Contract
from chain.rpc import NodeRefused, NodeUnreachable

if TYPE_CHECKING:
    from web3 import Web3


class CallRefused(Exception):
    """The contract said no; the text is a sentence for people."""


class WrongChain(Exception):
    """The node serves another chain than the one it is configured for."""


class Network(NamedTuple):
    """What settings.CHAINS says of a chain. `finality` is "confirmations", or "finalized" for the node's own tag."""

    rpc_url: str
    confirmations: int
    finality: str = "confirmations"
    rebroadcast_seconds: float = 10.0
    bump_seconds: float = 60.0
    max_fee_cap: int = 500 * 10**9

    @classmethod
    def of(cls, chain: str) -> Network:
        options: dict[str, Any] = settings.CHAINS[chain]
        return cls(**options)


def reference(chain: str) -> int:
    """The EIP-155 number in a CAIP-2 id."""
    return int(chain.removeprefix("eip155:"))


class Client:
    """One chain's node, over one kept-alive connection a process."""

    def __init__(self, chain: str) -> None:
        self.chain = chain
        self.network = Network.of(chain)
        self.node = rpc.connection(self.network.rpc_url)
        self._web3: Web3 | None = None

    @property
    def web3(self) -> Web3:
        """web3 with bounded waiting and without CCIP-Read: no contract sends us to an address of its choice."""
        if self._web3 is None:
            import requests
            from web3 import HTTPProvider, Web3

            session = requests.Session()
            session.trust_env = False
            timeout = (rpc.CONNECT_SECONDS, rpc.ANSWER_SECONDS)
            provider = HTTPProvider(
                self.network.rpc_url,
                session=session,
                request_kwargs={"timeout": timeout, "allow_redirects": False},
                exception_retry_configuration=None,
            )
            provider.global_ccip_read_enabled = False
            self._web3 = Web3(provider)
        return self._web3

    def call(self, to: str, data: bytes, block: str | int = "latest", sender: str | None = None) -> bytes:
        """What the contract answers; raises CallRefused with its sentence, NodeUnreachable without an answer."""
        from requests.exceptions import RequestException
        from web3.exceptions import ContractLogicError, Web3Exception

        call: dict[str, Any] = {"to": to_checksum_address(to), "data": "0x" + data.hex()}
        if sender:
            call["from"] = to_checksum_address(sender)
        try:
            return bytes(self.web3.eth.call(call, block))  # type: ignore[arg-type]
        except ContractLogicError as error:
            data_text = rpc.revert_data(error.data)
            raise CallRefused(abi.decode_error(data_text) or error.message or "The contract refused.") from error
        except (RequestException, Web3Exception, ValueError) as error:  # ValueError: an answer that is not JSON
            raise NodeUnreachable(f"The node did not answer the call: {error}") from error

    def read(
        self,
        contract_name: str,
        function: str,
        *args: Any,
        address: str | None = None,
        block: str | int = "latest",
    ) -> Any:
        """A view function's decoded value, or values; of the registered contract of that name, or of `address`."""
        to = address or Contract.objects.named(contract_name, self.chain).address
        answer = self.call(to, abi.encode_call(contract_name, function, *args), block)
        if not answer and not self.code(to):
            raise CallRefused(f"There is no contract at {to}.")
        return abi.decode_result(contract_name, function, len(args), answer)

    def rpc(self, method: str, *params: Any) -> Any:
        """Any JSON-RPC method; raises NodeRefused or NodeUnreachable."""
        return self.node.one(method, *params)

    def head(self) -> int:
        """The height of the node's newest block, which may lag; the watcher does not rely on it."""
        return int(self.rpc("eth_blockNumber"), 16)

    def balance(self, address: str) -> int:
        """In wei."""
        return int(self.rpc("eth_getBalance", address, "latest"), 16)

    def code(self, address: str) -> bytes:
        """The code at an address; empty when there is no contract."""
        return bytes.fromhex(self.rpc("eth_getCode", address, "latest")[2:])

    def check_chain(self) -> None:
        """Raise WrongChain when the node serves another chain."""
        found = int(self.rpc("eth_chainId"), 16)
        if found != reference(self.chain):
            raise WrongChain(f"The node at CHAIN_RPC_URL serves chain {found}, not {self.chain}.")


@cache
def _opened(chain: str, url: str, process: int) -> Client:
    return Client(chain)


def client(chain: str | None = None) -> Client:
    """This process's client of a chain, the settings' chain by default."""
    chain = chain or settings.CHAIN_ID
    return _opened(chain, settings.CHAINS[chain]["rpc_url"], os.getpid())


__all__ = ["CallRefused", "Client", "Network", "NodeRefused", "NodeUnreachable", "WrongChain", "client", "reference"]
