"""Find the chain's own coin that came in, which leaves no log: balances at final blocks are compared, and halved.

The balance at a block, less the one at an earlier block, less what logs say in between, is what came without a log.
Where that is not nothing, the block in the middle is asked for, down to single blocks. Of an account that sends only by
proposals, as a timelock does, all is found, to the wei and the block. Of another one, what came and left again within
one stretch cancels out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import structlog
from django.db import transaction
from django.db.models import F

from chain import rpc
from chain.client import Client, NodeRefused, NodeUnreachable, WrongChain, client
from chain.questions import hash_of
from governance.models import CoinSearch, Movement, Treasury
from governance.treasuries import moving

log = structlog.get_logger(__name__)
Point = tuple[int, int]  # a block, and the balance at its end
Change = tuple[int, int, int]  # after one block, up to another one: so much
REQUESTS: Final = 50  # in one run
STRETCH: Final = 7_200  # blocks that are compared at once: a day of twelve seconds each
KEPT: Final = 10  # of the requests, for the times of blocks
MOST: Final = 1_000  # balances of an account that wait to be explained
AT_THE_END: Final = 2**31 - 1  # of its block, after every log
NO_OLD_STATES: Final = re.compile(
    r"missing trie node|prun|archive|no state|state .*(unavailable|not (available|found))|(historical|world) state"
    r"|BlockOutOfRange",
    re.IGNORECASE,
)


class Purse:
    """How many requests may still be made in this run."""

    def __init__(self, left: int) -> None:
        self.left = left

    @property
    def for_balances(self) -> int:
        return max(0, self.left - KEPT)

    def take(self, number: int) -> None:
        self.left -= number


def search(chain: str) -> int:
    """Look on for each account of a chain's DAOs, who waited longest first; returns how many requests were made."""
    purse = Purse(REQUESTS)
    for treasury in Treasury.objects.filter(governor__chain=chain).exclude(block_hash=""):
        _begin(treasury)
    due = CoinSearch.objects.filter(treasury__governor__chain=chain, number__lt=F("treasury__number"))
    for row in due.order_by("looked_at", "pk").select_related("treasury__governor"):
        if purse.for_balances < 3:  # the hash of a block, and balances at both ends
            break
        try:
            _look(row, client(chain), purse)
        except (NodeUnreachable, NodeRefused, WrongChain) as problem:
            log.warning("governance.coins", account=row.account, problem=str(problem))
    return REQUESTS - purse.left


def _begin(treasury: Treasury) -> None:
    """A search for each account, from before the first block on, so that what was there already is found first."""
    start = max(treasury.first - 2, -1)
    missing = set(treasury.accounts) - set(treasury.coin_searches.values_list("account", flat=True))
    rows = [
        CoinSearch(treasury=treasury, account=account, number=start, balance=0, since=start)
        for account in sorted(missing)
    ]
    CoinSearch.objects.bulk_create(rows, ignore_conflicts=True)


def _look(row: CoinSearch, node: Client, purse: Purse) -> None:
    """One account, as far as the purse goes; what was found and the place are one transaction."""
    treasury = row.treasury
    purse.take(1)
    if hash_of(node, treasury.number) != treasury.block_hash:
        return  # it lags, or has another history, which is found out by who reads the logs
    known = _known(row)
    points, gone = _ask(row, node, known, purse)
    skipped = bool(gone) and _is_fresh(row)  # then the last point is the newest block
    found, settled = ([], points[-1]) if skipped else _settled(points, known, gone, purse.left)
    at = moving.times(node, treasury.governor.chain, {last for _, last, _ in found})
    purse.take(len(found))
    rest = [[number, str(balance)] for number, balance in points if number > settled[0]]
    with transaction.atomic():
        still = CoinSearch.objects.select_for_update().select_related("treasury").filter(pk=row.pk).first()
        if still is None or still.number != row.number or still.treasury.block_hash != treasury.block_hash:
            return
        Movement.objects.bulk_create([_movement(still, change, at[change[1]]) for change in found])
        still.number, still.balance, still.readings = *settled, rest
        still.since = settled[0] if skipped else still.since
        still.save()


def _known(row: CoinSearch) -> list[Point]:
    """What logs say of the account's own coin after what is settled."""
    rows = row.treasury.movements.filter(account=row.account, escrow="", token=None, number__gt=row.number)
    return [(number, int(amount)) for number, amount in rows.values_list("number", "amount")]


def _unexplained(known: Sequence[Point], before: Point, after: Point) -> int:
    return after[1] - before[1] - sum(amount for number, amount in known if before[0] < number <= after[0])


def _is_fresh(row: CoinSearch) -> bool:
    """Whether no balance was read yet: the account began with nothing that is known."""
    return row.number < max(row.treasury.first - 1, 0)


def _ask(row: CoinSearch, node: Client, known: Sequence[Point], purse: Purse) -> tuple[list[Point], set[int]]:
    """All balances that are known from the settled place on, after asking for as many more as may be asked; and the
    blocks whose states the node does not keep. Raises NodeUnreachable without the newest."""
    points = [(row.number, int(row.balance)), *((number, int(text)) for number, text in row.readings)]
    gone = set[int]()
    while True:
        if row.treasury.number in gone:
            raise NodeUnreachable("The node has a block, but not what accounts have in it.")
        most = min(purse.for_balances, 1) if len(points) > MOST else purse.for_balances
        gaps = [] if gone and _is_fresh(row) else [pair for pair in _open(points, known) if _middle(*pair) not in gone]
        wanted = [_middle(*pair) for pair in gaps[:most]]
        if not gaps and len(points) <= MOST:
            wanted = _ahead(row, points[-1][0], gone)[:most]
        if not wanted:
            return points, gone
        purse.take(len(wanted))
        answers = node.node.batch([("eth_getBalance", [row.account, hex(number)]) for number in wanted])
        read = [(number, _amount(raw)) for number, raw in zip(wanted, answers, strict=True)]
        gone |= {number for number, balance in read if balance is None}
        points = sorted([*points, *((number, balance) for number, balance in read if balance is not None)])


def _open(points: Sequence[Point], known: Sequence[Point]) -> list[tuple[Point, Point]]:
    """Stretches in which something came without a log, and in more blocks than one."""
    return [(a, b) for a, b in pairwise(points) if b[0] - a[0] > 1 and _unexplained(known, a, b)]


def _middle(before: Point, after: Point) -> int:
    return (before[0] + after[0]) // 2


def _ahead(row: CoinSearch, last: int, gone: set[int]) -> list[int]:
    """The next places to compare at, up to where the logs are read; of what the node does not keep, the last alone."""
    target, first = row.treasury.number, max(row.treasury.first - 1, 0)
    if last >= target:
        return []
    if gone:
        return [target]
    return [*range(last + STRETCH, target, STRETCH), target] if last >= first else [first]


def _amount(raw: object) -> int | None:
    """None where the node does not keep the state."""
    if isinstance(raw, NodeRefused) and NO_OLD_STATES.search(raw.message):
        return None
    return rpc.number(raw)  # type: ignore[arg-type]


def _settled(points: Sequence[Point], known: Sequence[Point], gone: set[int], most: int) -> tuple[list[Change], Point]:
    """What came without a log, at most so many; and the last place up to which all is explained."""
    found: list[Change] = []
    for before, after in pairwise(points):
        change = _unexplained(known, before, after)
        is_narrow = after[0] - before[0] == 1 or _middle(before, after) in gone
        if change and (not is_narrow or len(found) == most):
            return found, before
        if change:
            found.append((before[0], after[0], change))
    return found, points[-1]


def _movement(row: CoinSearch, change: Change, at: int) -> Movement:
    after, number, amount = change
    return Movement(
        treasury=row.treasury, kind=Movement.Kind.COIN, account=row.account, amount=amount,
        after=after, number=number, log_index=AT_THE_END, at=at,
    )  # fmt: skip
