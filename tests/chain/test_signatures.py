"""A signature says who signed, in one form only; a sign-in message is taken in one form only."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data
from eth_keys.constants import SECPK1_N

from chain import signatures
from chain.client import Client
from chain.rpc import NodeRefused
from chain.signatures import InvalidSignature, Malformed, SiweMessage, parse_siwe
from tests.chain.local_chain import LocalChain

ADA = Account.from_key("0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d")
TYPED = {
    "types": {"Vote": [{"name": "proposal", "type": "uint256"}, {"name": "reason", "type": "string"}]},
    "primaryType": "Vote",
    "domain": {"name": "GuildGovernor", "version": "1", "chainId": 31337, "verifyingContract": "0x" + "11" * 20},
    "message": {"proposal": 2**255 + 7, "reason": "Lower the fee."},
}


def signed(message: str) -> str:
    return "0x" + bytes(ADA.sign_message(encode_defunct(text=message)).signature).hex()


def test_the_signer_of_a_message_is_found() -> None:
    assert signatures.recover("Hello, Grüße", signed("Hello, Grüße")) == ADA.address
    assert signatures.recover("Hello", signed("Another")) != ADA.address


def test_the_signer_of_typed_data_is_found_with_or_without_the_domains_own_type() -> None:
    domain = [
        {"name": "name", "type": "string"},
        {"name": "version", "type": "string"},
        {"name": "chainId", "type": "uint256"},
        {"name": "verifyingContract", "type": "address"},
    ]
    full = {**TYPED, "types": {**TYPED["types"], "EIP712Domain": domain}}
    signature = "0x" + bytes(ADA.sign_message(encode_typed_data(full_message=full)).signature).hex()
    assert signatures.recover_typed(full, signature) == ADA.address
    assert signatures.recover_typed(TYPED, signature) == ADA.address
    elsewhere = {**TYPED, "domain": {**TYPED["domain"], "chainId": 1}}
    assert signatures.recover_typed(elsewhere, signature) != ADA.address


def test_the_mirrored_signature_that_also_recovers_is_refused() -> None:
    raw = bytes.fromhex(signed("pay")[2:])
    r, s, v = raw[:32], int.from_bytes(raw[32:64]), raw[64]
    mirrored = r + (SECPK1_N - s).to_bytes(32) + bytes([55 - v])
    assert Account.recover_message(encode_defunct(text="pay"), signature=mirrored) == ADA.address  # the danger is real
    with pytest.raises(InvalidSignature, match="high s"):
        signatures.recover("pay", "0x" + mirrored.hex())


@pytest.mark.parametrize(
    "bad", ["", "0x", "0x00", "zz" * 65, "0x" + "00" * 65, "0x" + "11" * 64, "0x" + "11" * 64 + "05"]
)
def test_what_is_no_signature_is_refused_with_a_sentence(bad: str) -> None:
    with pytest.raises(InvalidSignature):
        signatures.recover("pay", bad)


def test_wallets_that_count_the_recovery_id_from_zero_are_understood() -> None:
    raw = bytearray.fromhex(signed("pay")[2:])
    raw[64] -= 27
    assert signatures.recover("pay", raw.hex()) == ADA.address


# Wallet contracts in the words of the EVM. YES_TO_ONE says yes to a signature of the byte 01 (calldata has it at
# 100), by returning the magic value of ERC-1271 in 32 bytes; all else is zero.
YES_TO_ONE = "60643560f81c60011460e01b" + "631626ba7e02" + "60005260206000f3"
YES_TO_ALL = "631626ba7e60e01b60005260206000f3"
REFUSALS = {
    "answers zero": "60206000f3",
    "says yes in lower bytes": "631626ba7e60005260206000f3",
    "answers true": "600160005260206000f3",
    "answers the four bytes alone": "631626ba7e60e01b60005260046000f3",
    "answers twice as long": "631626ba7e60e01b60005260406000f3",
    "answers nothing": "00",
    "reverts": "60006000fd",
    "reverts with the magic value": "631626ba7e60e01b60005260206000fd",
    "is no code that runs": "fe",
    "burns its gas": "5b600056",
    "answers with a megabyte": "62100000" + "6000f3",
    "destroys itself": "33ff",
}


def deploy_wallet(node: LocalChain, code: str = YES_TO_ONE) -> str:
    runtime = bytes.fromhex(code)
    init = bytes.fromhex(f"60{len(runtime):02x}600c60003960{len(runtime):02x}6000f3") + runtime
    return node.receipt(node.send(None, init))["contractAddress"]


def test_a_contract_wallet_is_asked_itself(node: LocalChain) -> None:
    wallet = deploy_wallet(node)
    assert signatures.is_valid(wallet, "pay", "0x01")
    assert not signatures.is_valid(wallet, "pay", "0x02")
    assert not signatures.is_valid(wallet, TYPED, "not hexadecimal")


def test_a_wallet_that_agrees_to_everything_has_agreed(node: LocalChain) -> None:
    """Its owner chose so: ERC-1271 leaves to the wallet what a signature of it is."""
    wallet = deploy_wallet(node, YES_TO_ALL)
    assert signatures.is_valid(wallet, "pay", "0x")
    assert signatures.is_valid(wallet, TYPED, signed("something else"))


@pytest.mark.parametrize("code", REFUSALS.values(), ids=REFUSALS)
def test_what_a_contract_wallet_says_is_a_no_unless_it_is_exactly_yes(node: LocalChain, code: str) -> None:
    began = time.monotonic()
    assert not signatures.is_valid(deploy_wallet(node, code), "pay", "0x01")
    assert time.monotonic() - began < 5


def test_a_wallet_that_burns_gas_burns_no_more_than_we_let_it(node: LocalChain) -> None:
    """A wallet that answers with the gas that it was given: never more than our bound."""
    wallet = deploy_wallet(node, "5a60005260206000f3")
    seen = []
    honest = Client.rpc

    def watched(self: Client, method: str, *params: Any) -> Any:
        seen.append(honest(self, method, *params))
        return seen[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "rpc", watched)
        assert not signatures.is_valid(wallet, "pay", "0x01")
    assert 0 < int(seen[-1], 16) < signatures.WALLET_GAS


def test_a_node_that_is_ill_is_not_a_wallet_that_says_no(node: LocalChain, monkeypatch: pytest.MonkeyPatch) -> None:
    wallet = deploy_wallet(node)
    honest = Client.rpc

    def ill(self: Client, method: str, *params: Any) -> Any:
        if method == "eth_call":
            raise NodeRefused("internal error", -32603)
        return honest(self, method, *params)

    monkeypatch.setattr(Client, "rpc", ill)
    with pytest.raises(NodeRefused):
        signatures.is_valid(wallet, "pay", "0x01")


def test_an_account_without_code_needs_its_own_key(node: LocalChain) -> None:
    assert signatures.is_valid(ADA.address, "pay", signed("pay"))
    assert not signatures.is_valid(ADA.address, "pay", signed("play"))
    assert not signatures.is_valid("0x" + "22" * 20, "pay", "0x01")


FULL = SiweMessage(
    domain="guildhall.example:8443",
    address=ADA.address,
    statement="Sign in to Guildhall.",
    uri="https://guildhall.example:8443/accounts/login/",
    chain_id=31337,
    nonce="k2J9dK3m",
    issued_at="2026-01-02T03:04:05.678Z",
    expiration_time="2026-01-02T03:14:05Z",
    not_before="2026-01-02T03:04:00+01:00",
    request_id="r-1",
    resources=("ipfs://bafy/terms", "https://guildhall.example/rules"),
)
BARE = SiweMessage(
    domain="localhost",
    address=ADA.address,
    uri="https://x.example",
    chain_id=1,
    nonce="12345678",
    issued_at="2026-01-02T03:04:05Z",
)


@pytest.mark.parametrize("message", [FULL, BARE, SiweMessage(**{**BARE.__dict__, "scheme": "https", "resources": ()})])
def test_a_sign_in_message_survives_being_written_and_read(message: SiweMessage) -> None:
    assert parse_siwe(str(message)) == message
    assert signatures.recover(str(message), signed(str(message))) == ADA.address


def test_a_sign_in_message_has_the_lines_of_the_standard() -> None:
    assert str(BARE) == (
        "localhost wants you to sign in with your Ethereum account:\n"
        f"{ADA.address}\n\n\n"
        "URI: https://x.example\nVersion: 1\nChain ID: 1\nNonce: 12345678\nIssued At: 2026-01-02T03:04:05Z"
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("guildhall.example:8443 wants", " wants"),
        ("guildhall.example:8443 wants", "guild hall wants"),
        (ADA.address, ADA.address.lower()),
        (ADA.address, ""),
        ("Sign in to Guildhall.", "Sign in\nto Guildhall."),
        ("Sign in to Guildhall.", "\nSign in to Guildhall."),
        ("Version: 1", "Version: 2"),
        ("Version: 1\n", ""),
        ("Chain ID: 31337", "Chain ID: 0x7a69"),
        ("Chain ID: 31337", "Chain ID: 031337"),
        ("Nonce: k2J9dK3m", "Nonce: k2J9dK3"),
        ("Nonce: k2J9dK3m", "Nonce: k2J9dK3m-"),
        ("Chain ID: 31337\nNonce: k2J9dK3m", "Nonce: k2J9dK3m\nChain ID: 31337"),
        ("Issued At: 2026-01-02T03:04:05.678Z", "Issued At: 2 January 2026"),
        ("Issued At: 2026-01-02T03:04:05.678Z", "Issued At: 2026-02-31T03:04:05Z"),
        ("Expiration Time: 2026-01-02T03:14:05Z", "Expiration Time: 2026-01-02 03:14:05Z"),
        ("URI: https://guildhall.example:8443/accounts/login/", "URI: not a uri"),
        ("URI: https://guildhall.example:8443/accounts/login/", "URI: https://[::0.0.0.256]/"),
        ("- ipfs://bafy/terms", "- _no_uri_"),
        ("- ipfs://bafy/terms\n", "- ipfs://bafy/terms - "),
        ("Request ID: r-1", "Request ID: r 1"),
        ("https://guildhall.example/rules", "https://guildhall.example/rules\n"),
        ("https://guildhall.example/rules", "https://guildhall.example/rules\nRequest ID: r-2"),
        ("\nURI", "\r\nURI"),
    ],
)
def test_a_sign_in_message_that_bends_the_grammar_is_refused(old: str, new: str) -> None:
    text = str(FULL)
    assert text.count(old) == 1
    with pytest.raises(Malformed):
        parse_siwe(text.replace(old, new))


def test_a_sign_in_message_is_in_force_between_its_times() -> None:
    assert FULL.in_force(datetime(2026, 1, 2, 3, 14, 4, tzinfo=UTC))
    assert not FULL.in_force(datetime(2026, 1, 2, 3, 14, 5, tzinfo=UTC))
    assert not FULL.in_force(datetime(2026, 1, 2, 2, 3, 59, tzinfo=UTC))
