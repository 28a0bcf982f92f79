"""Fill a market with funded deposits and time what looks them over. Prints JSON.

The first few hundred are settled by the handlers, and half of them released: they are rebuilt from their logs. The rest
is written in bulk, as the handlers would write it, so that there are enough to be compared.
"""

import json
import resource
import sys
import time
from datetime import timedelta
from typing import Any

import django

django.setup()

from django.utils import timezone  # noqa: E402

from chain import abi, watcher  # noqa: E402
from chain.client import client  # noqa: E402
from chain.models import Contract, Cursor, Log  # noqa: E402
from marketplace.escrow import services, terms  # noqa: E402
from marketplace.escrow.models import Escrow, LedgerEntry, Settlement  # noqa: E402
from marketplace.escrow.services import comparing, reconciling, reprojecting  # noqa: E402
from marketplace.escrow.services.applying import Batch  # noqa: E402
from marketplace.escrow.services.books import all_books  # noqa: E402
from marketplace.escrow.services.settling import cursor_name  # noqa: E402
from marketplace.subscriptions.models import Order, Subscription  # noqa: E402
from tests import world  # noqa: E402
from tests.chain.local_chain import CHAIN, MINTER, LocalChain  # noqa: E402
from tests.escrow.money import HOLD, PERIOD, Market, deploy, everything  # noqa: E402

A_BLOCK, SETTLED, SAMPLE = 80, 300, 1000


def orders(market: Market, first: int, count: int) -> list[Order]:
    """Orders of one plan, each with a reference of its own."""
    soon = timezone.now() + timedelta(hours=5)
    both = {"buyer": market.bakery, "provider": market.workshop, "listing": market.listing}
    rows = [
        Order(
            **both, plan=market.plan, currency=market.currency, price=29 * world.TUSD, period_seconds=PERIOD,
            periods=2, max_fee_bps=250, provider_address=world.BEN_ADDRESS, order_ref=f"0x{n:064x}",
            expires_at=soon.replace(microsecond=0),
        )
        for n in range(first, first + count)
    ]  # fmt: skip
    with everything():
        Order.objects.bulk_create(rows, batch_size=1000)
        Subscription.objects.bulk_create([Subscription(order=row, **both) for row in rows], batch_size=1000)
    return rows


def send(node: LocalChain, calls: list[dict[str, str]], a_block: int) -> None:
    """Transactions, so many a block."""
    node.automine(False)
    for start in range(0, len(calls), a_block):
        some = calls[start : start + a_block]
        body = [
            {"jsonrpc": "2.0", "id": n, "method": "eth_sendTransaction", "params": [call]}
            for n, call in enumerate(some)
        ]
        answers = node.http.post(node.url, json=body).json()
        if wrong := [answer for answer in answers if "error" in answer]:
            raise RuntimeError(wrong[0])
        node.rpc("evm_mine")
    node.automine()


def calling(market: Market, data: bytes, gas: int) -> dict[str, str]:
    """A transaction of Ada's wallet."""
    return {"from": world.ADA_ADDRESS, "to": market.escrow, "data": "0x" + data.hex(), "gas": hex(gas)}


def fill(market: Market, placed: list[Order]) -> None:
    """Every order paid by Ada's wallet."""
    amount = 2 * len(placed) * 29 * world.TUSD
    market.execute(market.dollar, abi.encode_call("TestDollar", "mint", world.ADA_ADDRESS, amount), sender=MINTER)
    approve = abi.encode_call("TestDollar", "approve", market.escrow, amount)
    market.execute(market.dollar, approve, sender=world.ADA_ADDRESS)
    funds = [calling(market, abi.encode_call("MarketEscrow", "fund", terms.terms(order)), 350_000) for order in placed]
    send(market.node, funds, A_BLOCK)
    copy(market)


def release(market: Market, placed: list[Order]) -> None:
    """One period of each paid out, fifty in a transaction."""
    market.node.rpc("evm_increaseTime", PERIOD + HOLD)
    market.node.mine()
    ids = [terms.escrow_id(order, buyer=world.ADA_ADDRESS, contract=market.escrow) for order in placed]
    batches = [ids[start : start + 50] for start in range(0, len(ids), 50)]
    send(
        market.node,
        [calling(market, abi.encode_call("MarketEscrow", "releaseMany", batch), 5_000_000) for batch in batches],
        5,
    )
    copy(market)


def copy(market: Market) -> None:
    """All that is on the chain, final."""
    market.node.mine(20)
    while watcher.watch() != watcher.Outcome.LEVEL:
        pass


def write_in_bulk(market: Market, placed: list[Order]) -> None:
    """The books of deposits that were only funded, and the place after them."""
    contract = Contract.objects.named("MarketEscrow")
    batch, by_ref = Batch(contract, {}), {order.order_ref: order for order in placed}
    both = {"buyer": market.bakery, "provider": market.workshop, "currency": market.currency}
    with everything():
        cursor = Cursor.objects.locked(cursor_name(contract))
        logs = list(Log.objects.of(contract).final().after(cursor).in_order())
        rows = [(log, event.args) for log in logs if (event := log.decoded)]
        escrows = Escrow.objects.bulk_create(
            (
                Escrow(**both, order=by_ref[args["orderRef"]], funded_block=log.number, funded_tx=log.tx_hash,
                       **batch._facts_of(args))
                for log, args in rows
            ),
            batch_size=1000,
        )  # fmt: skip
        lines = (
            LedgerEntry(escrow=escrow, account=account, amount=amount, event="funded", seq=args["seq"],
                        block_number=log.number, tx_hash=log.tx_hash, at=escrow.started_at, **both)
            for escrow, (log, args) in zip(escrows, rows, strict=True)
            for account, amount in (("buyer", -args["total"]), ("escrow", args["total"]))
        )  # fmt: skip
        LedgerEntry.objects.bulk_create(lines, batch_size=1000)
        Settlement.objects.filter(contract=contract.address).update(seq=rows[-1][1]["seq"])
        cursor.advance(logs[-1])


def one_by_one(questions: int) -> None:
    """What a loop over the deposits asks: one call a request."""
    books = all_books()[0]
    for question in list(comparing.questions(books).values())[:questions]:
        client(CHAIN).read(
            question.contract_name, question.function, *question.args, address=question.address, block=books.block
        )


def timed(work: Any, *args: Any) -> tuple[float, float, Any]:
    """Seconds, CPU seconds of this process, and what came of it."""
    before, began = time.process_time(), time.perf_counter()
    found = work(*args)
    return time.perf_counter() - began, time.process_time() - before, found


def main(count: int) -> None:
    deploy()
    market = Market(LocalChain(client(CHAIN).network.rpc_url))
    first = orders(market, 0, min(SETTLED, count))
    fill(market, first)
    release(market, first[::2])
    settle, _, events = timed(services.settle)
    reproject, _, problems = timed(reprojecting.differences)
    rest = orders(market, len(first), count - len(first))
    if rest:
        fill(market, rest)
        write_in_bulk(market, rest)
    seconds, cpu, compared = timed(reconciling.compare_all)
    sample = min(compared.compared, SAMPLE)
    plain, _, _ = timed(one_by_one, sample)
    found = {
        "settle_ms_an_event": settle * 1000 / events,
        "reproject_ms_an_event": reproject * 1000 / events,
        "reconcile": seconds,
        "reconcile_cpu": cpu,
        "compared": compared.compared,
        "one_by_one": plain * compared.compared / sample,
        "differences": len(compared.differences) + len(problems),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    sys.stdout.write(json.dumps({name: round(value, 2) for name, value in found.items()}) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
