"""A key in this process: from its hex digits, or from a Web3 Secret Storage (version 3) file."""

import json
from pathlib import Path
from typing import Self

from django.core.exceptions import ImproperlyConfigured

from chain.signing.seam import Fees, Signed


class LocalKey:
    """A key in this process."""

    def __init__(self, key: str | bytes) -> None:
        from eth_account import Account

        self._account = Account.from_key(key)
        self.address: str = self._account.address

    @classmethod
    def from_keystore(cls, path: str, password: str) -> Self:
        """Decrypt a file: a second or so, and as much memory as its scrypt parameters say; once a process."""
        from eth_account import Account

        try:
            return cls(bytes(Account.decrypt(json.loads(Path(path).read_text("utf-8")), password)))
        except OSError as problem:
            raise ImproperlyConfigured(f"RELAYER_KEYSTORE: {path} cannot be read.") from problem
        except Exception as problem:  # not with its own words: they may hold secrets
            reason = "the password is wrong" if "MAC mismatch" in str(problem) else "it is no version 3 keystore"
            raise ImproperlyConfigured(f"RELAYER_KEYSTORE: {path} cannot be opened: {reason}.") from None

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
