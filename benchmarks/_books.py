"""Fill a market with funded deposits, half of them paid once, and time what looks them over. Prints JSON."""

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
from marketplace.escrow import services, terms  # noqa: E402
from marketplace.escrow.services import comparing, reconciling, reprojecting  # noqa: E402
from marketplace.escrow.services.books import all_books  # noqa: E402
from marketplace.subscriptions.models import Order, Subscription  # noqa: E402
from tests import world  # noqa: E402
from tests.chain.local_chain import CHAIN, MINTER, LocalChain  # noqa: E402
from tests.escrow.money import HOLD, PERIOD, Market, deploy, everything  # noqa: E402

A_BLOCK = 80


def orders(market: Market, count: int) -> list[Order]:
    """Orders of one plan, each with a reference of its own."""
    soon = timezone.now() + timedelta(hours=5)
    both = {"buyer": market.bakery, "provider": market.workshop, "listing": market.listing}
    rows = [
        Order(
            **both, plan=market.plan, currency=market.currency, price=29 * world.TUSD, period_seconds=PERIOD,
            periods=2, max_fee_bps=250, provider_address=world.BEN_ADDRESS, order_ref=f"0x{n:064x}",
            expires_at=soon.replace(microsecond=0),
        )
        for n in range(count)
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


def fill(market: Market, count: int) -> None:
    """Every order paid by Ada's wallet; half of the deposits released once."""
    placed, node = orders(market, count), market.node
    amount = 2 * count * 29 * world.TUSD
    market.execute(market.dollar, abi.encode_call("TestDollar", "mint", world.ADA_ADDRESS, amount), sender=MINTER)
    approve = abi.encode_call("TestDollar", "approve", market.escrow, amount)
    market.execute(market.dollar, approve, sender=world.ADA_ADDRESS)

    def call(data: bytes, gas: int) -> dict[str, str]:
        return {"from": world.ADA_ADDRESS, "to": market.escrow, "data": "0x" + data.hex(), "gas": hex(gas)}

    funds = [call(abi.encode_call("MarketEscrow", "fund", terms.terms(order)), 350_000) for order in placed]
    send(node, funds, A_BLOCK)
    node.rpc("evm_increaseTime", PERIOD + HOLD)
    node.mine()
    ids = [terms.escrow_id(order, buyer=world.ADA_ADDRESS, contract=market.escrow) for order in placed[: count // 2]]
    batches = [ids[start : start + 50] for start in range(0, len(ids), 50)]
    releases = [call(abi.encode_call("MarketEscrow", "releaseMany", batch), 5_000_000) for batch in batches]
    send(node, releases, 5)
    node.mine(20)
    while watcher.watch() != watcher.Outcome.LEVEL:
        pass


def one_by_one() -> None:
    """What a loop over the deposits asks: one call a request."""
    books = all_books()[0]
    for question in comparing.questions(books).values():
        client(CHAIN).read(
            question.contract_name, question.function, *question.args, address=question.address, block=books.block
        )


def main(count: int) -> None:
    deploy()
    market = Market(LocalChain(client(CHAIN).network.rpc_url))
    fill(market, count)
    found: dict[str, float] = {}
    began = time.perf_counter()
    services.settle()
    found["settle"] = time.perf_counter() - began
    steps = (
        ("reconcile", reconciling.compare_all),
        ("reproject", reprojecting.differences),
        ("one_by_one", one_by_one),
    )
    outcome: dict[str, Any] = {}
    for name, work in steps:
        before, began = time.process_time(), time.perf_counter()
        outcome[name] = work()
        found[name], found[f"{name}_cpu"] = time.perf_counter() - began, time.process_time() - before
    found["compared"] = outcome["reconcile"].compared
    found["differences"] = len(outcome["reconcile"].differences) + len(outcome["reproject"])
    found["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps({name: round(value, 2) for name, value in found.items()}) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
