"""A history that was rewritten below what was final stops everything, until an operator has decided."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from chain import alarms, freezing, sender, watcher
from chain.models import Alarm, Block, CopyPosition, Cursor, Log, OutgoingTransaction, State
from chain.outbox import submit
from chain.status import lag
from chain.watcher import Outcome
from tests.chain.conftest import Dollar
from tests.chain.local_chain import CHAIN, LocalChain, fresh_address
from tests.chain.other_chain import other_chain

pytestmark = pytest.mark.django_db


def said(command: str, *args: str, **options: Any) -> str:
    out = StringIO()
    call_command(command, *args, stdout=out, **options)
    return out.getvalue()


def amounts() -> list[int]:
    return [log.decoded.args["value"] for log in Log.objects.in_order()]


@pytest.fixture
def rewritten(dollar: Dollar) -> Dollar:
    """One mint that was final is gone, one was mined again elsewhere, one is new."""
    dollar.mint(1)
    watcher.watch()
    kept = dollar.node.rpc("eth_getBlockByNumber", "latest", True)["transactions"][0]
    dollar.node.mine(1)
    dollar.mint(2)
    dollar.node.mine(3)
    watcher.watch()
    cursor = Cursor.objects.locked(f"test:{CHAIN}:{dollar.address}")
    for log in Log.objects.final().in_order():
        cursor.advance(log)
    raw = dollar.node.rpc("eth_getRawTransactionByHash", kept["hash"])
    dollar.node.reorg(6, [[raw, 1]])
    dollar.mint(3)
    dollar.node.mine(3)
    assert watcher.watch() == Outcome.FROZEN
    return dollar


def test_the_alarm_sounds_in_the_same_tick_and_nothing_is_taken_back(rewritten: Dollar) -> None:
    assert [alarm.kind for alarm in alarms.sounding(CHAIN)] == ["frozen"]
    assert amounts() == [1, 2]
    final = CopyPosition.objects.get().final_number
    rewritten.node.mine(9)
    watcher.watch()
    assert CopyPosition.objects.get().final_number == final


def test_an_operator_is_told_what_was_replaced_and_what_hangs_on_it(rewritten: Dollar) -> None:
    status = said("chain_status")
    block = Log.objects.in_order()[1]
    theirs = rewritten.node.rpc("eth_getBlockByNumber", hex(block.number), False)["hash"]
    assert "FROZEN." in status and "thaw_chain" in status
    assert f"Block {block.number} (final, 1 logs): ours {block.block_hash}, the node's {theirs}." in status
    assert "1 final logs are nowhere on the node's branch." in status
    assert f"TestDollar Transfer, block {block.number}, transaction {block.tx_hash}." in status


def test_our_history_cannot_be_kept_while_the_node_has_another(rewritten: Dollar) -> None:
    with pytest.raises(CommandError, match="still has another block"):
        call_command("thaw_chain", accept="ours", reason="a test", yes=True)
    assert CopyPosition.objects.get().frozen_at


def test_nothing_is_changed_without_a_yes(rewritten: Dollar) -> None:
    text = said("thaw_chain", accept="node", reason="a test")
    assert "1 final logs are not on its branch" in text and "add --yes" in text
    assert CopyPosition.objects.get().frozen_at and amounts() == [1, 2]


def test_the_nodes_history_is_read_again_and_each_log_that_is_gone_stays_an_alarm(rewritten: Dollar) -> None:
    lost = Log.objects.in_order()[1]
    said("thaw_chain", accept="node", reason="the explorer agrees", yes=True)
    assert watcher.watch() == Outcome.LEVEL
    assert amounts() == [1, 3]
    stored = list(Log.objects.in_order().values_list("block_hash", "log_index"))
    assert stored == rewritten.node.logs(rewritten.address)
    cursor = Cursor.objects.get()
    assert [log.decoded.args["value"] for log in Log.objects.after(cursor).in_order()] == [1, 3]
    (alarm,) = alarms.sounding(CHAIN)
    assert (alarm.kind, alarm.subject) == (freezing.GONE, f"{lost.tx_hash}/{lost.log_index}")
    assert "explorer agrees" in Alarm.objects.get(kind=freezing.THAWED).sentence
    assert lag().frozen, "money waits until somebody has dealt with it"
    said("end_alarm", str(alarm.pk))
    assert not lag().frozen


def test_our_history_goes_on_when_the_provider_was_wrong_and_another_is_asked(dollar: Dollar, settings: Any) -> None:
    right = settings.CHAINS
    with other_chain(fork=dollar.node.url) as liar:
        dollar.mint(1)
        dollar.node.mine(4)
        watcher.watch()
        liar.mine(9)
        settings.CHAINS = {CHAIN: {**right[CHAIN], "rpc_url": liar.url}}
        assert watcher.watch() == Outcome.FROZEN
        with pytest.raises(CommandError, match="still has another block"):
            call_command("thaw_chain", accept="ours", reason="a test", yes=True)
    settings.CHAINS = right
    said("thaw_chain", accept="ours", reason="the provider was wrong", yes=True)
    dollar.mint(2)
    dollar.node.mine(2)
    watcher.watch()
    assert [log.decoded.args["value"] for log in Log.objects.final().in_order()] == [1, 2]
    assert not CopyPosition.objects.get().frozen_at and not alarms.sounding(CHAIN)


def test_a_chain_that_is_not_frozen_cannot_be_thawed(dollar: Dollar) -> None:
    watcher.watch()
    before = Block.objects.count()
    for accept in ("ours", "node"):
        with pytest.raises(CommandError, match="is not frozen"):
            call_command("thaw_chain", accept=accept, reason="a test", yes=True)
    assert Block.objects.count() == before


@pytest.mark.parametrize("is_frozen", [True, False])
def test_a_frozen_chain_pays_nobody(node: LocalChain, is_frozen: bool) -> None:
    """Neither signed, nor sent although signed before. Control: the same, not frozen, is paid."""
    from chain.client import client
    from chain.signing import signer

    watcher.watch()
    submit(key="signed before", to=fresh_address(1), data=b"", value=5)
    sender.sign(client(), signer())
    submit(key="queued", to=fresh_address(2), data=b"", value=5)
    if is_frozen:
        freezing.freeze(CHAIN, "A test.")
    for _ in range(3):
        sender.send()
    node.mine(1)
    paid = node.balance(fresh_address(1)) + node.balance(fresh_address(2))
    assert paid == (0 if is_frozen else 10)


def test_a_payment_that_was_final_and_is_gone_is_sent_again_as_the_same_bytes(node: LocalChain) -> None:
    node.mine(3)
    watcher.watch()
    start = node.rpc("evm_snapshot")
    row = submit(key="pay", to=fresh_address(1), data=b"", value=7)
    for _ in range(3):
        sender.send()
        node.mine(3)
        watcher.watch()
    row.refresh_from_db()
    assert row.state == State.FINAL
    bytes_sent = bytes(row.attempts.get().raw)
    node.rpc("evm_revert", start)
    node.rpc("evm_increaseTime", 7)
    node.mine(20)
    assert watcher.watch() == Outcome.FROZEN
    said("thaw_chain", accept="node", reason="a test", yes=True)
    for _ in range(4):
        watcher.watch()
        sender.send()
        node.mine(3)
    assert OutgoingTransaction.objects.get().state == State.FINAL
    assert (node.balance(fresh_address(1)), bytes(row.attempts.get().raw)) == (7, bytes_sent)
