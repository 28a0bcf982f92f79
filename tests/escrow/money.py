"""The tests' market on a real chain: Ada's bakery buys from Ben's workshop, with real deposits in the real contract."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import transaction
from eth_account import Account
from eth_account.messages import encode_typed_data

from chain import abi, sender, watcher
from chain.client import client
from chain.models import Contract
from chain.registry import register
from marketplace.catalog.models import Currency
from marketplace.escrow import services, terms
from marketplace.escrow.models import Credit, Escrow, LedgerEntry
from marketplace.subscriptions.models import Order
from marketplace.subscriptions.services import place_order
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import as_system, scope
from tests import world
from tests.chain.local_chain import LocalChain

PERIOD = 30 * world.DAY
HOLD = world.DAY


class Market:
    """What tests do to the market, and how they look at the truth."""

    def __init__(self, node: LocalChain) -> None:
        self.node = node
        self.escrow = Contract.objects.named("MarketEscrow").address
        self.dollar = Contract.objects.named("TestDollar").address
        self.timelock = Contract.objects.named("GuildTimelock").address
        self.tick()
        with everything():
            self.currency = Currency.objects.get(address=self.dollar)
        self.ada = world.person("Ada", address=world.ADA_ADDRESS)
        self.ben = world.person("Ben", address=world.BEN_ADDRESS)
        self.bakery = world.organization("Ada Bakery", owner=self.ada)
        self.workshop = world.provider("Ben Workshop", owner=self.ben)
        self.listing = world.listing(self.workshop, currency=self.currency)
        self.plan = world.plan(self.listing)
        self.buyer, self.provider = world.actor(self.ada, self.bakery), world.actor(self.ben, self.workshop)

    # ── time and workers ──
    def tick(self) -> None:
        """Enough blocks for what has happened to be final, then the workers of one round."""
        self.node.mine(3)
        self.seen()
        services.settle()

    def seen(self) -> None:
        """The watcher alone, until it is level with the chain."""
        for _ in range(20):
            if watcher.watch() == watcher.Outcome.LEVEL:
                return
        raise AssertionError("The watcher does not catch up with the chain.")

    def send(self) -> None:
        """Have the outbox sent, settled, and known to be final."""
        for _ in range(3):
            sender.send()
            self.tick()

    def wait(self, seconds: int) -> None:
        self.node.rpc("evm_increaseTime", seconds)
        self.tick()

    def now(self) -> int:
        return int(self.node.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    # ── people ──
    def order(self, periods: int = 1, **changes: Any) -> Order:
        with acting(self.buyer):
            key = changes.pop("form_key", uuid.uuid4())
            placed = place_order(self.buyer, plan_id=self.plan.pk, periods=periods, form_key=key)
        return fresh(placed)

    def execute(self, to: str, data: bytes, *, sender: str) -> str:
        """A person's transaction, with gas to spare: what an estimate in one second says is too little in the next."""
        call = {"from": sender, "to": to, "data": "0x" + data.hex(), "gas": hex(600_000)}
        tx_hash = self.node.rpc("eth_sendTransaction", call)
        assert int(self.node.receipt(tx_hash)["status"], 16) == 1, "The contract refused a test's transaction."
        return str(tx_hash)

    def pay(self, order: Order, *, payer: str = world.ADA_ADDRESS, **changes: Any) -> str:
        """The buyer's own wallet approves and funds; returns the id. `changes` replace terms of the order."""
        agreed = {**terms.terms(order), **changes}
        total = agreed["pricePerPeriod"] * agreed["periods"]
        self.execute(self.dollar, abi.encode_call("TestDollar", "approve", self.escrow, total), sender=payer)
        self.execute(self.escrow, abi.encode_call("MarketEscrow", "fund", agreed), sender=payer)
        return client().read("MarketEscrow", "orderId", payer, agreed)

    def paid(self, periods: int = 1) -> Escrow:
        """A funded order, settled."""
        order = self.order(periods)
        self.pay(order)
        self.tick()
        return self.deposit(order)

    def cancel(self, escrow: Escrow, *, by: str = world.ADA_ADDRESS) -> None:
        self.execute(self.escrow, abi.encode_call("MarketEscrow", "cancel", escrow.escrow_id), sender=by)

    def renew(self, escrow: Escrow, periods: int = 1) -> None:
        self.renew_id(escrow.escrow_id, int(escrow.price), periods)

    def renew_id(self, escrow_id: str, price: int, periods: int = 1) -> None:
        approve = abi.encode_call("TestDollar", "approve", self.escrow, price * periods)
        self.execute(self.dollar, approve, sender=world.ADA_ADDRESS)
        self.execute(
            self.escrow, abi.encode_call("MarketEscrow", "renew", escrow_id, periods), sender=world.ADA_ADDRESS
        )

    def give_back(self, escrow: Escrow, amount: int) -> None:
        data = abi.encode_call("MarketEscrow", "refund", escrow.escrow_id, amount)
        self.execute(self.escrow, data, sender=world.BEN_ADDRESS)

    def dispute(self, escrow: Escrow, evidence: str = "0x" + "e7" * 32) -> None:
        data = abi.encode_call("MarketEscrow", "dispute", escrow.escrow_id, evidence)
        self.execute(self.escrow, data, sender=world.ADA_ADDRESS)

    def resolve(self, escrow: Escrow, provider_bps: int, *, by: str = world.MIA_ADDRESS) -> None:
        data = abi.encode_call("MarketEscrow", "resolve", escrow.escrow_id, provider_bps, "0x" + "a1" * 32)
        self.execute(self.escrow, data, sender=by)

    def as_timelock(self, data: bytes) -> None:
        """What a vote would have the timelock do."""
        self.node.rpc("anvil_setBalance", self.timelock, hex(10**19))
        self.node.rpc("anvil_impersonateAccount", self.timelock)
        self.execute(self.escrow, data, sender=self.timelock)

    def allow_arbiter(self, who: str, *, allowed: bool = True) -> None:
        self.as_timelock(abi.encode_call("MarketEscrow", "setArbiter", who, allowed))

    def open_channel(self, *, payer: str, provider: str, signer: str, deposit: int) -> str:
        """A channel for usage; returns its id."""
        agreed = {
            "channelRef": "0x" + "c4" * 32,
            "provider": provider,
            "signer": signer,
            "token": self.dollar,
            "deposit": deposit,
            "maxFeeBps": 1_000,
        }
        self.execute(self.dollar, abi.encode_call("TestDollar", "approve", self.escrow, deposit), sender=payer)
        self.execute(self.escrow, abi.encode_call("MarketEscrow", "openChannel", agreed), sender=payer)
        return str(client().read("MarketEscrow", "channelId", payer, agreed))

    def claim(self, channel: str, cumulative: int, signer: Any) -> None:
        """Hand in a receipt that `signer` has signed."""
        digest = client().read("MarketEscrow", "receiptHash", channel, cumulative)
        signature = Account._sign_hash(digest, signer.key).signature
        data = abi.encode_call("MarketEscrow", "claim", channel, cumulative, bytes(signature))
        self.execute(self.escrow, data, sender=world.BEN_ADDRESS)

    def withdraw(self, who: str) -> None:
        self.execute(self.escrow, abi.encode_call("MarketEscrow", "withdraw", self.dollar, who), sender=who)

    # ── the truth ──
    def deposit(self, order: Order) -> Escrow:
        with everything():
            return Escrow.objects.select_related("order__subscription", "currency").get(order=order)

    def balance(self, who: str) -> int:
        return int(client().read("TestDollar", "balanceOf", who, address=self.dollar))

    def ledger(self, escrow: Escrow) -> dict[str, int]:
        """The sum on each account of a deposit."""
        sums: dict[str, int] = {}
        with everything():
            for line in LedgerEntry.objects.filter(escrow=escrow):
                sums[line.account] = sums.get(line.account, 0) + int(line.amount)
        return sums

    def differences(self) -> int:
        """What `manage.py reconcile` finds; 0 when ledger and contract agree."""
        try:
            call_command("reconcile", verbosity=0)
        except SystemExit as ended:
            return int(ended.code or 0)
        return 0

    def credit(self, who: str) -> int:
        with everything():
            found = Credit.objects.filter(address=who, contract=self.escrow).first()
        return found.available if found else 0


@contextmanager
def everything() -> Iterator[None]:
    """Look as the system does."""
    with transaction.atomic(), as_system("tests look at everything"):
        yield


@contextmanager
def acting(actor: Actor) -> Iterator[None]:
    """Inside the scope of an actor's organization, as behind a door."""
    with transaction.atomic(), scope(org_id=actor.org_id, user_id=actor.user_id):
        yield


def fresh(order: Order) -> Order:
    """The order as it is now."""
    with everything():
        return Order.objects.select_related("currency", "subscription", "listing").get(pk=order.pk)


def signed(typed: dict[str, Any], key: str) -> str:
    """What a wallet answers to eth_signTypedData_v4."""
    message = encode_typed_data(full_message=typed)
    return "0x" + Account.from_key(key).sign_message(message).signature.hex().removeprefix("0x")


def deploy() -> list[dict[str, Any]]:
    """The market's contracts on the chain; what is needed to register them again in an emptied database."""
    call_command("deploy_market", verbosity=0)
    rows = Contract.objects.filter(chain=settings.CHAIN_ID).order_by("pk")
    return list(rows.values("chain", "name", "address", "deployed_block"))


def register_all(contracts: list[dict[str, Any]]) -> None:
    for contract in contracts:
        register(**contract)
