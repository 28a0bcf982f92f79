"""Ask a node. The one place where web3 is configured; it is loaded at the first contract call, not before."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings
from django.utils.translation import gettext_noop as noop
from eth_utils.address import to_checksum_address

from chain import abi, nodes, rpc
from chain.models import Contract
from chain.rpc import NodeRefused, NodeUnreachable

if TYPE_CHECKING:
    from web3 import Web3


class CallRefused(Exception):
    """The contract said no; the text is a sentence for people."""


class WrongChain(Exception):
    """The node serves another chain than the one it is configured for."""


class Network(NamedTuple):
    """What settings.CHAINS says of a chain.

    `rpc_url` and `witness_url` may each name several providers, with commas between them; the first healthy one is
    asked. `finality`: "confirmations", or the node's own tag "finalized" or "safe"; "finalized or confirmations" counts
    confirmations where a node does not know the tag. Amounts are in wei; a gas budget or low balance of 0 is none.
    """

    rpc_url: str
    confirmations: int
    finality: str = "confirmations"
    witness_url: str = ""
    witness_seconds: float = 60.0
    ws_url: str = ""
    rebroadcast_seconds: float = 10.0
    bump_seconds: float = 60.0
    max_fee_cap: int = 500 * 10**9
    max_in_flight: int = 64
    daily_gas_budget: int = 0
    low_balance: int = 0

    @classmethod
    def of(cls, chain: str) -> Network:
        options: dict[str, Any] = settings.CHAINS[chain]
        return cls(**options)

    @property
    def tag(self) -> str | None:
        """The block tag that says what is final; None where confirmations are counted."""
        tag = self.finality.partition(" or ")[0]
        return None if tag == "confirmations" else tag

    @property
    def counts_without_tag(self) -> bool:
        """Whether confirmations are counted where a node does not know the tag."""
        return self.finality.endswith(" or confirmations")


def addresses(urls: str) -> list[str]:
    """The providers in a setting, in order of preference."""
    return [url.strip() for url in urls.split(",") if url.strip()]


def reference(chain: str) -> int:
    """The EIP-155 number in a CAIP-2 id."""
    return int(chain.removeprefix("eip155:"))


class Client:
    """One provider of a chain, over one kept-alive connection a process. Whoever takes one step asks one Client."""

    def __init__(self, chain: str, url: str) -> None:
        self.chain, self.url = chain, url
        self.node = rpc.connection(url)
        self._web3: Web3 | None = None

    @property
    def network(self) -> Network:
        return Network.of(self.chain)

    @property
    def web3(self) -> Web3:
        """web3 with bounded waiting and without CCIP-Read: no contract sends us to an address of its choice.

        Without its middleware too, which would ask for the number of the chain before every call.
        """
        if self._web3 is None:
            import requests
            from web3 import HTTPProvider, Web3

            session = requests.Session()
            session.trust_env = False
            timeout = (rpc.CONNECT_SECONDS, rpc.ANSWER_SECONDS)
            provider = HTTPProvider(
                self.url,
                session=session,
                request_kwargs={"timeout": timeout, "allow_redirects": False},
                exception_retry_configuration=None,
            )
            provider.global_ccip_read_enabled = False
            self._web3 = Web3(provider, middleware=[])
        return self._web3

    def call(self, to: str, data: bytes, block: str | int = "latest", sender: str | None = None) -> bytes:
        """What the contract answers; raises CallRefused with its sentence, NodeUnreachable without an answer."""
        from requests.exceptions import HTTPError, RequestException
        from web3.exceptions import ContractLogicError, Web3Exception

        self.node.refuse_while_resting()
        call: dict[str, Any] = {"to": to_checksum_address(to), "data": "0x" + data.hex()}
        if sender:
            call["from"] = to_checksum_address(sender)
        try:
            answer = bytes(self.web3.eth.call(call, block))  # type: ignore[arg-type]
        except ContractLogicError as error:
            data_text = rpc.revert_data(error.data)
            raise CallRefused(abi.decode_error(data_text) or error.message or noop("The contract refused.")) from error
        except HTTPError as error:
            wish = nodes.wish(error.response.headers) if error.response is not None else 0.0
            raise self.node.unreachable("it refused a call", wish) from error
        except (RequestException, ValueError) as error:  # ValueError: an answer that is not JSON
            raise self.node.unreachable(f"{type(error).__name__} at a call") from error
        except Web3Exception as error:  # it answered, with an error of its own: no reason to ask another one
            raise NodeUnreachable(f"The node {self.node.health.name} did not answer the call: {error}") from error
        self.node.health.worked()
        return answer

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

    def saw_head(self, height: int) -> None:
        """Note the newest block; with several providers, one that is stuck makes room for the next."""
        if len(addresses(self.network.rpc_url)) > 1:
            self.node.health.saw_head(height)

    def check_chain(self) -> None:
        """Raise WrongChain when the node serves another chain."""
        self.serves(int(self.rpc("eth_chainId"), 16))

    def serves(self, found: int) -> None:
        """Note the chain id that the node just named; raises WrongChain when it is another one, and lets it rest."""
        if not self.node.health.names_chain(found, reference(self.chain)):
            raise WrongChain(f"The node {self.node.health.name} serves chain {found}, not {self.chain}.")


@cache
def _opened(chain: str, url: str, process: int) -> Client:
    return Client(chain, url)


def client(chain: str | None = None) -> Client:
    """The provider of a chain to be asked now, the settings' chain by default: the first that does not rest."""
    chain = chain or settings.CHAIN_ID
    return _opened(chain, nodes.pick(addresses(Network.of(chain).rpc_url)), os.getpid())


def witness(chain: str) -> Client | None:
    """The provider whose word is needed beside the first one's; None where no witness is configured."""
    urls = addresses(Network.of(chain).witness_url)
    return _opened(chain, nodes.pick(urls), os.getpid()) if urls else None


__all__ = [
    "CallRefused",
    "Client",
    "Network",
    "NodeRefused",
    "NodeUnreachable",
    "WrongChain",
    "client",
    "reference",
    "witness",
]
