"""Who signs for the market. The sender knows only this seam, so that a key may live elsewhere one day."""

from functools import cache
from typing import NamedTuple, Protocol

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class Signed(NamedTuple):
    raw: bytes
    tx_hash: str


class Fees(NamedTuple):
    """EIP-1559, in wei per gas."""

    max_fee: int
    priority_fee: int

    def bumped(self, market: "Fees", cap: int) -> "Fees":
        """At least 12.5 % more in both, which every node takes as a replacement; not above `cap`."""
        return Fees(
            min(max(self.max_fee * 9 // 8 + 1, market.max_fee), cap),
            min(max(self.priority_fee * 9 // 8 + 1, market.priority_fee), cap),
        )


class Signer(Protocol):
    address: str

    def sign(self, *, chain_id: int, nonce: int, to: str, data: bytes, value: int, gas: int, fees: Fees) -> Signed:
        """The bytes of an EIP-1559 transaction; the same arguments always give the same bytes."""


class LocalKey:
    """A key in this process."""

    def __init__(self, key: str) -> None:
        from eth_account import Account

        self._account = Account.from_key(key)
        self.address: str = self._account.address

    def sign(self, *, chain_id: int, nonce: int, to: str, data: bytes, value: int, gas: int, fees: Fees) -> Signed:
        signed = self._account.sign_transaction(
            {
                "type": 2,
                "chainId": chain_id,
                "nonce": nonce,
                "to": to,
                "data": data,
                "value": value,
                "gas": gas,
                "maxFeePerGas": fees.max_fee,
                "maxPriorityFeePerGas": fees.priority_fee,
            }
        )
        return Signed(bytes(signed.raw_transaction), "0x" + bytes(signed.hash).hex())


@cache
def _opened(key: str) -> LocalKey:
    return LocalKey(key)


def signer() -> Signer:
    """The market's sending account, from RELAYER_KEY."""
    if not settings.RELAYER_KEY:
        raise ImproperlyConfigured("Set RELAYER_KEY: the private key of the account that sends for the market.")
    return _opened(settings.RELAYER_KEY)
