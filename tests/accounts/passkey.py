"""A device that holds one passkey, and says of it what a browser would."""

import hashlib
import secrets
import time
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from django.test import Client
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

FLAG = AuthenticatorData.FLAG


def asked_again(client: Client) -> Client:
    """As if the person had just answered "Is it you?" with the password."""
    session = client.session
    session["account_authentication_methods"] += [{"method": "password", "at": time.time(), "reauthenticated": True}]
    session.save()
    return client


class Device:
    """A key for the pages of one host; user verification always succeeds."""

    def __init__(self, host: str = "testserver") -> None:
        self.host, self.origin = host, f"https://{host}"
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = secrets.token_bytes(32)

    def _data(self, flags: FLAG, credential: bytes = b"") -> AuthenticatorData:
        return AuthenticatorData.create(hashlib.sha256(self.host.encode()).digest(), flags, 0, credential)

    def _named(self, response: dict[str, str], **more: Any) -> dict[str, Any]:
        name = websafe_encode(self.id)
        return {"id": name, "rawId": name, "type": "public-key", "response": response} | more

    def made(self, challenge: str, **more: Any) -> dict[str, Any]:
        """The answer to `navigator.credentials.create`."""
        public = AttestedCredentialData.create(bytes(16), self.id, ES256.from_cryptography_key(self.key.public_key()))
        data = self._data(FLAG.UP | FLAG.UV | FLAG.AT, public)
        client = CollectedClientData.create("webauthn.create", challenge, self.origin)
        response = {
            "clientDataJSON": websafe_encode(client),
            "attestationObject": websafe_encode(AttestationObject.create("none", data, {})),
        }
        return self._named(response, clientExtensionResults={"credProps": {"rk": True}}, **more)

    def used(self, challenge: str, *, handle: str = "", **more: Any) -> dict[str, Any]:
        """The answer to `navigator.credentials.get`."""
        data = self._data(FLAG.UP | FLAG.UV)
        client = CollectedClientData.create("webauthn.get", challenge, self.origin)
        response = {
            "clientDataJSON": websafe_encode(client),
            "authenticatorData": websafe_encode(data),
            "signature": websafe_encode(self.key.sign(data + client.hash, ec.ECDSA(SHA256()))),
            "userHandle": handle,
        }
        return self._named(response, clientExtensionResults={}, **more)
