"""Receipts for calls: the market's metering key signs how much a channel's use comes to in all (EIP-712).

The contract pays on nothing but this signature, so the key is not one that sends transactions: it holds no money.
"""

from functools import cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from chain.signing import CannotSign, LocalKey
from chain.signing.configured import items

DOMAIN = keccak(text="EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
RECEIPT = keccak(text="UsageReceipt(bytes32 channelId,uint256 cumulative)")


@cache
def _opened(key: str) -> LocalKey:
    return LocalKey(key, "METERING_KEY")


def _keys() -> list[LocalKey]:
    return [_opened(key) for key in items(settings.METERING_KEY)]


def metering_address() -> str:
    """Whose signature new channels are opened for: the first of METERING_KEY. Raises ImproperlyConfigured."""
    keys = _keys()
    if not keys:
        raise ImproperlyConfigured("Set METERING_KEY: the key that signs how much of a deposit for calls is used.")
    return keys[0].address


def digest(*, chain: str, contract: str, channel_id: str, cumulative: int) -> bytes:
    """What is signed: the contract's `receiptHash`, computed here. `cumulative` in base units."""
    names = [keccak(text="MarketEscrow"), keccak(text="1")]
    kinds = ["bytes32", "bytes32", "bytes32", "uint256", "address"]
    domain = keccak(encode(kinds, [DOMAIN, *names, int(chain.rpartition(":")[2]), contract]))
    said = keccak(encode(["bytes32", "bytes32", "uint256"], [RECEIPT, bytes.fromhex(channel_id[2:]), cumulative]))
    return keccak(b"\x19\x01" + domain + said)


def sign(*, chain: str, contract: str, channel_id: str, cumulative: int, signer: str) -> str:
    """The 65-byte signature of `signer` as 0x-hex; the same arguments give the same one.

    Raises CannotSign when METERING_KEY no longer names that key: after a change, the old one stands behind the new.
    """
    for key in _keys():
        if key.address == signer:
            said = digest(chain=chain, contract=contract, channel_id=channel_id, cumulative=cumulative)
            return "0x" + key.sign_digest(said).hex()
    raise CannotSign(f"METERING_KEY does not name the key of {signer}, for which channels are open.")
