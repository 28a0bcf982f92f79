"""A campaign: payments and other people's logs on a chain that reorganizes, seen through a node that goes wrong."""

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Protocol

from chain import abi, rpc, sender, watcher
from chain.client import NodeRefused, NodeUnreachable, client
from chain.models import Attempt, CopyPosition, Log, OutgoingTransaction, State
from chain.outbox import submit
from tests.chain.local_chain import CHAIN, MINTER, LocalChain, fresh_address
from tests.chain.proxy import FaultyNode, planned

CONFIRMATIONS, DEEPEST, AMOUNT = 12, 8, 7
# bytes are sent again in every round, and dearer ones signed when the campaign says so: no clock decides
NETWORK = {"confirmations": CONFIRMATIONS, "rebroadcast_seconds": 0, "bump_seconds": 3600.0}
Place = tuple[str, int]


class Reader(Protocol):
    """What copies the logs of one contract."""

    def step(self) -> None: ...

    def copied(self) -> list[Place]:
        """(block hash, log index) of what it has, in order."""


class Engine:
    """The watcher as it is run."""

    def __init__(self, address: str) -> None:
        self.address = address

    def step(self) -> None:
        for _ in range(3):  # watch() goes by the clock, which no seed repeats
            watcher.watch(CHAIN, seconds=0)

    def copied(self) -> list[Place]:
        return list(Log.objects.of(self.address).in_order().values_list("block_hash", "log_index"))


class NaiveRange:
    """How logs are often read: the head's number, then the logs from where one was up to it, each place once."""

    def __init__(self, address: str, deployed: int) -> None:
        self.address, self.done = address, deployed
        self.found: dict[Place, tuple[int, int]] = {}

    def step(self) -> None:
        try:
            head = client(CHAIN).head()
            question = {"fromBlock": hex(self.done + 1), "toBlock": hex(head), "address": self.address}
            logs = client(CHAIN).rpc("eth_getLogs", question) if head > self.done else []
        except (NodeUnreachable, NodeRefused):
            return
        for log in logs:
            place = log["blockHash"], int(log["logIndex"], 16)
            self.found[place] = int(log["blockNumber"], 16), place[1]
        self.done = max(head, self.done)

    def copied(self) -> list[Place]:
        return sorted(self.found, key=self.found.__getitem__)


@dataclass
class Verdict:
    """What the campaign of a seed came to; all zero but the last line's figures is what is promised."""

    seed: int
    lost: int = 0
    phantom: int = 0
    disordered: bool = False
    unpaid: int = 0
    doubled: int = 0
    final_gone: int = 0
    frozen: str = ""
    unfinished: list[Any] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def clean(self) -> bool:
        wrong = self.lost, self.phantom, self.disordered, self.unpaid, self.doubled, self.final_gone
        return not (any(wrong) or self.frozen or self.unfinished)


class Campaign:
    """`transactions` of them, half payments through the outbox, with what `seed` draws in between."""

    def __init__(
        self, node: LocalChain, dollar: str, proxy: FaultyNode, seed: int, *, reader: Reader | None = None
    ) -> None:
        self.node, self.dollar, self.proxy, self.seed = node, dollar, proxy, seed
        self.reader = reader or Engine(dollar)
        self.chance = random.Random(seed)
        self.mints = self.payments = 0
        self.reorged_at, self.verdict, self.finals = -1, Verdict(seed), set[Place]()
        self.did: Counter[str] = Counter()

    def run(self, transactions: int, *, faults: list[str] | None = None, rate: float = 0.3) -> Verdict:
        self.node.automine(False)
        self.node.mine(DEEPEST + 2)
        self.proxy.plan = planned(self.seed, rate=rate, faults=faults)
        self.proxy.behind = self.chance.randint(1, DEEPEST)
        doings = [self.mint, self.mint, self.pay, self.pay, self.block, self.look, self.look, self.look, self.send]
        doings += [self.send, self.send, self.reorg]
        while self.mints + self.payments < transactions:
            doing = self.chance.choice(doings)
            self.did[doing.__name__] += 1
            doing()
        self.proxy.healthy()
        self.finish()
        return self.judge()

    # ── what happens ──
    def mint(self) -> None:
        """Other people's transactions, a few in one block."""
        nonce = int(self.node.rpc("eth_getTransactionCount", MINTER, "latest"), 16)
        for offset in range(self.chance.randint(1, 4)):
            self.mints += 1
            self.node.rpc("eth_sendTransaction", self.minting(self.mints, nonce + offset))
        self.block()

    def minting(self, amount: int, nonce: int) -> dict[str, str]:
        return {**self.node.minting(self.dollar, amount), "nonce": hex(nonce)}

    def pay(self) -> None:
        for _ in range(self.chance.randint(1, 4)):
            self.payments += 1
            data = abi.encode_call("TestDollar", "mint", self.payee(self.payments), AMOUNT)
            submit(key=f"pay {self.seed} {self.payments}", to=self.dollar, data=data)

    def payee(self, number: int) -> str:
        return fresh_address(self.seed * 100_000 + number)

    def block(self) -> None:
        self.node.mine(1)
        if self.node.head() > self.reorged_at + 3:
            self.proxy.illness.branch.clear()  # no backend stays on an orphaned branch for as long as finality takes

    def look(self) -> None:
        self.reader.step()
        now = set(Log.objects.final().values_list("block_hash", "log_index"))
        self.verdict.final_gone += len(self.finals - now)
        self.finals = now

    def send(self) -> None:
        if self.chance.random() < 0.1:
            Attempt.objects.filter(transaction__state=State.SENT).update(created_at="2020-01-01T00:00Z")
        sender.send(CHAIN)

    def reorg(self) -> None:
        """Up to DEEPEST blocks are replaced; of their transactions some survive, some vanish, some change."""
        depth = self.chance.randint(1, DEEPEST)
        self.reorged_at = self.node.head()
        self.proxy.illness.remember_branch(depth + 1)
        self.node.reorg(depth, self.another_branch(depth))

    def another_branch(self, depth: int) -> list[Any]:
        """Of each account the first few of its transactions, in the same block or a later one; the minter's go on."""
        orphans: dict[str, list[tuple[str, int]]] = {}
        for offset in range(depth):
            number = hex(self.reorged_at - depth + 1 + offset)
            for each in self.node.rpc("eth_getBlockByNumber", number, True)["transactions"]:
                orphans.setdefault(each["from"], []).append((each["hash"], offset))
        branch: list[tuple[Any, int]] = []
        for hashes in orphans.values():
            last = 0
            for tx_hash, offset in hashes[: self.chance.randint(0, len(hashes))]:
                last = min(max(last, offset + self.chance.choice([0, 0, 1])), depth - 1)
                branch.append((self.node.rpc("eth_getRawTransactionByHash", tx_hash), last))
        survived = sum(offset >= 0 for _, offset in branch)
        self.did["survived"] += survived
        self.did["orphaned"] += sum(map(len, orphans.values())) - survived
        return [list(each) for each in branch]

    def finish(self) -> None:
        """Ordinary rounds through a node that is well, until nothing is open."""
        for _ in range(150):
            sender.send(CHAIN)
            self.node.mine(3)
            self.reader.step()
            if not OutgoingTransaction.objects.exclude(state=State.FINAL).exists():
                break
        self.node.mine(1)
        for _ in range(3):
            self.reader.step()

    # ── what came of it ──
    def judge(self) -> Verdict:
        truth, ours, verdict = self.node.logs(self.dollar), self.reader.copied(), self.verdict
        verdict.lost, verdict.phantom = len(set(truth) - set(ours)), len(set(ours) - set(truth))
        verdict.disordered = not verdict.lost and not verdict.phantom and ours != truth
        paid = [self.paid(number) for number in range(1, self.payments + 1)]
        verdict.unpaid, verdict.doubled = sum(each < AMOUNT for each in paid), sum(each > AMOUNT for each in paid)
        rows = OutgoingTransaction.objects.exclude(state=State.FINAL)
        verdict.unfinished = list(rows.values_list("key", "state", "last_error", "refusal")[:5])
        position = CopyPosition.objects.filter(chain=CHAIN).first()
        verdict.frozen = position.frozen_reason if position else ""
        verdict.figures = {
            "transactions": self.mints + self.payments,
            "payments": self.payments,
            "logs": len(truth),
            **self.did,
            "requests": self.proxy.asked,
            "faulty": self.proxy.asked - self.proxy.met["none"],
            "faults": dict(self.proxy.met),
        }
        return verdict

    def paid(self, number: int) -> int:
        data = abi.encode_call("TestDollar", "balanceOf", self.payee(number))
        return int(self.node.rpc("eth_call", {"to": self.dollar, "data": "0x" + data.hex()}, "latest"), 16)


def impatient(monkeypatch: Any, proxy: FaultyNode) -> None:
    """Wait tenths of a second where production waits for seconds: the campaign is about order, not about patience."""
    monkeypatch.setattr(rpc, "ANSWER_SECONDS", 0.15)
    proxy.patience, proxy.drip_seconds, proxy.delay_seconds = 0.3, 0.02, 0.02
