"""The chain's own coin that came into a treasury: found to the block without a log, as far as a node tells."""

from collections.abc import Sequence
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from chain import rpc
from chain.rpc import Rpc
from governance.models import CoinSearch, Movement, Treasury
from governance.treasuries import coins, following, reading
from tests.chain.local_chain import CHAIN
from tests.governance.guild import STRANGER, TOM, TREASURY, UMA, Guild
from tests.governance.test_pages import plain
from tests.governance.test_treasury import PLACE, follow, of, spend

pytestmark = pytest.mark.django_db
ETHER = 10**18


@pytest.fixture(autouse=True)
def fresh_counters() -> None:
    cache.clear()


def pay(guild: Guild, to: str, amount: int, sender: str = UMA) -> int:
    """Some of the chain's own coin; in which block it comes in."""
    return int(
        guild.node.receipt(guild.node.rpc("eth_sendTransaction", {"from": sender, "to": to, "value": hex(amount)}))[
            "blockNumber"
        ],
        16,
    )


def search(guild: Guild) -> Treasury:
    """All is final, read, and explained."""
    treasury = follow(guild)
    for _ in range(40):
        coins.search(CHAIN)
        found = reading.coins(treasury)
        if found is not None and found.is_level:
            return treasury
    raise AssertionError("It does not come to an end.")


def found(treasury: Treasury, account: str) -> list[tuple[int, int]]:
    """Blocks and amounts of what came without a log after the first block."""
    rows = treasury.movements.filter(kind="coin", account=account, number__gte=treasury.first).order_by("number")
    return [(number, int(amount)) for number, amount in rows.values_list("number", "amount")]


def text(client: Client) -> str:
    return plain(client.get(reverse(PLACE, args=["guild-governor"]))).replace("&#x27;", "'")


class Asked:
    """Counts what the node is asked for, and refuses balances of blocks below `oldest`, as a pruned node does."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        oldest: int = 0,
        words: str = "missing trie node 1a2b (path ) state 0x1a2b is not available",
    ) -> None:
        self.count, self.oldest, real = 0, oldest, Rpc.batch

        def batch(node: Rpc, calls: Sequence[rpc.Call], **more: Any) -> list[Any]:
            self.count += len(calls)
            answers: list[Any] = real(node, calls, **more)
            for place, (method, params) in enumerate(calls):
                if method == "eth_getBalance" and int(params[1], 16) < self.oldest:
                    answers[place] = rpc.NodeRefused(words, -32000)
            return answers

        monkeypatch.setattr(Rpc, "batch", batch)


def test_coin_that_came_in_is_found_to_the_block_and_the_wei_between_what_logs_tell_of(
    guild: Guild, client: Client
) -> None:
    first = pay(guild, guild.timelock, 5 * ETHER)
    guild.node.mine(40)
    second = pay(guild, guild.timelock, 1, TOM)
    third = pay(guild, guild.timelock, 7 * ETHER)
    assert third == second + 1
    spend(guild, ([STRANGER], [2 * ETHER], [b""]))
    last = pay(guild, guild.timelock, 3)
    treasury = search(guild)
    assert found(treasury, guild.timelock) == [(first, 5 * ETHER), (second, 1), (third, 7 * ETHER), (last, 3)]
    held = of(treasury, guild.timelock, "ETH")
    assert (held.amount, held.moved, held.difference) == (10 * ETHER + 4, 10 * ETHER + 4, 0)
    page = text(client)
    assert f"Came in between blocks {first - 1} and {first}." in page
    assert "found by comparing balances, block by block" in page
    assert "keeps no old states" not in page
    told = client.get("/api/v1/governance/daos/guild-governor/treasury/").json()["results"]
    assert next((row["block"], row["amount"], row["transaction"]) for row in told if row["kind"] == "coin") == (
        last,
        "3",
        "",
    )


def test_control_one_row_that_is_missing_makes_the_books_differ(guild: Guild) -> None:
    block = pay(guild, guild.timelock, 5 * ETHER)
    treasury = search(guild)
    assert of(treasury, guild.timelock, "ETH").difference == 0
    treasury.movements.get(kind="coin", account=guild.timelock, number=block).delete()
    assert of(treasury, guild.timelock, "ETH").difference == 5 * ETHER


def test_what_an_account_pays_without_a_log_and_what_it_had_before_close_its_books_too(
    guild: Guild, client: Client
) -> None:
    block = pay(guild, STRANGER, 4, TREASURY)
    treasury = search(guild)
    change = dict(found(treasury, TREASURY))[block]
    assert change < -4, "and the network's fee"
    held = of(treasury, TREASURY, "ETH")
    assert held.amount > 0
    assert held.difference == 0
    before = treasury.movements.get(kind="coin", account=TREASURY, number=treasury.first - 1)
    assert reading.lines(treasury, [before])[0].why == "There already, before the first block that is read."
    assert "as network fees do." in text(client)


def test_a_run_asks_for_little_and_the_next_one_goes_on_where_it_stopped(
    guild: Guild, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = []
    for amount in range(1, 13):
        blocks.append((pay(guild, guild.timelock, amount), amount))
        guild.node.mine(9)
    treasury = follow(guild)
    monkeypatch.setattr(coins, "STRETCH", 64)
    asked, runs = Asked(monkeypatch), 0
    while (level := reading.coins(treasury)) is None or not level.is_level:
        asked.count, runs = 0, runs + 1
        said = coins.search(CHAIN)
        assert asked.count <= said <= coins.REQUESTS
        assert runs < 40, "It does not come to an end."
    assert runs > 1, "else this tries nothing"
    assert found(treasury, guild.timelock) == blocks
    assert of(treasury, guild.timelock, "ETH").difference == 0
    assert not CoinSearch.objects.exclude(readings=[]).exists()
    asked.count = 0
    assert coins.search(CHAIN) == 0, "and asks for nothing once it is level"
    assert asked.count == 0


def test_many_payments_in_a_row_are_found_however_few_balances_are_kept(
    guild: Guild, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = [(pay(guild, guild.timelock, amount), amount) for amount in range(1, 31)]
    monkeypatch.setattr(coins, "MOST", 5)
    treasury = search(guild)
    assert found(treasury, guild.timelock) == blocks


def test_a_run_that_dies_before_its_end_leaves_nothing_and_repeats_nothing(
    guild: Guild, monkeypatch: pytest.MonkeyPatch
) -> None:
    block = pay(guild, guild.timelock, 5)
    treasury = follow(guild)

    def dies(*given: Any, **more: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(CoinSearch, "save", dies)
        with pytest.raises(KeyboardInterrupt):
            coins.search(CHAIN)
    assert not Movement.objects.filter(kind="coin").exists(), "rows and place are one transaction"
    treasury = search(guild)
    assert found(treasury, guild.timelock) == [(block, 5)]


def test_a_node_without_old_states_is_said_and_what_comes_in_from_now_on_is_found(
    guild: Guild, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    pay(guild, guild.timelock, 5 * ETHER)
    guild.node.mine(20)
    treasury = follow(guild)
    asked = Asked(monkeypatch, oldest=treasury.number - 3)
    assert coins.search(CHAIN) == asked.count <= 2 * 3, "of each account: the block, its first balance, its last"
    assert not Movement.objects.filter(kind="coin").exists()
    assert of(treasury, guild.timelock, "ETH").difference == 5 * ETHER
    page = text(client)
    assert "the chain's own coin that came in, for which there are none" in page
    assert f"only what came in after block {treasury.number} could be found" in page
    block = pay(guild, guild.timelock, 9)
    treasury = search(guild)
    assert found(treasury, guild.timelock) == [(block, 9)]
    assert of(treasury, guild.timelock, "ETH").difference == 5 * ETHER, "what cannot be known stays a difference"


def test_between_two_balances_of_which_none_in_the_middle_is_kept_the_line_names_both_blocks(
    guild: Guild, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = search(guild).number
    guild.node.mine(10)
    pay(guild, guild.timelock, 5)
    guild.node.mine(10)
    treasury = follow(guild)
    Asked(monkeypatch, oldest=treasury.number)
    treasury = search(guild)
    row = treasury.movements.get(kind="coin", account=guild.timelock, number__gte=treasury.first)
    assert (row.after, row.number, row.amount) == (before, treasury.number, 5)
    assert of(treasury, guild.timelock, "ETH").difference == 0
    page = text(client)
    assert f"Came in between blocks {before} and {treasury.number}." in page
    assert "keeps no old states" not in page


@pytest.mark.parametrize(
    "words",
    [
        "missing trie node 1a2b (path ) state 0x1a2b is not available, not found",
        "historical state 1a2b is not available",
        "state at block #12 is pruned",
        "old data not available due to pruning",
        "No state available for block 0x1a2b",
        "World state unavailable",
        "BlockOutOfRangeError: block height is 2009 but requested was 50",
    ],
)
def test_what_nodes_say_of_states_that_they_do_not_keep_is_understood(words: str) -> None:
    assert coins.NO_OLD_STATES.search(words)


def test_another_refusal_of_the_node_gives_nothing_up(guild: Guild, monkeypatch: pytest.MonkeyPatch) -> None:
    block = pay(guild, guild.timelock, 5)
    treasury = follow(guild)
    with monkeypatch.context() as patched:
        Asked(patched, oldest=treasury.number, words="internal error")
        coins.search(CHAIN)
    assert reading.coins(treasury) is None, "it is tried again from the beginning"
    assert found(search(guild), guild.timelock) == [(block, 5)]


def test_coin_in_a_block_that_is_not_final_is_not_told_yet(guild: Guild) -> None:
    treasury = search(guild)
    block = pay(guild, guild.timelock, 5)
    guild.copy()
    following.follow(CHAIN)
    coins.search(CHAIN)
    treasury.refresh_from_db()
    assert treasury.number < block, "else this tries nothing"
    assert found(treasury, guild.timelock) == []
    assert found(search(guild), guild.timelock) == [(block, 5)]


def test_another_history_is_searched_anew(guild: Guild) -> None:
    block = pay(guild, guild.timelock, 5)
    search(guild)
    Movement.objects.filter(kind="coin", account=guild.timelock).update(amount=1)
    Treasury.objects.update(block_hash="0x" + "77" * 32)
    guild.node.mine(1)
    assert found(search(guild), guild.timelock) == [(block, 5)]


def test_a_node_that_has_another_block_than_the_one_read_last_is_not_believed(guild: Guild) -> None:
    pay(guild, guild.timelock, 5)
    treasury = follow(guild)
    Treasury.objects.update(block_hash="0x" + "77" * 32)
    assert coins.search(CHAIN) == 2, "each account's search asks for the block alone"
    assert reading.coins(treasury) is None
    assert not Movement.objects.filter(kind="coin").exists()


def test_the_page_says_how_far_it_has_come(guild: Guild, client: Client) -> None:
    search(guild)
    guild.node.mine(30)
    before = Treasury.objects.get().number
    pay(guild, guild.timelock, 5)
    follow(guild)
    assert f"That has come as far as block {before}; what came in later is in the difference still." in text(client)
