"""Stop and get money back, be paid, withdraw: as the pages say, to the unit."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from chain import abi
from marketplace.escrow import services
from marketplace.escrow.models import Escrow, LedgerEntry
from marketplace.escrow.services.leaving import if_stopped
from marketplace.escrow.services.releasing import ATTEMPTS
from marketplace.subscriptions.clock import moment
from marketplace.subscriptions.words import money
from tests import world
from tests.escrow.money import HOLD, PERIOD, Market, everything

PRICE = 29 * world.TUSD


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def says(client: Client, url: str, **said: Any) -> tuple[int, dict[str, Any]]:
    answer = client.post(url, json.dumps(said), content_type="application/json")
    return answer.status_code, answer.json()


def sent(market: Market, call: dict[str, str], who: str) -> str:
    return market.execute(call["to"], bytes.fromhex(call["data"][2:]), sender=who)


@pytest.mark.parametrize("elapsed", [0, 1, PERIOD // 3, PERIOD, PERIOD + 7, 3 * PERIOD, 9 * PERIOD])
@pytest.mark.parametrize("by_buyer", [True, False])
def test_the_refund_that_is_shown_is_the_one_that_the_contract_gives(
    market: Market, elapsed: int, by_buyer: bool
) -> None:
    escrow = market.paid(periods=3)
    if elapsed:
        market.wait(elapsed)
    market.cancel(escrow, by=world.ADA_ADDRESS if by_buyer else world.BEN_ADDRESS)
    stopped_at = moment(market.now())
    said = if_stopped(escrow, stopped_at, by_buyer=by_buyer)
    market.tick()
    settled = market.deposit(escrow.order)
    assert (settled.released, settled.refunded) == (said.used, said.refund)
    assert market.differences() == 0


def test_a_buyer_stops_on_the_page_and_withdraws_the_rest(market: Market) -> None:
    escrow = market.paid()
    ada = client_of(market.ada)
    market.wait(PERIOD // 2)
    page = ada.get(reverse("escrow:money", args=[market.bakery.slug, escrow.order.public_id])).content.decode()
    assert "If you stop now, about" in page
    assert "14.50" in page
    place = [market.bakery.slug, escrow.order.public_id, escrow.escrow_id]
    status, asked = says(ada, reverse("escrow:cancel", args=place), address=world.BEN_ADDRESS)
    assert status == 422
    status, asked = says(ada, reverse("escrow:cancel", args=place), address=world.ADA_ADDRESS)
    assert status == 200
    assert "come back" in asked["say"]
    tx_hash = sent(market, asked["transaction"], world.ADA_ADDRESS)
    assert says(ada, asked["next"], address=world.ADA_ADDRESS, hash=tx_hash)[0] == 200
    assert "Stopping: your transaction is sent" in _money(ada, market, escrow)
    market.seen()
    page = _money(ada, market, escrow)
    assert "Stopping: it is in a block" in page
    assert "Stop now" not in page
    assert _state(market, escrow) == "active"
    market.tick()
    assert _state(market, escrow) == "ended"
    page = _money(ada, market, escrow)
    assert "Ready to withdraw" in page
    credit = services.credits_of({world.ADA_ADDRESS})[0]
    before, refund = market.balance(world.ADA_ADDRESS), credit.available
    status, asked = says(
        ada, reverse("escrow:withdraw", args=[market.bakery.slug, credit.pk]), address=world.ADA_ADDRESS
    )
    assert money(refund, market.currency) in asked["say"]
    tx_hash = sent(market, asked["transaction"], world.ADA_ADDRESS)
    assert says(ada, asked["next"], address=world.ADA_ADDRESS, hash=tx_hash)[0] == 200
    market.tick()
    assert market.balance(world.ADA_ADDRESS) - before == refund
    assert "Ready to withdraw" not in _money(ada, market, escrow)
    assert market.differences() == 0


def _money(client: Client, market: Market, escrow: Escrow) -> str:
    url = reverse("escrow:money", args=[market.bakery.slug, escrow.order.public_id])
    return str(client.get(url, headers={"HX-Request": "true"}).content.decode())


def _state(market: Market, escrow: Escrow) -> str:
    return str(market.deposit(escrow.order).order.subscription.state)


def test_a_provider_sees_each_payout_with_its_date_and_fee_and_withdraws_it(market: Market) -> None:
    escrow = market.paid(periods=2)
    ben = client_of(market.ben)
    url = reverse("escrow:payouts", args=[market.workshop.slug])
    page = ben.get(url)
    coming = page.context["calendar"]
    assert [(payout.gross, payout.fee, payout.net) for payout in coming] == [(PRICE, 725_000, 28_275_000)] * 2
    assert (coming[0].at - escrow.started_at).total_seconds() == PERIOD + HOLD
    market.wait(PERIOD + HOLD // 2)
    (book,) = ben.get(url).context["books"]
    assert (book.earned, book.held_back, book.gross) == (PRICE, PRICE, 0)
    market.wait(HOLD)
    services.release_matured()
    market.send()
    page = ben.get(url)
    (book,) = page.context["books"]
    assert (book.earned, book.held_back, book.fee, book.net, book.available) == (
        PRICE,
        0,
        725_000,
        28_275_000,
        28_275_000,
    )
    credit = book.credits[0]
    address = reverse("escrow:withdraw", args=[market.workshop.slug, credit.pk])
    assert says(ben, address, address=world.ADA_ADDRESS)[0] == 422
    status, asked = says(ben, address, address=world.BEN_ADDRESS)
    assert status == 200
    sent(market, asked["transaction"], world.BEN_ADDRESS)
    market.tick()
    (book,) = ben.get(url).context["books"]
    assert (book.available, book.withdrawn) == (0, 28_275_000)
    assert says(ben, address, address=world.BEN_ADDRESS)[0] == 422
    history = ben.get(url).context["history"]
    assert [row["amount"] for row in history] == [-28_275_000, 28_275_000]


def test_somebody_elses_credit_cannot_be_asked_for(market: Market) -> None:
    escrow = market.paid()
    market.cancel(escrow)
    market.tick()
    zoe = world.person("Zoe")
    bank = world.organization("Zoe Bank", owner=zoe)
    credit = services.credits_of({world.ADA_ADDRESS})[0]
    url = reverse("escrow:withdraw", args=[bank.slug, credit.pk])
    answer = client_of(zoe).post(url, "{}", content_type="application/json")
    assert answer.status_code == 404


def test_nothing_due_means_nothing_sent(market: Market) -> None:
    from chain.models import OutgoingTransaction

    market.paid()
    market.wait(PERIOD)
    assert services.release_matured() == 0
    assert not OutgoingTransaction.objects.exists()
    market.wait(HOLD)
    assert services.release_matured() == 1
    assert services.release_matured() == 0
    assert OutgoingTransaction.objects.count() == 1


def test_many_due_deposits_go_in_one_transaction(market: Market) -> None:
    from chain.models import OutgoingTransaction

    for _ in range(3):
        market.paid()
    market.wait(PERIOD + HOLD)
    assert services.release_matured() == 3
    assert OutgoingTransaction.objects.count() == 1
    market.send()
    with everything():
        assert Escrow.objects.filter(state=Escrow.State.RELEASED).count() == 3


def test_what_somebody_else_released_is_not_released_again(market: Market) -> None:
    escrow = market.paid(periods=2)
    market.wait(PERIOD + HOLD)
    release = abi.encode_call("MarketEscrow", "release", escrow.escrow_id)
    market.execute(market.escrow, release, sender=world.MIA_ADDRESS)
    services.release_matured()
    market.send()
    assert services.release_matured() == 0
    assert market.deposit(escrow.order).released == PRICE
    assert market.differences() == 0


def test_a_release_that_failed_is_tried_again_and_not_for_ever(market: Market) -> None:
    from chain.models import OutgoingTransaction

    market.paid()
    market.wait(PERIOD + HOLD)
    for _ in range(ATTEMPTS + 3):
        services.release_matured()
        OutgoingTransaction.objects.filter(state="queued").update(state="failed", refusal="The node refuses.")
    assert OutgoingTransaction.objects.count() == ATTEMPTS


def test_reconciliation_finds_one_corrupted_figure(market: Market) -> None:
    escrow = market.paid()
    assert market.differences() == 0
    with everything():
        Escrow.objects.filter(pk=escrow.pk).update(released=1)
    assert market.differences() == 1
    with everything():
        Escrow.objects.filter(pk=escrow.pk).update(released=0)
    assert market.differences() == 0


def test_the_database_refuses_lines_that_do_not_sum_to_zero_and_any_change_of_a_line(market: Market) -> None:
    from django.db import DatabaseError

    escrow = market.paid()
    with everything():
        line = LedgerEntry.objects.filter(escrow=escrow).first()
    assert line is not None
    with pytest.raises(DatabaseError, match="never changed"), everything():
        LedgerEntry.objects.filter(pk=line.pk).update(amount=1)
    line.pk, line.seq, line.account, line.amount = None, 999, "fees", 5
    with pytest.raises(DatabaseError, match="do not sum to zero"), everything():
        line.save(force_insert=True)
