"""The market's keys: where they may be, and that a signer elsewhere is believed only what its bytes say."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from eth_account import Account
from eth_utils.address import to_checksum_address
from hypothesis import given
from hypothesis import settings as relaxed
from hypothesis import strategies as st

from chain import alarms, sender
from chain.models import Attempt, OutgoingTransaction, SendingAccount, State
from chain.outbox import submit
from chain.signing import CannotSign, Fees, LocalKey, configured, signers
from chain.signing.seam import Checked
from tests.chain.local_chain import RELAYER, RELAYER_KEY, LocalChain, fresh_address, relayer
from tests.chain.remote_signer import SocketSigner

ASKED: dict[str, Any] = {
    "chain_id": 31337, "nonce": 3, "to": to_checksum_address(fresh_address(1)), "data": b"\x01", "value": 7,
    "gas": 50_000, "fees": Fees(10**10, 10**9),
}  # fmt: skip


@given(
    data=st.binary(max_size=300),
    value=st.integers(0, 2**96),
    nonce=st.integers(0, 2**40),
    chain_id=st.integers(1, 2**31),
    gas=st.integers(21_000, 2**32),
    max_fee=st.integers(0, 2**60),
    priority_fee=st.integers(0, 2**60),
    key=st.integers(1, 2**255),
)
@relaxed(max_examples=150, deadline=None, database=None)
def test_signed_bytes_are_those_that_eth_account_makes(key: int, max_fee: int, priority_fee: int, **asked: Any) -> None:
    fees, to = Fees(max_fee, priority_fee), ASKED["to"]
    signed = LocalKey(key.to_bytes(32, "big")).sign(to=to, fees=fees, **asked)
    names = {"chain_id": "chainId"}
    fields = {names.get(name, name): value for name, value in asked.items()}
    fields |= {"type": 2, "to": to, "maxFeePerGas": max_fee, "maxPriorityFeePerGas": priority_fee}
    account = Account.from_key(key.to_bytes(32, "big"))
    theirs = account.sign_transaction(fields)
    assert (signed.raw, signed.tx_hash) == (bytes(theirs.raw_transaction), "0x" + bytes(theirs.hash).hex())
    assert LocalKey(key.to_bytes(32, "big")).address == account.address


@pytest.mark.parametrize("key", ["0x12", "0x" + "11" * 33, "nothing", "0x" + "00" * 32])
def test_what_is_no_private_key_is_refused(key: str) -> None:
    with pytest.raises((ImproperlyConfigured, ValueError)) as problem:
        LocalKey(key)
    assert "11" * 33 not in str(problem.value)


@pytest.fixture
def keystore(tmp_path: Path) -> str:
    path = tmp_path / "relayer.json"
    path.write_text(json.dumps(Account.encrypt(RELAYER_KEY, "open sesame", kdf="pbkdf2", iterations=1000)))
    return str(path)


def test_a_key_from_a_keystore_signs_the_same_bytes_as_the_key_itself(keystore: str, settings: Any) -> None:
    settings.RELAYER_KEY, settings.RELAYER_KEYSTORE = "", keystore
    settings.RELAYER_KEYSTORE_PASSWORD = "open sesame"
    (found,) = signers()
    assert (found.address, found.sign(**ASKED)) == (RELAYER, relayer().sign(**ASKED))


@pytest.mark.parametrize("content", [None, "no json", "{}", '{"version": 1}'])
def test_a_keystore_that_cannot_be_opened_says_so_and_tells_no_secret(keystore: str, content: str | None) -> None:
    if content is not None:
        Path(keystore).write_text(content)
    with pytest.raises(ImproperlyConfigured, match="cannot be opened") as problem:
        LocalKey.from_keystore(keystore, "wrong password")
    assert "wrong password" not in str(problem.value).replace("the password is wrong", "")
    with pytest.raises(ImproperlyConfigured, match="cannot be read"):
        LocalKey.from_keystore(keystore + ".gone", "x")


def test_an_account_named_twice_or_not_at_all_is_refused(keystore: str, settings: Any) -> None:
    settings.RELAYER_KEYSTORE, settings.RELAYER_KEYSTORE_PASSWORD = keystore, "open sesame"
    with pytest.raises(ImproperlyConfigured, match="twice"):
        signers()
    settings.RELAYER_KEY = settings.RELAYER_KEYSTORE = ""
    with pytest.raises(ImproperlyConfigured, match="Set RELAYER_KEY"):
        signers()


class Service:
    """The signing process; may be stopped and started again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.process: subprocess.Popen[str] | None = None

    def start(self, *words: str) -> None:
        self.path.unlink(missing_ok=True)
        command = [sys.executable, "-m", "tests.chain.remote_signer", str(self.path), *words]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
        assert self.process.stdout and self.process.stdout.readline() == "ready\n"

    def stop(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def elsewhere(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """The market's only account signs in another process."""
    monkeypatch.setenv("TEST_SIGNER_SOCKET", str(tmp_path / "signer"))
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "settings.test")
    settings.RELAYER_KEY, settings.RELAYER_SIGNER = "", "tests.chain.remote_signer.SocketSigner"
    service = Service(tmp_path / "signer")
    yield service
    service.stop()
    configured._elsewhere.cache_clear()


@pytest.mark.django_db
def test_a_signer_in_another_process_pays_and_signs_the_same_bytes_again(node: LocalChain, elsewhere: Service) -> None:
    elsewhere.start()
    submit(key="pay", to=fresh_address(1), data=b"", value=7)
    sender.send()
    node.receipt(Attempt.objects.get().tx_hash)
    assert node.balance(fresh_address(1)) == 7
    (found,) = signers()
    assert found.sign(**ASKED) == found.sign(**ASKED) == relayer().sign(**ASKED)


@pytest.mark.django_db
def test_a_signer_that_does_not_answer_is_an_alarm_until_it_answers(node: LocalChain, elsewhere: Service) -> None:
    submit(key="pay", to=fresh_address(1), data=b"", value=7)
    sender.send()
    row = OutgoingTransaction.objects.get()
    assert (row.state, row.nonce) == (State.QUEUED, None)
    assert [(alarm.kind, alarm.subject) for alarm in alarms.sounding()] == [("signer", RELAYER)]
    elsewhere.start()
    before = SendingAccount.objects.get().next_nonce
    sender.send()
    row.refresh_from_db()
    assert (row.state, row.nonce) == (State.SENT, before)  # the vain try used no nonce
    assert alarms.sounding() == []


@pytest.mark.django_db
def test_a_signer_that_signs_another_payment_pays_nobody(node: LocalChain, elsewhere: Service) -> None:
    elsewhere.start("lie")
    assert SocketSigner().sign(**ASKED).raw != relayer().sign(**ASKED).raw  # unchecked, its bytes would go out
    submit(key="pay", to=fresh_address(1), data=b"", value=7)
    sender.send()
    assert not Attempt.objects.exists()
    assert "another transaction" in alarms.sounding()[0].sentence


@pytest.mark.parametrize("change", [{"nonce": 4}, {"value": 8}, {"gas": 1}, {"data": b""}, {"chain_id": 1}, None])
def test_each_part_of_a_foreign_signature_is_compared(change: dict[str, Any] | None) -> None:
    class Liar:
        address = RELAYER

        def sign(self, **asked: Any) -> Any:
            signed = relayer().sign(**{**asked, **(change or {})})
            return signed if change else signed._replace(raw=b"\x02" + signed.raw[2:])

    with pytest.raises(CannotSign):
        Checked(Liar()).sign(**ASKED)
    other = LocalKey("0x" + "11" * 32)
    other.address = RELAYER
    with pytest.raises(CannotSign):
        Checked(other).sign(**ASKED)
