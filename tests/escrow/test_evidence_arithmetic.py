"""The checking program's own Keccak, RLP and trie against libraries that the rest of the world uses."""

from types import ModuleType
from typing import Any

import pytest
import rlp
from eth_utils.crypto import keccak
from hypothesis import given, settings
from hypothesis import strategies as some
from trie.hexary import HexaryTrie

from chain.abi.artefacts import entries
from chain.abi.events import topic_of
from marketplace.escrow.evidence import bundle


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
