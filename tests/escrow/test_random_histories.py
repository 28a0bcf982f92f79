"""Whatever buyers, providers, an arbiter and strangers do, in any order: the books are the contract's, to the unit."""

import random
from collections import Counter
from collections.abc import Callable

import pytest

from chain import abi
from marketplace.escrow.models import Escrow, LedgerEntry, Settlement
from marketplace.escrow.services import histories
from marketplace.escrow.services.reprojecting import differences as reprojected
from tests import world
from tests.escrow.money import HOLD, PERIOD, Market, everything

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
ADA, BEN, MIA = world.ADA_ADDRESS, world.BEN_ADDRESS, world.MIA_ADDRESS
ORDERS, ACTS = 10, 60
Act = Callable[[], bool]


class Life:
    """Deposits, and what may be done to them, drawn from a seed. What the contract refuses is part of a history."""

    def __init__(self, market: Market, seed: int) -> None:
        self.market, self.random, self.done = market, random.Random(seed), Counter[str]()
        self.ids: list[str] = []

    def begin(self) -> None:
        """All orders paid, and one stray deposit among them."""
        for number in range(ORDERS):
            order = self.market.order(self.random.randint(1, 4))
            self.ids.append(self.market.pay(order, **({"orderRef": "0x" + "5" * 64} if number == 0 else {})))
            self.market.tick()

    def act(self) -> None:
        name = self.random.choice(
            ["renew", "refund", "dispute", "dispute", "resolve", "timeout", "stop", "leave", "release", "withdraw"]
            + ["wait"] * 5
        )
        self.done[name if getattr(self, f"_{name}")() else f"{name}, refused"] += 1

    def _call(self, function: str, *args: object, by: str) -> bool:
        data = abi.encode_call("MarketEscrow", function, *args)
        call = {"from": by, "to": self.market.escrow, "data": "0x" + data.hex(), "gas": hex(900_000)}
        tx_hash = self.market.node.rpc("eth_sendTransaction", call)
        return int(self.market.node.receipt(tx_hash)["status"], 16) == 1

    def _any(self) -> str:
        return self.random.choice(self.ids)

    def _renew(self) -> bool:
        plenty = abi.encode_call("TestDollar", "approve", self.market.escrow, 10**15)
        self.market.execute(self.market.dollar, plenty, sender=ADA)
        return self._call("renew", self._any(), self.random.randint(1, 3), by=ADA)

    def _refund(self) -> bool:
        return self._call("refund", self._any(), self.random.choice([1, 777, 29 * world.TUSD]), by=BEN)

    def _dispute(self) -> bool:
        return self._call("dispute", self._any(), "0x" + "e7" * 32, by=ADA)

    def _resolve(self) -> bool:
        return self._call("resolve", self._any(), self.random.randint(0, 10_000), "0x" + "a1" * 32, by=MIA)

    def _timeout(self) -> bool:
        return self._call("resolveTimeout", self._any(), by=MIA)

    def _stop(self) -> bool:
        return self._call("cancel", self._any(), by=ADA)

    def _leave(self) -> bool:
        return self._call("cancel", self._any(), by=BEN)

    def _release(self) -> bool:
        return self._call("releaseMany", self.ids, by=MIA)

    def _withdraw(self) -> bool:
        who = self.random.choice([ADA, BEN])
        return self._call("withdraw", self.market.dollar, who, by=who)

    def _wait(self) -> bool:
        self.market.wait(self.random.choice([1, HOLD // 2, HOLD, PERIOD // 3, PERIOD + 7]))
        return True


def readable(market: Market) -> int:
    """Each deposit's history can be read, and its lines add up to what the deposit says; returns how many there are."""
    with everything():
        escrows = list(Escrow.objects.select_related("order__subscription", "currency"))
        for escrow in escrows:
            events = histories.history(escrow.order, [escrow])
            lines = [amount for event in events for _, amount in event.get("lines", [])]
            assert sum(lines) == 0
            paid = LedgerEntry.objects.filter(escrow=escrow, account=LedgerEntry.Account.PROVIDER)
            assert sum(int(line.amount) for line in paid) == escrow.paid_net
            assert escrow.state in ("held", "disputed") or escrow.remaining == 0
        assert not Settlement.objects.exclude(stopped="").exists()
        return len(escrows)


def lived(market: Market, seed: int) -> Counter[str]:
    market.allow_arbiter(MIA)
    life = Life(market, seed)
    life.begin()
    for _ in range(ACTS):
        life.act()
        if life.random.random() < 0.3:
            market.tick()
    market.tick()
    assert readable(market) == ORDERS - 1
    assert market.differences() == 0
    assert reprojected() == []
    return life.done


@pytest.mark.parametrize("seed", [1])
def test_ten_histories_end_with_the_books_as_the_contract_has_it(market: Market, seed: int) -> None:
    done = lived(market, seed)
    assert sum(count for what, count in done.items() if "refused" not in what) > ACTS // 2, done


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 120))
def test_two_hundred_histories_end_with_the_books_as_the_contract_has_it(
    market: Market, seed: int, record_property: Callable[[str, object], None]
) -> None:
    record_property("acts", dict(lived(market, seed)))


def test_control_books_that_pass_a_refund_by_are_found(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    from marketplace.escrow.services.applying import Batch

    monkeypatch.setattr(Batch, "_Refunded", lambda *of: None)
    escrow = market.paid(periods=2)
    market.give_back(escrow, 5)
    market.tick()
    assert market.differences() > 0
