"""spruceid's vectors for EIP-4361: what everybody's parser takes and refuses, ours takes and refuses.

All are run but the two of `eip1271`, whose wallets live on Ethereum's main network; their messages are parsed, and
test_signatures.py asks wallets of our own on a local chain. `parsing_negative_objects` are given to us as the text
that they would make, for a message has no other way in.
"""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from chain import signatures
from chain.signatures import InvalidSignature, Malformed, SiweMessage, parse_siwe

VECTORS: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "data/siwe_vectors.json").read_text())
NAMES = {
    "domain": "domain",
    "address": "address",
    "statement": "statement",
    "uri": "uri",
    "chainId": "chain_id",
    "nonce": "nonce",
    "issuedAt": "issued_at",
    "expirationTime": "expiration_time",
    "notBefore": "not_before",
    "requestId": "request_id",
    "resources": "resources",
    "scheme": "scheme",
}


def each(group: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("vector", VECTORS[group].values(), ids=VECTORS[group])


def ours(fields: dict[str, Any]) -> dict[str, Any]:
    """A vector's fields under our names; resources as the tuple that we keep."""
    found = {NAMES[name]: value for name, value in fields.items() if name in NAMES}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in found.items()}


def text_of(fields: dict[str, Any]) -> str:
    """The message that an object would make, whatever is wrong with it."""
    lines = [f"{fields.get('domain', '')} wants you to sign in with your Ethereum account:", fields.get("address", "")]
    lines += ["", fields.get("statement", ""), ""]
    labels = {"URI": "uri", "Version": "version", "Chain ID": "chainId", "Nonce": "nonce", "Issued At": "issuedAt"}
    labels |= {"Expiration Time": "expirationTime", "Not Before": "notBefore", "Request ID": "requestId"}
    lines += [f"{label}: {fields[name]}" for label, name in labels.items() if name in fields]
    return "\n".join([*lines, "Resources:", *(f"- {resource}" for resource in fields.get("resources", []))])


@each("parsing_positive")
def test_a_good_message_is_read_and_written(vector: dict[str, Any]) -> None:
    message = parse_siwe(vector["message"])
    wanted = ours(vector["fields"])
    assert {name: getattr(message, name) for name in wanted} == wanted
    assert str(SiweMessage(**wanted)) == vector["message"]


@each("parsing_negative")
def test_a_bad_message_is_refused(vector: str) -> None:
    with pytest.raises(Malformed):
        parse_siwe(vector)


@each("parsing_negative_objects")
def test_a_bad_object_makes_no_message(vector: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        parse_siwe(text_of(vector))


def test_the_same_object_without_a_fault_makes_one() -> None:
    """The control: what is refused above is refused for its fault, not for how the test writes it down."""
    good = {**VECTORS["parsing_negative_objects"]["missing domain"], "domain": "service.org"}
    assert parse_siwe(text_of(good)).domain == "service.org"


def verified(vector: dict[str, Any]) -> bool:
    """Whether the signature, the times and what the verifier expects agree."""
    try:
        message = SiweMessage(**ours(vector))
        signer = signatures.recover(str(message), vector["signature"])
    except (Malformed, InvalidSignature):
        return False
    at = datetime.fromisoformat(vector.get("time", vector["issuedAt"]))
    expected = vector.get("domainBinding", message.domain), vector.get("matchNonce", message.nonce)
    return signer == message.address and message.in_force(at) and expected == (message.domain, message.nonce)


@each("verification_positive")
def test_a_signed_message_holds(vector: dict[str, Any]) -> None:
    assert verified(vector)


@each("verification_negative")
def test_a_message_that_does_not_hold_is_found(vector: dict[str, Any]) -> None:
    assert not verified({"time": "2026-01-01T00:00:00Z", **vector})


@each("eip1271")
def test_the_message_of_a_contract_wallet_is_read(vector: dict[str, Any]) -> None:
    assert parse_siwe(vector["message"]).chain_id == 1
