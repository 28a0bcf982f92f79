"""Keys at rest: ours as digests, the providers' as ciphertext bound to the row they belong to."""

import base64
import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

PREFIX_LENGTH = 12


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made: `text` is shown once and kept by nobody, the rest is stored."""

    text: str
    prefix: str
    digest: str


def new_key() -> NewKey:
    """256 random bits, in letters that survive copying."""
    text = "gh_" + secrets.token_urlsafe(32)
    return NewKey(text, text[:PREFIX_LENGTH], digest(text))


def digest(text: str) -> str:
    """HMAC-SHA-256 of a key under the market's secret, as hexadecimal text."""
    return hmac.new(settings.SECRET_KEY.encode(), text.encode(), hashlib.sha256).hexdigest()


def is_same(text: str, stored: str) -> bool:
    """Whether `text` is the key of the stored digest, in constant time."""
    return hmac.compare_digest(digest(text), stored)


@dataclass(frozen=True, slots=True)
class Sealed:
    """What AES-256-GCM makes of a provider's key, and which of our keys made it."""

    key_id: str
    nonce: bytes
    ciphertext: bytes


class CannotUnseal(Exception):
    """The ciphertext belongs to another row, or to a sealing key that is no longer here."""


def seal(secret: str, *, org_id: int, listing_id: int) -> Sealed:
    """Encrypt a provider's key so that it opens only for this organization and listing."""
    key_id, key = _sealing_key()
    nonce = os.urandom(12)
    return Sealed(key_id, nonce, AESGCM(key).encrypt(nonce, secret.encode(), _binding(key_id, org_id, listing_id)))


def unseal(sealed: Sealed, *, org_id: int, listing_id: int) -> str:
    """The provider's key; raises CannotUnseal when the row was swapped or the sealing key changed."""
    key_id, key = _sealing_key()
    if sealed.key_id != key_id:
        raise CannotUnseal(f"Sealed with key {sealed.key_id}, which is not in SEALING_KEY.")
    try:
        return AESGCM(key).decrypt(sealed.nonce, sealed.ciphertext, _binding(key_id, org_id, listing_id)).decode()
    except InvalidTag:
        raise CannotUnseal("The ciphertext belongs to another organization or listing.") from None


def _binding(key_id: str, org_id: int, listing_id: int) -> bytes:
    return f"{key_id}:{org_id}:{listing_id}".encode()


def _sealing_key() -> tuple[str, bytes]:
    key = base64.b64decode(settings.SEALING_KEY)
    if len(key) != 32:
        raise CannotUnseal("SEALING_KEY must be 32 bytes in base64.")
    return hashlib.sha256(key).hexdigest()[:8], key
