"""A passkey that does not fit is answered with a sentence, whatever a browser or a person by hand has sent."""

import base64
import json
from typing import Any

import pytest
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.test import Client
from fido2.utils import websafe_encode

from marketplace.accounts.models import User
from tests import world
from tests.accounts.passkey import Device, asked_again

pytestmark = pytest.mark.django_db
ADD, LIST = "/accounts/factors/webauthn/add/", "/accounts/factors/webauthn/"
SIGN_IN, AGAIN = "/accounts/factors/webauthn/login/", "/accounts/factors/webauthn/reauthenticate/"
STEP = "/accounts/factors/authenticate/"
UNFIT = "did not hand over a passkey that fits"
BROKEN = {
    "nothing": "",
    "no JSON": "{",
    "a list": "[]",
    "a number": "1",
    "an empty object": "{}",
    "deep": "[" * 20_000 + "]" * 20_000,
    "words for bytes": {"response": {"clientDataJSON": "!", "attestationObject": "!", "authenticatorData": "!"}},
    "another name": {"id": "other"},
    "no name": {"rawId": 1},
    "no answer": {"response": None},
    "a list for an answer": {"response": ["clientDataJSON"]},
    "client data that are no object": {"response": {"clientDataJSON": websafe_encode(b"[]")}},
    "an origin that is a number": {"response": {"clientDataJSON": {"origin": 5}}},
    "an origin that is no address": {"response": {"clientDataJSON": {"origin": "https://["}}},
    "another page's answer": {"response": {"clientDataJSON": {"origin": "https://evil.example"}}},
    "a challenge that is a number": {"response": {"clientDataJSON": {"challenge": 5}}},
    "another challenge": {"response": {"clientDataJSON": {"challenge": "AAAA"}}},
    "the other ceremony": {"response": {"clientDataJSON": {"type": "webauthn.other"}}},
    "extensions that are a number": {"clientExtensionResults": 5},
}
BROKEN_NEW = BROKEN | {
    "attestation cut short": {"response": {"attestationObject": websafe_encode(b"\xa3\x63")}},
    "attestation without data": {"response": {"attestationObject": websafe_encode(b"\xa0")}},
    "attestation of lists in lists": {"response": {"attestationObject": websafe_encode(b"\x81" * 50_000)}},
    "an attestation of a megabyte": {"response": {"attestationObject": "A" * 2**20}},
}
BROKEN_USE = BROKEN | {
    "device data cut short": {"response": {"authenticatorData": websafe_encode(b"\x00" * 8)}},
    "no signature": {"response": {"signature": None}},
    "a signature that is none": {"response": {"signature": "AAAA"}},
}
STRANGE_HANDLES = {
    "a handle that is no text": websafe_encode(b"\xff\xfe"),
    "a handle that is no number": websafe_encode(b"nobody here"),
    "a handle beyond all numbers": websafe_encode(b"z" * 60),
}
JUNK = {
    "a NUL": {"more": "\x00"},
    "no number": {"more": float("nan")},
    "half a letter": {"more": "\ud800"},
    "properties that are a number": {"clientExtensionResults": {"credProps": 5}},
    "a NUL between the letters": {"response": {"transports": ["\x00"]}},
}


def spoiled(said: dict[str, Any], how: Any) -> str:
    """What a device said, with parts of it replaced; text as it is."""
    if isinstance(how, str):
        return how
    told = dict(how)
    if isinstance(response := told.get("response"), dict):
        client = response.get("clientDataJSON")
        if isinstance(client, dict):
            known = json.loads(base64.urlsafe_b64decode(said["response"]["clientDataJSON"] + "=="))
            response = response | {"clientDataJSON": websafe_encode(json.dumps(known | client).encode())}
        told["response"] = said["response"] | response
    return json.dumps(said | told)


@pytest.fixture
def ada() -> User:
    cache.clear()
    return world.person("Ada")


@pytest.fixture
def client(client: Client, ada: User) -> Client:
    client.force_login(ada, backend="allauth.account.auth_backends.AuthenticationBackend")
    return asked_again(client)


def challenge(client: Client) -> str:
    return str(client.session["mfa.webauthn.state"]["challenge"])


def add(client: Client, said: str, **more: str) -> Any:
    return client.post(ADD, {"name": "Phone", "credential": said, **more})


def added(client: Client) -> Device:
    device = Device()
    client.get(ADD)
    assert add(client, json.dumps(device.made(challenge(client)))).status_code == 302
    return device


def refused(answer: Any) -> None:
    """A page with our sentence, or the way back with it as a message."""
    assert answer.status_code in (200, 302)
    said = answer.content.decode()
    if answer.status_code == 302:
        said = " ".join(map(str, answer.wsgi_request._messages))
    assert UNFIT in said


def test_a_passkey_is_added_and_signs_in_and_answers_who_it_is(client: Client, ada: User) -> None:
    """The control of everything below: the device of the tests is taken where nothing is spoiled."""
    device = added(client)
    assert "signs you in alone" in client.get(LIST).content.decode()
    client.get(AGAIN)
    assert client.post(AGAIN, {"credential": json.dumps(device.used(challenge(client)))}).status_code == 302
    other = Client()
    other.get(SIGN_IN, headers={"accept": "application/json"})
    handle = websafe_encode(user_pk_to_url_str(ada).encode())
    signed = json.dumps(device.used(challenge(other), handle=handle))
    assert other.post(SIGN_IN, {"credential": signed})["Location"] == "/o/"


@pytest.mark.parametrize("how", BROKEN_NEW)
def test_a_broken_new_passkey_is_refused_in_a_sentence(how: str, client: Client) -> None:
    client.get(ADD)
    refused(add(client, spoiled(Device().made(challenge(client)), BROKEN_NEW[how])))
    assert client.get(LIST).status_code == 200


@pytest.mark.parametrize("how", BROKEN_USE)
def test_a_broken_answer_of_a_passkey_is_refused_in_a_sentence(how: str, client: Client, ada: User) -> None:
    device = added(client)
    client.get(AGAIN)
    refused(client.post(AGAIN, {"credential": spoiled(device.used(challenge(client)), BROKEN_USE[how])}))
    stranger = Client()
    stranger.get(SIGN_IN, headers={"accept": "application/json"})
    refused(stranger.post(SIGN_IN, {"credential": spoiled(device.used(challenge(stranger)), BROKEN_USE[how])}))
    half = Client()
    half.post("/accounts/login/", {"login": ada.email, "password": world.PASSWORD})
    half.get(STEP)
    refused(half.post(STEP, {"credential": spoiled(device.used(challenge(half)), BROKEN_USE[how])}))


@pytest.mark.parametrize("how", STRANGE_HANDLES)
def test_a_passkey_of_nobody_lets_nobody_in(how: str, client: Client) -> None:
    device, stranger = added(client), Client()
    stranger.get(SIGN_IN, headers={"accept": "application/json"})
    refused(
        stranger.post(
            SIGN_IN, {"credential": json.dumps(device.used(challenge(stranger), handle=STRANGE_HANDLES[how]))}
        )
    )


@pytest.mark.parametrize("how", JUNK)
def test_what_comes_along_with_a_passkey_is_not_kept(how: str, client: Client, ada: User) -> None:
    device = Device()
    client.get(ADD)
    assert add(client, spoiled(device.made(challenge(client)), JUNK[how])).status_code == 302
    kept = Authenticator.objects.get(user=ada, type="webauthn").data["credential"]
    assert set(kept) == {"id", "rawId", "type", "response", "clientExtensionResults"}
    assert client.get(LIST).status_code == client.get(AGAIN).status_code == 200


def test_a_name_longer_than_a_line_is_refused_at_its_field(client: Client) -> None:
    client.get(ADD)
    page = add(client, json.dumps(Device().made(challenge(client))), name="x" * 81).content.decode()
    assert "at most 80 characters" in page
    assert 'aria-invalid="true"' in page


@pytest.mark.parametrize("how", ["client data that are no object", "no name", "attestation cut short"])
def test_control_allauth_alone_answers_a_broken_passkey_with_an_error_of_ours(
    how: str, client: Client, settings: Any
) -> None:
    settings.MFA_FORMS = {}
    client.get(ADD)
    with pytest.raises((ValueError, TypeError, LookupError)):
        add(client, spoiled(Device().made(challenge(client)), BROKEN_NEW[how]))
