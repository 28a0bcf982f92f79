"""The checking program's own Keccak, RLP, trie and signatures against libraries that the rest of the world uses."""

from types import ModuleType
from typing import Any

import pytest
import rlp
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak
from hypothesis import given, settings
from hypothesis import strategies as some
from trie.hexary import HexaryTrie

from chain.abi.artefacts import entries
from chain.abi.events import topic_of
from chain.receipts import digest
from marketplace.escrow import terms
from marketplace.escrow.evidence import bundle
from marketplace.escrow.models import Channel


def as_downloaded() -> ModuleType:
    """The program as it stands in a bundle, loaded from its text alone."""
    module = ModuleType("verify")
    module.__file__ = "verify.py"
    exec(compile(bundle.program(), "verify.py", "exec"), module.__dict__)
    assert b"import marketplace" not in bundle.program()
    assert b"from marketplace" not in bundle.program()
    return module


verify = as_downloaded()
nested = some.recursive(some.binary(max_size=80), lambda inner: some.lists(inner, max_size=6), max_leaves=12)


@given(some.binary(max_size=700))
@settings(max_examples=150, deadline=None)
def test_keccak_is_ethereums(data: bytes) -> None:
    assert verify.keccak(data) == keccak(data)


@pytest.mark.parametrize("length", [0, 1, 134, 135, 136, 137, 271, 272, 273])
def test_keccak_pads_at_the_edges_of_its_blocks(length: int) -> None:
    assert verify.keccak(b"\xff" * length) == keccak(b"\xff" * length)


@given(nested)
@settings(max_examples=200, deadline=None)
def test_rlp_is_read_as_it_was_written(value: Any) -> None:
    assert verify.unrlp(rlp.encode(value)) == (value, b"")


@given(
    some.dictionaries(
        some.binary(min_size=1, max_size=4), some.binary(min_size=1, max_size=60), min_size=1, max_size=40
    )
)
@settings(max_examples=60, deadline=None)
def test_the_trie_gives_what_a_library_put_into_it_and_nothing_else(pairs: dict[bytes, bytes]) -> None:
    trie = HexaryTrie({})
    for key, value in pairs.items():
        trie[key] = value
    for key, value in pairs.items():
        nodes = [rlp.encode(node) for node in trie.get_proof(key)]
        assert verify.in_trie(trie.root_hash, key, nodes) == value
        with pytest.raises((ValueError, IndexError)):
            verify.in_trie(keccak(b"another root"), key, nodes)
        for at in range(len(nodes)):
            if len(nodes[at]) < 32:
                continue  # stands within the node above, which is forged too
            forged = bytearray(nodes[at])
            forged[-1] ^= 1
            with pytest.raises((ValueError, IndexError)):
                verify.in_trie(trie.root_hash, key, [*nodes[:at], bytes(forged), *nodes[at + 1 :]])


@pytest.mark.parametrize("count", [1, 2, 127, 128, 129, 300])
def test_receipts_are_found_under_the_rlp_of_their_number(count: int) -> None:
    trie = HexaryTrie({})
    for index in range(count):
        trie[rlp.encode(index)] = b"\x02" + index.to_bytes(40, "big")
    for index in {0, 1 % count, 127 % count, count - 1}:
        nodes = [rlp.encode(node) for node in trie.get_proof(rlp.encode(index))]
        assert verify.in_trie(trie.root_hash, rlp.encode(index), nodes)[1:] == index.to_bytes(40, "big")


def test_the_program_knows_the_contracts_events_as_the_contract_writes_them() -> None:
    known = {entry["name"]: entry for entry in entries("MarketEscrow", "event")}
    for topic, name in verify.TOPICS.items():
        assert "0x" + topic.hex() == topic_of(known[name])
        inputs = [(each["type"], "*" * each["indexed"] + each["name"]) for each in known[name]["inputs"]]
        assert [tuple(pair) for pair in verify.FIELDS[name]] == inputs


CURVE = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
KEYS = some.integers(min_value=1, max_value=CURVE - 1) | some.sampled_from([1, 2, 3, CURVE - 1, CURVE - 2])


@given(KEYS, some.binary(min_size=32, max_size=32))
@settings(max_examples=40, deadline=None)
def test_a_signature_leads_to_the_address_of_its_key(key: int, hashed: bytes) -> None:
    account = Account.from_key(key.to_bytes(32, "big"))
    signature = bytes(account.unsafe_sign_hash(hashed).signature)
    assert verify.signed_by(hashed, signature) == account.address.lower()
    assert verify.signed_by(keccak(hashed), signature) != account.address.lower()


def test_what_the_contract_does_not_take_as_a_signature_is_nobodys() -> None:
    account, hashed = Account.from_key(b"\7" * 32), keccak(b"said")
    right = account.unsafe_sign_hash(hashed)
    r, s, v = right.r.to_bytes(32, "big"), right.s, right.v
    high = r + (CURVE - s).to_bytes(32, "big") + bytes([55 - v])  # the same signature, written the other way
    assert verify.signed_by(hashed, bytes(right.signature)) == account.address.lower()
    low = s.to_bytes(32, "big")
    for wrong in (high, r + low + bytes([v - 27]), r + low, b"", bytes(65), r + bytes(32) + bytes([v]), b"\xff" * 65):
        assert verify.signed_by(hashed, wrong) == ""


@given(some.integers(min_value=1, max_value=2**256 - 1), some.binary(min_size=32, max_size=32))
@settings(max_examples=30, deadline=None)
def test_typed_data_of_a_receipt_hashes_to_what_the_contract_hashes(cumulative: int, channel_id: bytes) -> None:
    where = {"chain": "eip155:31337", "contract": "0x5FbDB2315678afecb367f032d93F642f64180aa3"}
    channel = Channel(channel_id="0x" + channel_id.hex(), **where)
    typed = terms.usage_receipt(channel, cumulative)
    assert typed["types"] == verify.TYPES
    assert verify.typed_hash(typed) == digest(channel_id=channel.channel_id, cumulative=cumulative, **where)
    signable = encode_typed_data(full_message=typed)
    assert verify.typed_hash(typed) == keccak(b"\x19\x01" + signable.header + signable.body)
