"""A key in this process: from its hex digits, or from a Web3 Secret Storage (version 3) file."""

import json
from pathlib import Path
from typing import Self

import rlp
from coincurve import PrivateKey
from django.core.exceptions import ImproperlyConfigured
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from chain.signing.seam import Fees, Signed


class LocalKey:
    """A key in this process."""

    def __init__(self, key: str | bytes, setting: str = "RELAYER_KEY") -> None:
        digits = key if isinstance(key, bytes) else bytes.fromhex(key.removeprefix("0x"))
        if len(digits) != 32:
            raise ImproperlyConfigured(f"{setting}: a private key is 32 bytes, written as 64 hex digits.")
        self._key = PrivateKey(digits)
        point = self._key.public_key.format(compressed=False)[1:]
        self.address: str = to_checksum_address(keccak(point)[12:])

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

    def sign_digest(self, digest: bytes) -> bytes:
        """r, s and v of a signature of 32 bytes, as contracts take it."""
        signature = self._key.sign_recoverable(digest, hasher=None)
        return signature[:64] + bytes([signature[64] + 27])

    def sign(self, *, chain_id: int, nonce: int, to: str, data: bytes, value: int, gas: int, fees: Fees) -> Signed:
        """Encoded here: eth-account makes the same bytes in five times the CPU (0.42 ms)."""
        destination = bytes.fromhex(to.removeprefix("0x"))
        fields = [chain_id, nonce, fees.priority_fee, fees.max_fee, gas, destination, value, data, []]
        signature = self._key.sign_recoverable(keccak(b"\x02" + rlp.encode(fields)), hasher=None)
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
        raw = b"\x02" + rlp.encode([*fields, signature[64], r, s])
        return Signed(raw, "0x" + keccak(raw).hex())
