"""What a browser says of a passkey, read before anything is made of it: whoever sends it may have written it by hand.

fido2 and allauth take a well-formed answer for granted. One that is not would end in an error of ours: at once or, if
it was kept, on every later page that lists the person's passkeys.
"""

from collections.abc import Mapping
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from fido2.cose import CoseKey
from fido2.utils import websafe_encode
from fido2.webauthn import AuthenticationResponse, CollectedClientData, RegistrationResponse

UNFIT: Final = _(
    "Your browser did not hand over a passkey that fits. Nothing was changed; try again, or use another way."
)
LONGEST: Final = 64 * 1024  # bytes of an attestation; those of TPMs, the longest there are, have some 10,000
LONGEST_ID: Final = 1023  # bytes, WebAuthn Level 3, 4 (credential ID)


def new_passkey(said: Any) -> dict[str, Any]:
    """What is kept of a new one: only what was understood, written anew. ValidationError if it is none."""
    try:
        answer = RegistrationResponse.from_dict(said)
        attestation = answer.response.attestation_object
        made = attestation.auth_data.credential_data
        is_whole = _is_whole(answer.response.client_data) and len(attestation) <= LONGEST
        is_whole = is_whole and made.credential_id == answer.raw_id and len(answer.raw_id) <= LONGEST_ID
        is_whole = is_whole and _can_verify(made.public_key)
    except Exception as problem:  # it parses what anybody sends: whatever it trips over is no passkey
        raise ValidationError(UNFIT) from problem
    if not is_whole:
        raise ValidationError(UNFIT)
    more = answer.client_extension_results.get("credProps")
    return {
        "id": answer.id,
        "rawId": answer.id,
        "type": "public-key",
        "response": {
            "clientDataJSON": websafe_encode(answer.response.client_data),
            "attestationObject": websafe_encode(attestation),
        },
        "clientExtensionResults": {"credProps": {"rk": isinstance(more, Mapping) and more.get("rk") is True}},
    }


def used_passkey(said: Any) -> Any:
    """An answer to "who are you?", as it came. ValidationError if it cannot be one."""
    try:
        is_whole = _is_whole(AuthenticationResponse.from_dict(said).response.client_data)
    except Exception as problem:  # as above
        raise ValidationError(UNFIT) from problem
    if not is_whole:
        raise ValidationError(UNFIT)
    return said


def _is_whole(client: CollectedClientData) -> bool:
    return isinstance(client.origin, str)


def _can_verify(key: CoseKey) -> bool:
    """Whether a signature could ever be right under this key; this one cannot be."""
    try:
        key.verify(b"", b"")
    except InvalidSignature:
        return True
    return False
