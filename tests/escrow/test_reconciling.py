"""The books are held against the contract: one wrong row is found, alarms, and stops the releases until it is right."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from chain import alarms
from chain.client import Client, NodeUnreachable, WrongChain, client
from chain.models import Alarm, Block, Contract, Cursor, Log, OutgoingTransaction
from chain.rpc import Rpc
from marketplace.audit.models import Entry
from marketplace.escrow import services
from marketplace.escrow.models import Escrow, Reconciliation
from marketplace.escrow.services import books, reconciling
from marketplace.escrow.services.comparing import compare, questions
from marketplace.escrow.services.settling import _settle_batch, cursor_name
from marketplace.tenancy.actor import Actor
from tests import world
from tests.escrow.money import HOLD, PERIOD, Market, everything
from tests.escrow.owner import kept, tampered

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


@pytest.fixture
def busy(market: Market) -> Market:
    """A market with a deposit partly paid, one cancelled, one late, one stray, one untouched, and a withdrawal."""
    partly, cancelled = market.paid(periods=2), market.paid()
    market.wait(PERIOD // 3)
    market.cancel(cancelled)
    market.wait(PERIOD - PERIOD // 3 + HOLD)
    assert services.release_matured() == 1
    market.send()
    market.withdraw(world.BEN_ADDRESS)
    late, strange = market.order(), market.order()
    market.pay(late)
    market.pay(late, payer=world.MIA_ADDRESS)
    market.pay(strange, pricePerPeriod=7 * world.TUSD)
    market.tick()
    market.paid()
    with everything():
        assert Escrow.objects.filter(is_late=True).count() == 1
        assert Escrow.objects.get(pk=partly.pk).released
    return market


DEPOSIT = "(SELECT min(id) FROM escrow_escrow)"
TAMPERINGS = {
    "a deposit's total": (f"UPDATE escrow_escrow SET total = total + 1 WHERE id = {DEPOSIT}", "total is"),
    "what a deposit paid": (f"UPDATE escrow_escrow SET released = released - 1 WHERE id = {DEPOSIT}", "released is"),
    "what a deposit returned": (
        "UPDATE escrow_escrow SET refunded = refunded - 1 WHERE state = 'refunded'",
        "refunded is",
    ),
    "a deposit's fee": (f"UPDATE escrow_escrow SET fee_paid = fee_paid + 1 WHERE id = {DEPOSIT}", "account fees"),
    "a deposit's state": (f"UPDATE escrow_escrow SET state = 'released' WHERE id = {DEPOSIT}", "state is closed here"),
    "a deposit's provider": (
        f"UPDATE escrow_escrow SET provider_address = '{world.MIA_ADDRESS}' WHERE id = {DEPOSIT}",
        "provider address is",
    ),
    "a deposit's start": (
        f"UPDATE escrow_escrow SET started_at = started_at - interval '1 day' WHERE id = {DEPOSIT}",
        "start is",
    ),
    "a deposit's hold": (f"UPDATE escrow_escrow SET hold_seconds = 0 WHERE id = {DEPOSIT}", "hold seconds is 0"),
    "a deposit's id": (
        f"UPDATE escrow_escrow SET escrow_id = '0x{64 * '7'}' WHERE id = {DEPOSIT}",
        "does not know it",
    ),
    "a deleted deposit": (
        f"DELETE FROM escrow_release WHERE escrow_id = {DEPOSIT}; "
        f"DELETE FROM escrow_ledgerentry WHERE escrow_id = {DEPOSIT}; DELETE FROM escrow_escrow WHERE id = {DEPOSIT}",
        "our books do not have it",
    ),
    "a line of the ledger": (
        "UPDATE escrow_ledgerentry SET amount = amount + 1 WHERE account = 'provider'",
        "on the account provider",
    ),
    "what the buyer paid by the ledger": (
        "UPDATE escrow_ledgerentry SET amount = amount - 1 WHERE account = 'buyer' AND event = 'funded'",
        "on the account buyer",
    ),
    "two lines that still sum to zero": (
        "UPDATE escrow_ledgerentry SET amount = amount + CASE account WHEN 'buyer' THEN 5 ELSE -5 END "
        f"WHERE event = 'funded' AND escrow_id = {DEPOSIT}",
        "on the account escrow",
    ),
    "a deleted line": ("DELETE FROM escrow_ledgerentry WHERE account = 'fees'", "on the account fees"),
    "a credit": (
        f"UPDATE escrow_credit SET credited = credited + 1 WHERE address = '{world.ADA_ADDRESS}'",
        "Credit of",
    ),
    "a deleted credit": ("DELETE FROM escrow_credit WHERE credited > withdrawn", "Credit of"),
    "a credit and its withdrawal together": (
        "UPDATE escrow_credit SET credited = credited + 9, withdrawn = withdrawn + 9",
        "the list of withdrawals",
    ),
    "a withdrawal": ("UPDATE escrow_withdrawal SET amount = amount - 1", "the list of withdrawals"),
    "a deleted withdrawal": ("DELETE FROM escrow_withdrawal", "the list of withdrawals"),
    "a deleted stray deposit": ("DELETE FROM escrow_straydeposit", "our books do not have it"),
    "the place of the settlement": ("UPDATE escrow_settlement SET seq = seq - 1", "events are settled"),
    "a deleted settlement": ("DELETE FROM escrow_settlement", "0 events are settled"),
    "the market's fee": ("UPDATE subscriptions_marketparams SET fee_bps = 999", "fee bps is 999"),
    "the market's treasury": (
        f"UPDATE subscriptions_marketparams SET treasury = '{world.MIA_ADDRESS}'",
        "treasury is",
    ),
    "a token that nobody voted for": (
        "INSERT INTO catalog_currency SELECT (jsonb_populate_record(c, jsonb_build_object('id', 999, 'address', "
        f"'{world.MIA_ADDRESS}'))).* FROM catalog_currency c",
        "our shop takes it",
    ),
}

ANOTHER = f"'{world.MIA_ADDRESS}'"
for term in ("buyer_address", "provider_address", "treasury"):
    sql = f"UPDATE escrow_escrow SET {term} = {ANOTHER} WHERE id = {DEPOSIT}"
    TAMPERINGS[f"{term} of a deposit"] = (sql, f"{term.replace('_', ' ')} is {world.MIA_ADDRESS} here")
for term in ("price", "period_seconds", "periods", "hold_seconds", "fee_bps"):
    sql = f"UPDATE escrow_escrow SET {term} = {term} + 1 WHERE id = {DEPOSIT}"
    TAMPERINGS[f"{term} of a deposit"] = (sql, f"{term.replace('_', ' ')} is")
for rule in ("fee_bps", "hold_seconds", "arbiter_seconds", "close_delay_seconds"):
    sql = f"UPDATE subscriptions_marketparams SET {rule} = {rule} + 1"
    TAMPERINGS[f"{rule} of the market"] = (sql, f"{rule.replace('_', ' ')} is")


def test_each_kind_of_wrong_row_is_found_and_nothing_is_when_all_are_right(busy: Market) -> None:
    assert reconciling.compare_all().differences == []
    missed = {}
    with kept() as change:
        for what, (sql, words) in TAMPERINGS.items():
            with change(sql):
                found = reconciling.compare_all().differences
            if not any(words in sentence for sentence in found):
                missed[what] = found
    assert missed == {}
    assert reconciling.compare_all().differences == []


def test_a_contract_that_says_otherwise_is_found(market: Market) -> None:
    market.paid()
    ours = books.all_books()[0]
    answers = questions(ours).answers(client(), ours.block)
    assert list(compare(ours, answers)) == []
    for key, answer, words in (
        ("balance", 0, "and has 0"),
        ("balance", None, "and has nothing"),
        ("owed", 1, "the contract owes 1"),
        ("allowed", False, "our shop takes it"),
    ):
        found = list(compare(ours, {**answers, (key, market.dollar): answer}))
        assert any(words in sentence for sentence in found), (key, answer)


def test_a_difference_is_kept_alarms_and_stops_releases_until_a_clean_run(market: Market) -> None:
    market.paid()
    market.wait(PERIOD + HOLD)
    with tampered("UPDATE escrow_escrow SET fee_paid = 1"):
        with pytest.raises(SystemExit) as ended:
            call_command("reconcile", verbosity=0)
        assert ended.value.code == 1
        run = Reconciliation.objects.get()
        assert (run.found, run.contracts) == (2, [market.escrow])
        assert "the ledger has 0 on the account fees, the deposit 1" in " ".join(run.differences)
        alarm = alarms.sounding()[0]
        assert (alarm.kind, alarm.subject) == ("books", market.escrow)
        assert "releases stand still" in alarm.sentence
        assert services.release_matured() == 0
    assert services.release_matured() == 0
    call_command("reconcile", verbosity=0)
    assert alarms.sounding() == []
    assert Alarm.objects.get(kind="books").ended_at
    assert services.release_matured() == 1


def test_what_waits_to_be_settled_is_no_difference(market: Market) -> None:
    market.paid()
    market.pay(market.order())
    market.node.mine(3)
    market.seen()
    assert Log.objects.final().count()
    assert reconciling.compare_all().differences == []
    services.settle()
    assert reconciling.compare_all().differences == []


def test_a_batch_that_ends_within_a_block_is_waited_for(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    escrow = market.paid()
    monkeypatch.setattr("marketplace.escrow.services.settling.BATCH", 1)
    monkeypatch.setattr(reconciling, "PAUSE", 0)
    market.cancel(escrow)  # two events in one block
    market.node.mine(3)
    market.seen()
    contract = Contract.objects.named("MarketEscrow")
    _settle_batch(contract, {})
    place = Cursor.objects.get(name=cursor_name(contract))
    assert Log.objects.of(contract).final().after(place).exists()
    assert "being settled" in services.reconcile().error
    services.settle()
    assert services.reconcile().error == ""


def test_a_settlement_that_stands_still_is_told(market: Market) -> None:
    with tampered("UPDATE escrow_settlement SET stopped = 'Event 4 is missing.', stopped_at = now()"):
        assert "stands still. Event 4 is missing." in reconciling.compare_all().differences[0]


def test_a_silent_node_is_an_error_and_no_verdict(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    market.paid()
    with tampered("UPDATE escrow_escrow SET fee_paid = 1"):
        services.reconcile()

        def silent(*args: Any, **options: Any) -> Any:
            raise NodeUnreachable("The node did not answer.")

        with monkeypatch.context() as patch:
            patch.setattr(Rpc, "_post", silent)
            with pytest.raises(CommandError, match="The node did not answer"):
                call_command("reconcile")
        assert Reconciliation.objects.order_by("-pk")[0].error
        assert reconciling.differing("eip155:31337") == [market.escrow]
        assert {alarm.kind for alarm in alarms.sounding()} == {"books", "books unread"}


def test_a_node_of_another_chain_gives_no_verdict(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    def elsewhere(self: Client) -> None:
        raise WrongChain("The node serves chain 1.")

    monkeypatch.setattr(Client, "check_chain", elsewhere)
    run = services.reconcile()
    assert (run.error, run.found) == ("Nothing was compared. The node serves chain 1.", 0)


def test_another_block_at_the_node_is_told(market: Market) -> None:
    market.paid()
    block = reconciling.compare_all().block
    Block.objects.filter(number=block).update(hash="0x" + 64 * "a")
    assert "is another one at the node" in reconciling.compare_all().differences[-1]


def test_a_transaction_that_hangs_is_told_and_stops_nothing(market: Market) -> None:
    row = OutgoingTransaction.objects.create(
        key="lost", chain="eip155:31337", to=market.escrow, state="unknown", sender=world.MIA_ADDRESS, nonce=7
    )
    assert services.reconcile().found == 0
    OutgoingTransaction.objects.filter(pk=row.pk).update(created_at=timezone.now() - timedelta(hours=2))
    run = services.reconcile()
    assert run.differences == ["Transaction lost has been unknown for over an hour."]
    assert run.contracts == []


def test_no_transaction_is_open_while_the_node_is_asked(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    market.paid()
    before, asked = Rpc.batch, []

    def watched(self: Rpc, calls: Any) -> Any:
        asked.append(connection.in_atomic_block)
        return before(self, calls)

    monkeypatch.setattr(Rpc, "batch", watched)
    services.reconcile()
    assert asked
    assert not any(asked)


def test_the_worker_does_what_was_asked_once_and_what_is_due(market: Market) -> None:
    mia = world.person("Mia", is_moderator=True)
    assert services.reconcile_due() is not None
    assert services.reconcile_due() is None
    actor = Actor(mia.pk, role="moderator")
    assert services.ask_reconciliation(actor) == services.ask_reconciliation(actor)
    with everything():
        assert Entry.objects.filter(verb="reconciliation.asked").count() == 1
    run = services.reconcile_due()
    assert run is not None and run.asked_by_id == mia.pk and run.ended_at
    assert services.reconcile_due() is None
    for changes, is_due in (
        ({"ended_at": timezone.now() - timedelta(hours=25)}, True),
        ({"ended_at": timezone.now() - timedelta(hours=23)}, False),
        ({"ended_at": timezone.now() - timedelta(hours=2), "found": 1}, True),
        ({"ended_at": timezone.now() - timedelta(minutes=6), "found": 0, "error": "Silence."}, True),
        ({"ended_at": None, "error": "", "began_at": timezone.now() - timedelta(minutes=11)}, True),
        ({"ended_at": None, "began_at": timezone.now() - timedelta(minutes=1)}, False),
    ):
        Reconciliation.objects.filter(pk=run.pk).update(**changes)
        assert (services.reconcile_due() is not None) is is_due, changes
        Reconciliation.objects.filter(pk__gt=run.pk).delete()
