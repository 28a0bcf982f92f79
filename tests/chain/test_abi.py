"""Our decoders agree with eth-abi on every value and on every refusal; a contract's no becomes its sentence."""

from typing import Any

import eth_abi
import pytest
from eth_abi.exceptions import DecodingError
from eth_utils.crypto import keccak
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chain import abi
from chain.abi.artefacts import entries, names
from chain.abi.codec import from_python, signature_of, type_of
from chain.abi.events import compiled, topic_of
from chain.abi.words import Malformed
from chain.client import CallRefused, client
from tests.chain.conftest import Dollar
from tests.chain.local_chain import HELPER, MINTER, LocalChain

relaxed = settings(deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
STATIC = ["address", "bool", "uint256", "uint64", "uint8", "int256", "int128", "int24", "bytes32", "bytes20", "bytes1"]
ANY = [*STATIC, "string", "bytes", "uint256[]", "address[]", "string[]", "bytes[]", "bytes32[2]"]


def event_of(kinds: list[str], indexed: list[bool]) -> dict[str, Any]:
    inputs = [
        {"name": f"a{n}", "type": kind, "indexed": flag}
        for n, (kind, flag) in enumerate(zip(kinds, indexed, strict=True))
    ]
    return {"type": "event", "name": "Tried", "inputs": inputs}


def ours_as_raw(kind: str, value: Any) -> Any:
    """Our form of a value, back in eth-abi's."""
    if kind.endswith("]"):
        return tuple(ours_as_raw(kind[: kind.rindex("[")], part) for part in value)
    value = from_python({"type": kind}, value)
    return value.lower() if kind == "address" else value


@relaxed
@given(st.lists(st.sampled_from(STATIC), max_size=6), st.data())
def test_static_words_are_decoded_and_refused_exactly_as_by_eth_abi(kinds: list[str], data: st.DataObject) -> None:
    """Random words, half of them with few bits, so that many are valid and many are dirty."""
    word = st.binary(min_size=32, max_size=32) | st.integers(0, 300).map(lambda n: n.to_bytes(32))
    word |= st.integers(0, 300).map(lambda n: n.to_bytes(32, "little")) | st.binary(min_size=20, max_size=20).map(
        lambda b: bytes(12) + b
    )
    body = b"".join(data.draw(word) for _ in kinds) + data.draw(st.binary(max_size=40))
    body = body[: data.draw(st.integers(0, len(body))) if data.draw(st.booleans()) else len(body)]
    decode = compiled(event_of(kinds, [False] * len(kinds)))
    try:
        expected = eth_abi.decode(kinds, body)
    except DecodingError:
        with pytest.raises(Malformed):
            decode(["0x00"], body)
        return
    found = decode(["0x00"], body).args.values()
    assert tuple(ours_as_raw(kind, value) for kind, value in zip(kinds, found, strict=True)) == expected


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "address": st.binary(min_size=20, max_size=20).map(lambda b: "0x" + b.hex()),
    "bool": st.booleans(),
    **{f"uint{bits}": st.integers(0, 2**bits - 1) for bits in (8, 64, 256)},
    **{f"int{bits}": st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (24, 128, 256)},
    **{f"bytes{size}": st.binary(min_size=size, max_size=size) for size in (1, 20, 32)},
    "string": st.text(max_size=40),
    "bytes": st.binary(max_size=40),
    "uint256[]": st.lists(st.integers(0, 2**256 - 1), max_size=3).map(tuple),
    "address[]": st.lists(st.binary(min_size=20, max_size=20).map(lambda b: "0x" + b.hex()), max_size=3).map(tuple),
    "string[]": st.lists(st.text(max_size=9), max_size=3).map(tuple),
    "bytes[]": st.lists(st.binary(max_size=9), max_size=3).map(tuple),
    "bytes32[2]": st.tuples(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32)),
}


@relaxed
@given(st.data())
def test_an_event_of_any_types_comes_back_as_it_was_encoded(data: st.DataObject) -> None:
    kinds = data.draw(st.lists(st.sampled_from(ANY), max_size=6))
    indexed = [data.draw(st.booleans()) and kind in STATIC for kind in kinds]
    values = [data.draw(VALUES[kind]) for kind in kinds]
    plain = [(kind, value) for kind, value, flag in zip(kinds, values, indexed, strict=True) if not flag]
    topics = [
        "0x" + eth_abi.encode([kind], [value]).hex()
        for kind, value, flag in zip(kinds, values, indexed, strict=True)
        if flag
    ]
    body = eth_abi.encode([kind for kind, _ in plain], [value for _, value in plain])
    event = compiled(event_of(kinds, indexed))(["0x00", *topics], body)
    assert [ours_as_raw(kind, value) for kind, value in zip(kinds, event.args.values(), strict=True)] == values


@relaxed
@given(st.lists(st.binary(min_size=32, max_size=32).map(lambda b: "0x" + b.hex()), max_size=4), st.binary(max_size=300))
def test_no_log_however_strange_makes_the_decoder_fail(topics: list[str], data: bytes) -> None:
    for name in names():
        for entry in entries(name, "event"):
            abi.decode_log([topic_of(entry), *topics], data)


def test_a_log_of_somebody_elses_event_is_none() -> None:
    assert abi.decode_log([], b"") is None
    assert abi.decode_log(["0x" + "ab" * 32], b"") is None


def test_every_error_of_our_contracts_has_a_sentence() -> None:
    for name in names():
        for entry in entries(name, "error"):
            kinds = [type_of(item) for item in entry["inputs"]]
            zeros = [{"address": "0x" + "0" * 40, "string": "", "bytes": b""}.get(kind, 0) for kind in kinds]
            zeros = [bytes(32) if kind == "bytes32" else zero for kind, zero in zip(kinds, zeros, strict=True)]
            revert = keccak(text=signature_of(entry))[:4] + eth_abi.encode(kinds, zeros)
            sentence = abi.decode_error(revert)
            assert sentence
            assert sentence.endswith("."), f"{name}.{entry['name']} has no sentence"


def test_reasons_and_panics_are_sentences_and_the_unknown_is_none() -> None:
    assert abi.decode_error("0x08c379a0" + eth_abi.encode(["string"], ["Too late."]).hex()) == "Too late."
    assert "zero" in (abi.decode_error("0x4e487b71" + (0x12).to_bytes(32).hex()) or "")
    assert abi.decode_error("0xdeadbeef") is None
    assert abi.decode_error("0x") is None
    assert abi.decode_error(bytes.fromhex("08c379a0")) is None


def test_a_struct_may_be_given_by_names_or_in_order() -> None:
    terms = {
        "orderRef": "0x" + "01" * 32,
        "provider": HELPER,
        "token": MINTER,
        "pricePerPeriod": 5,
        "periodSeconds": 60,
        "periods": 2,
        "maxFeeBps": 250,
    }
    by_name = abi.encode_call("MarketEscrow", "fund", terms)
    assert by_name == abi.encode_call("MarketEscrow", "fund", tuple(terms.values()))
    with pytest.raises(LookupError, match="no function"):
        abi.encode_call("MarketEscrow", "fund")
    with pytest.raises(LookupError, match="No compiled contract"):
        abi.artefact("../../settings/base")


@pytest.mark.django_db
def test_reading_a_contract_gives_its_values_and_its_refusal_its_sentence(dollar: Dollar) -> None:
    dollar.mint(41)
    assert client().read("TestDollar", "balanceOf", HELPER) == 41
    assert client().read("TestDollar", "symbol") == "TUSD"
    transfer = abi.encode_call("TestDollar", "transfer", HELPER, 10**20)
    sentence = abi.artefact("TestDollar")["errors"]["ERC20InsufficientBalance(address,uint256,uint256)"]
    with pytest.raises(CallRefused, match=sentence[:20]):
        client().call(dollar.address, transfer, sender=MINTER)


@pytest.mark.django_db
def test_reading_where_there_is_no_contract_says_so(node: LocalChain) -> None:
    with pytest.raises(CallRefused, match="no contract at"):
        client().read("TestDollar", "symbol", address="0x" + "33" * 20)
