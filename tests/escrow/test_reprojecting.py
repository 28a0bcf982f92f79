"""The books are what today's handlers make of the stored logs; a row that is other is found, whoever wrote it."""

from typing import Any

import pytest
from django.core.management import call_command
from django.db import connections

from chain import projections
from chain.models import Log
from marketplace.escrow import handlers, services
from marketplace.escrow.models import Escrow, Settlement
from marketplace.escrow.services.reprojecting import differences
from marketplace.subscriptions.services import end_lapsed, expire_orders
from tests import world
from tests.escrow.money import Market, everything, fresh
from tests.escrow.owner import TABLES, kept, tampered
from tests.escrow.test_reconciling import TAMPERINGS
from tests.escrow.test_reconciling import busy as busy  # noqa: PLC0414  (a fixture)

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])

ALSO = {
    "when the next period is due": "UPDATE escrow_escrow SET next_due_at = next_due_at + interval '1 year'",
    "whether a deposit came late": "UPDATE escrow_escrow SET is_late = NOT is_late WHERE is_late",
    "an order that nobody paid": "UPDATE subscriptions_order SET state = 'funded' WHERE state = 'placed'",
    "an order that was paid": "UPDATE subscriptions_order SET state = 'placed' WHERE state = 'funded'",
    "a right that nobody paid for": (
        "UPDATE subscriptions_subscription SET state = 'active', starts_at = now(), "
        "ends_at = now() + interval '9 years' WHERE state = 'pending'"
    ),
    "a right that lasts longer": "UPDATE subscriptions_subscription SET ends_at = ends_at + interval '1 day'",
    "where a withdrawal went": f"UPDATE escrow_withdrawal SET \"to\" = '{world.MIA_ADDRESS}'",
    "whose stray deposit it is": f"UPDATE escrow_straydeposit SET buyer_address = '{world.MIA_ADDRESS}'",
}


def test_a_whole_life_of_a_market_is_what_its_logs_say(busy: Market) -> None:
    assert differences() == []
    call_command("reproject", "escrow", verbosity=0)


def test_compacting_on_the_way_loses_nothing(busy: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("marketplace.escrow.services.reprojecting.COMPACT_EVERY", 2)
    assert differences() == []


def test_each_kind_of_wrong_row_is_found(busy: Market) -> None:
    missed = []
    with kept() as change:
        for what, sql in {**{what: sql for what, (sql, _) in TAMPERINGS.items()}, **ALSO}.items():
            with change(sql):
                if not differences():
                    missed.append(what)
    assert missed == []
    assert differences() == []


def test_the_command_prints_what_differs_and_ends_with_1(market: Market, capsys: pytest.CaptureFixture[str]) -> None:
    market.paid()
    with tampered("UPDATE escrow_escrow SET fee_paid = 3"):
        with pytest.raises(SystemExit) as ended:
            call_command("reproject", "escrow")
    assert ended.value.code == 1
    assert "fee_paid is 3 as stored and 0 by the logs." in capsys.readouterr().out


def test_a_handler_that_would_write_otherwise_is_found(busy: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: books that a faulty handler wrote, or would write, do not pass."""
    right = handlers.released

    def faulty(money: Any, args: Any, *, treasury: str) -> Any:
        return right(money, {**args, "fee": args["fee"] + 1, "net": args["net"] - 1}, treasury=treasury)

    monkeypatch.setattr(handlers, "released", faulty)
    found = " ".join(differences())
    assert "fee_paid is" in found
    assert "credited is" in found


def test_a_log_that_went_missing_is_told(market: Market) -> None:
    escrow = market.paid()
    market.paid()
    Log.objects.filter(topics__1=escrow.escrow_id).delete()
    assert "is missing: the next one is" in differences()[0]


def test_it_changes_no_row_and_waits_for_none(busy: Market) -> None:
    before = _everything()
    with connections["owner"].cursor() as cursor:
        cursor.execute("BEGIN")
        for table in TABLES:
            cursor.execute(f"SELECT FROM {table} FOR UPDATE")
        assert differences() == []
        cursor.execute("ROLLBACK")
    assert _everything() == before


def _everything() -> list[Any]:
    with connections["owner"].cursor() as cursor:
        found = []
        for table in (*TABLES, "audit_entry", "chain_cursor", "chain_log"):
            cursor.execute(f"SELECT t::text FROM {table} t ORDER BY 1")
            found.append(cursor.fetchall())
        return found


def test_what_is_not_settled_yet_is_no_difference(market: Market) -> None:
    market.paid()
    order = market.order()
    market.pay(order)
    market.node.mine(3)
    market.seen()
    assert differences() == []
    services.settle()
    assert differences() == []


def test_what_a_clock_did_is_no_difference(market: Market) -> None:
    lapsed, expired = market.paid(), market.order()
    market.wait(40 * world.DAY)
    assert (end_lapsed(), expire_orders()) == (1, 1)
    assert (fresh(lapsed.order).subscription.state, fresh(expired).state) == ("ended", "expired")
    assert differences() == []
    market.pay(expired)
    market.tick()
    with everything():
        assert Escrow.objects.get(order=expired).is_late
    assert differences() == []


def test_a_shadow_is_gone_with_its_rehearsal_and_needs_one(market: Market) -> None:
    with projections.rehearsal():
        projections.shadow(["escrow_settlement"])
        projections.empty(["escrow_settlement"])
        assert not Settlement.objects.exists()
        with pytest.raises(RuntimeError, match="shadowed already"):
            projections.shadow(["escrow_settlement"])
    assert Settlement.objects.exists()
    with everything(), pytest.raises(RuntimeError):
        with projections.rehearsal():
            pass
    with projections.rehearsal(), pytest.raises(Exception, match="does not exist"):
        projections.empty(["escrow_settlement"])
