"""Nothing irreversible happens on one provider's word: the witness agrees, or money waits."""

import datetime as dt
import random
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from chain import alarms, reader, sender, watcher, witness
from chain.failpoints import FailpointReached, armed
from chain.models import Block, CopyPosition, Log, OutgoingTransaction, State
from chain.outbox import submit
from chain.registry import register
from chain.watcher import Outcome
from tests.chain.conftest import Dollar
from tests.chain.local_chain import CHAIN, LocalChain, fresh_address
from tests.chain.other_chain import other_chain
from tests.chain.proxy import FaultyNode

pytestmark = pytest.mark.django_db


@pytest.fixture
def second(node: LocalChain, settings: Any) -> Iterator[FaultyNode]:
    """The witness: another way to the same chain, until the test bends it."""
    proxy = FaultyNode(node.url)
    believe(settings, proxy.url)
    yield proxy
    proxy.close()


def believe(settings: Any, witness_url: str, **options: Any) -> None:
    settings.CHAINS = {CHAIN: {**settings.CHAINS[CHAIN], "witness_url": witness_url, **options}}


def final_amounts() -> list[int]:
    return [log.decoded.args["value"] for log in Log.objects.final().in_order()]


def kinds() -> list[str]:
    return [alarm.kind for alarm in alarms.sounding(CHAIN)]


def test_what_both_have_becomes_final(dollar: Dollar, second: FaultyNode) -> None:
    dollar.mint(7)
    watcher.watch()
    assert final_amounts() == []
    dollar.node.mine(2)
    watcher.watch()
    assert final_amounts() == [7]
    assert second.asked and not kinds()


def test_a_log_on_a_branch_that_the_witness_does_not_have_freezes_the_chain_and_is_never_final(
    dollar: Dollar, settings: Any
) -> None:
    watcher.watch()
    with other_chain(fork=dollar.node.url) as honest:
        believe(settings, honest.url)
        dollar.mint(666)
        dollar.node.mine(3)
        honest.mine(5)
        watcher.watch()
        assert Log.objects.seen().count() == 1
        assert final_amounts() == []
        position = CopyPosition.objects.get()
        assert position.frozen_at and "the witness" in position.frozen_reason
        assert kinds() == ["frozen"], "the alarm is due within the same tick"
        dollar.node.mine(9)
        assert watcher.watch() == Outcome.FROZEN
        assert final_amounts() == []


def test_control_without_a_witness_the_false_log_is_final(dollar: Dollar, settings: Any) -> None:
    watcher.watch()
    with other_chain(fork=dollar.node.url) as honest:
        dollar.mint(666)
        dollar.node.mine(3)
        honest.mine(5)
        watcher.watch()
        assert final_amounts() == [666]
        assert not CopyPosition.objects.get().frozen_at


@pytest.mark.parametrize("fault", ["error_500", "html", "dropped"])
def test_while_the_witness_is_silent_nothing_becomes_final_but_everything_is_seen(
    dollar: Dollar, second: FaultyNode, fault: str
) -> None:
    watcher.watch()
    second.fault = fault
    dollar.mint(1)
    dollar.node.mine(5)
    watcher.watch()
    assert (Log.objects.seen().count(), final_amounts(), kinds()) == (1, [], [])
    CopyPosition.objects.update(witnessed_at=timezone.now() - dt.timedelta(seconds=61))
    watcher.watch()
    assert kinds() == ["witness silent"]
    second.fault = "none"
    watcher.watch()
    assert (final_amounts(), kinds()) == ([1], [])


def test_a_witness_that_lags_lets_become_final_only_what_is_deep_enough_for_itself(
    dollar: Dollar, second: FaultyNode
) -> None:
    watcher.watch()
    second.fault, second.behind = "lagging", 3
    dollar.mint(1)
    dollar.node.mine(4)  # four deep for us, one for the witness
    watcher.watch()
    assert (final_amounts(), CopyPosition.objects.get().frozen_at) == ([], None)
    dollar.node.mine(1)
    watcher.watch()
    assert final_amounts() == [1]


def without_logs(second: FaultyNode, monkeypatch: pytest.MonkeyPatch) -> None:
    """The witness knows the blocks and none of the logs, by whatever method."""
    healthy = second.bend

    def bend(call: Any, answer: Any) -> Any:
        if call["method"] == "eth_getLogs":
            return {**answer, "result": []}
        if call["method"] == "eth_getBlockReceipts":
            return {**answer, "result": [{**receipt, "logs": []} for receipt in answer["result"]]}
        return healthy(call, answer)

    monkeypatch.setattr(second, "bend", bend)


def test_a_log_that_the_witness_does_not_have_in_the_same_block_is_never_final(
    dollar: Dollar, second: FaultyNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    watcher.watch()
    without_logs(second, monkeypatch)
    dollar.mint(666)
    dollar.node.mine(3)
    watcher.watch()
    position = CopyPosition.objects.get()
    assert final_amounts() == [] and "what is in it is not" in position.frozen_reason


def test_control_a_witness_that_is_asked_for_hashes_alone_lets_a_false_log_pass(
    dollar: Dollar, second: FaultyNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    watcher.watch()
    without_logs(second, monkeypatch)
    monkeypatch.setattr(witness, "_key", lambda entry: None)
    monkeypatch.setattr(witness, "_stored", lambda *stretch: set())
    dollar.mint(666)
    dollar.node.mine(3)
    watcher.watch()
    assert final_amounts() == [666]


def test_a_reorg_while_the_witness_is_asked_is_repaired_and_freezes_nothing(
    dollar: Dollar, second: FaultyNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The witness shows the new branch first; by the time both are asked again, ours has it too."""
    watcher.watch()
    real = witness._first_difference

    def reorged_meanwhile(*args: Any) -> Any:
        monkeypatch.setattr(witness, "_first_difference", real)
        dollar.node.reorg(4, [[dollar.minting(9), 0]])
        return real(*args)

    dollar.mint(1)
    dollar.node.mine(3)
    monkeypatch.setattr(witness, "_first_difference", reorged_meanwhile)
    watcher.watch()
    watcher.watch()
    assert (final_amounts(), kinds()) == ([9], [])
    assert not CopyPosition.objects.get().frozen_at


def test_control_without_asking_again_a_reorg_in_flight_freezes_the_chain(
    dollar: Dollar, second: FaultyNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    watcher.watch()
    real = witness._first_difference

    def reorged_meanwhile(*args: Any) -> Any:
        dollar.node.reorg(4, [[dollar.minting(9), 0]])
        return real(*args)

    dollar.mint(1)
    dollar.node.mine(3)
    monkeypatch.setattr(witness, "_first_difference", reorged_meanwhile)
    monkeypatch.setattr(witness, "_contradiction", lambda *asked: "It differs.")
    watcher.watch()
    assert CopyPosition.objects.get().frozen_at


@pytest.mark.parametrize("seed", range(3))
def test_reorgs_between_any_two_steps_end_with_what_the_chain_has(
    dollar: Dollar, second: FaultyNode, seed: int
) -> None:
    chance = random.Random(seed)
    for number in range(30):
        what = chance.choice(["mint", "mint", "mine", "step", "confirm", "reorg", "lag"])
        second.fault = "none"
        if what == "mint":
            dollar.mint(number)
        elif what == "mine":
            dollar.node.mine(chance.randint(1, 4))
        elif what == "step":
            watcher.step(CHAIN)
        elif what == "confirm":
            witness.confirm(CHAIN)
        elif what == "lag":
            second.fault = "lagging"
            watcher.watch()
        elif dollar.node.head() - dollar.contract.deployed_block > 3:
            depth = chance.randint(1, 2)
            dollar.node.reorg(depth, [[dollar.minting(1000 + number), chance.randrange(depth)]])
    second.fault = "none"
    dollar.node.mine(3)
    watcher.watch()
    stored = list(Log.objects.final().in_order().values_list("block_hash", "log_index"))
    assert stored == dollar.node.logs(dollar.address)
    assert not CopyPosition.objects.get().frozen_at


def test_old_logs_of_a_contract_registered_late_wait_for_the_witness_too(
    dollar: Dollar, second: FaultyNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, block = dollar.node.deploy("TestDollar")
    dollar.node.mint(address, 50)
    dollar.node.mine(5)
    watcher.watch()
    late = register(chain=CHAIN, name="Other", address=address, deployed_block=block)
    with monkeypatch.context() as bent:
        without_logs(second, bent)
        assert watcher.watch() == Outcome.WAITING
        assert not Log.objects.of(late).exists()
    watcher.watch()
    assert Log.objects.of(late).final().count() == 1


def test_control_old_logs_that_nobody_vouches_for_are_final_at_once(
    dollar: Dollar, second: FaultyNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, block = dollar.node.deploy("TestDollar")
    dollar.node.mint(address, 50)
    dollar.node.mine(5)
    watcher.watch()
    late = register(chain=CHAIN, name="Other", address=address, deployed_block=block)
    without_logs(second, monkeypatch)
    monkeypatch.setattr(witness, "vouch", lambda new: None)
    watcher.watch()
    assert Log.objects.of(late).final().count() == 1


def test_a_cold_copy_is_confirmed_in_stretches_that_the_witness_can_answer(
    dollar: Dollar, second: FaultyNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    healthy = second.bend

    def narrow(call: Any, answer: Any) -> Any:
        if call["method"] == "eth_getLogs" and "fromBlock" in call["params"][0]:
            first, last = (int(call["params"][0][name], 16) for name in ("fromBlock", "toBlock"))
            if last - first >= 10:
                return {"jsonrpc": "2.0", "id": answer["id"], "error": {"code": -32005, "message": "10 blocks at most"}}
        return healthy(call, answer)

    monkeypatch.setattr(second, "bend", narrow)
    for amount in range(1, 41):
        dollar.mint(amount)
    dollar.node.mine(3)
    for _ in range(20):
        watcher.watch()
    assert final_amounts() == list(range(1, 41))


@pytest.mark.parametrize("failpoint", ["witness.after_answer", "witness.after_final"])
def test_a_death_while_the_witness_is_asked_loses_nothing(
    dollar: Dollar, second: FaultyNode, monkeypatch: pytest.MonkeyPatch, failpoint: str
) -> None:
    dollar.mint(1)
    dollar.node.mine(3)
    monkeypatch.setenv("FAILPOINT", f"{failpoint}:raise")
    armed.cache_clear()
    with pytest.raises(FailpointReached):
        watcher.watch()
    monkeypatch.delenv("FAILPOINT")
    armed.cache_clear()
    watcher.watch()
    assert final_amounts() == [1]


def test_a_payment_is_final_only_when_the_witness_has_its_block_too(node: LocalChain, second: FaultyNode) -> None:
    submit(key="pay", to=fresh_address(1), data=b"", value=7)
    watcher.watch()
    sender.send()
    node.mine(1)
    second.fault = "error_500"
    node.mine(3)
    for _ in range(3):
        watcher.watch()
        sender.send()
    assert OutgoingTransaction.objects.get().state == State.MINED
    second.fault = "none"
    watcher.watch()
    sender.send()
    assert OutgoingTransaction.objects.get().state == State.FINAL


def forged(faulty: FaultyNode, node: LocalChain, monkeypatch: pytest.MonkeyPatch) -> None:
    """Our own provider swallows what we send, and claims that it was mined in a block that exists."""
    sent: list[str] = []

    def swallow(call: Any) -> Any:
        if call["method"] != "eth_sendRawTransaction":
            return call
        sent.append(call["params"][0])
        return {**call, "method": "eth_chainId", "params": []}

    def bend(call: Any, answer: Any) -> Any:
        if call["method"] == "eth_getTransactionCount" and sent:
            return {**answer, "result": hex(int(answer["result"], 16) + 1)}
        if call["method"] != "eth_getTransactionReceipt" or not sent:
            return answer
        place = {"blockNumber": "0x1", "blockHash": node.rpc("eth_getBlockByNumber", "0x1", False)["hash"]}
        return {
            **answer,
            "result": {"transactionHash": call["params"][0], "status": "0x1", "gasUsed": "0x5208", "logs": [], **place},
        }

    monkeypatch.setattr(faulty, "rewrite", swallow)
    monkeypatch.setattr(faulty, "bend", bend)


@pytest.mark.parametrize("with_witness", [True, False])
def test_a_payment_that_only_our_provider_calls_mined_is_not_final(
    node: LocalChain, settings: Any, monkeypatch: pytest.MonkeyPatch, with_witness: bool
) -> None:
    """With a witness it is not; the control, without one, believes that it was paid."""
    liar = FaultyNode(node.url)
    believe(settings, node.url if with_witness else "", rpc_url=liar.url)
    forged(liar, node, monkeypatch)
    node.mine(5)
    submit(key="pay", to=fresh_address(1), data=b"", value=7)
    for _ in range(5):
        watcher.watch()
        sender.send()
    liar.close()
    assert node.balance(fresh_address(1)) == 0
    assert OutgoingTransaction.objects.get().state == (State.MINED if with_witness else State.FINAL)


def test_a_witness_of_another_chain_confirms_nothing(dollar: Dollar, settings: Any) -> None:
    dollar.mint(1)
    with other_chain(chain_id=31338) as other:
        believe(settings, other.url)
        other.mine(20)
        dollar.node.mine(3)
        watcher.watch()
        assert (final_amounts(), kinds()) == ([], ["wrong chain"])
        assert not CopyPosition.objects.get().frozen_at


def test_a_witness_that_hides_logs_which_its_receipts_show_is_waited_for(dollar: Dollar, second: FaultyNode) -> None:
    """It lags within one block: that is no contradiction, and freezes nothing."""
    watcher.watch()
    second.fault = "empty_logs"
    dollar.mint(1)
    dollar.node.mine(3)
    watcher.watch()
    assert (final_amounts(), CopyPosition.objects.get().frozen_at) == ([], None)
    second.fault = "none"
    watcher.watch()
    assert final_amounts() == [1]
    assert reader.WINDOW_STEP and Block.objects.filter(is_final=True).exists()
