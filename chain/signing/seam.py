"""What the sender knows of a signer. A signer that is not of this process is believed only what its bytes say."""

from typing import NamedTuple, Protocol

from eth_utils.crypto import keccak


class CannotSign(Exception):
    """The signer did not answer, or with something else than what was asked for. Nothing was sent."""


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

    def replaces(self, old: "Fees") -> bool:
        """Whether a node takes these in place of `old`: nodes ask for 10 % more in both, we for 12.5 %."""
        return self.max_fee * 8 >= old.max_fee * 9 and self.priority_fee * 8 >= old.priority_fee * 9


class Signer(Protocol):
    """`address` is checksummed. May raise CannotSign."""

    address: str

    def sign(self, *, chain_id: int, nonce: int, to: str, data: bytes, value: int, gas: int, fees: Fees) -> Signed:
        """The bytes of an EIP-1559 transaction; the same arguments always give the same bytes."""


class Checked:
    """A signer elsewhere. Its bytes are taken only if they are the transaction asked for, signed by its address."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer
        self.address = signer.address

    def sign(self, *, chain_id: int, nonce: int, to: str, data: bytes, value: int, gas: int, fees: Fees) -> Signed:
        signed = self._signer.sign(chain_id=chain_id, nonce=nonce, to=to, data=data, value=value, gas=gas, fees=fees)
        raw = bytes(signed.raw)
        wanted = (chain_id, nonce, to.lower(), data, value, gas, fees)
        try:
            found, sender = _read(raw)
        except Exception as problem:
            raise CannotSign(f"The signer of {self.address} answered with what is no transaction.") from problem
        if found != wanted or sender != self.address:
            raise CannotSign(f"The signer of {self.address} signed another transaction than it was asked to.")
        return Signed(raw, "0x" + keccak(raw).hex())


def _read(raw: bytes) -> tuple[tuple[object, ...], str]:
    """What signed bytes say, and who signed them."""
    from eth_account import Account
    from eth_account.typed_transactions.dynamic_fee_transaction import DynamicFeeTransaction
    from hexbytes import HexBytes

    said = DynamicFeeTransaction.from_bytes(HexBytes(raw)).dictionary
    if said["accessList"]:
        raise ValueError("An access list was not asked for.")
    fees = Fees(int(said["maxFeePerGas"]), int(said["maxPriorityFeePerGas"]))
    numbers = [int(said[name]) for name in ("chainId", "nonce", "value", "gas")]
    to, data = "0x" + bytes(said["to"]).hex(), bytes(said["data"])
    return (numbers[0], numbers[1], to, data, numbers[2], numbers[3], fees), Account.recover_transaction(raw)
