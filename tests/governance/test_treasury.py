"""What a DAO holds and what moved: read from the chain at final blocks, held against its balances, and shown."""

import csv
import io
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from chain import abi
from chain.client import client as node_client
from chain.models import CopyPosition
from governance.models import Governor, Movement, TimelockKind, Treasury
from governance.treasuries import following, moving, reading
from tests.chain.local_chain import CHAIN
from tests.governance.guild import DELAY, GUILD, PARAMS, PERIOD, STRANGER, TOM, TREASURY, UMA, VIC, Guild
from tests.governance.test_files import read
from tests.governance.test_pages import plain

pytestmark = pytest.mark.django_db
DOLLAR = 10**6
DAY = 86_400
PLACE = "governance:treasury"


@pytest.fixture(autouse=True)
def fresh_counters() -> None:
    cache.clear()


def follow(guild: Guild) -> Treasury:
    """All is final, and read."""
    guild.node.mine(5)
    guild.copy()
    following.follow(CHAIN)
    return Treasury.objects.select_related("governor__token").get()


def give(guild: Guild, amount: int = 500 * DOLLAR) -> None:
    """Test dollars for the timelock."""
    guild.call("TestDollar", "mint", guild.timelock, amount, to=guild.dollar)


def spend(guild: Guild, calls: Any, text: str = "Pay the arbiters") -> Any:
    """A proposal from the proposing to the carrying out."""
    voting = guild.propose(calls, text)
    guild.pass_time(DELAY + 1)
    voting.vote(TOM, 1)
    guild.pass_time(PERIOD + 30)
    voting.act("queue")
    guild.pass_time(60)
    voting.act("execute")
    return voting


def of(treasury: Treasury, account: str, symbol: str) -> reading.Position:
    found = [row for row in reading.positions(treasury) if row.account == account and row.token.symbol == symbol]
    return found[0]


def test_what_comes_in_and_what_a_proposal_spends_is_read_and_adds_up(guild: Guild, client: Client) -> None:
    give(guild)
    data = abi.encode_call("TestDollar", "transfer", STRANGER, 120 * DOLLAR)
    voting = spend(guild, ([guild.dollar], [0], [data]))
    treasury = follow(guild)
    assert treasury.is_level
    held = of(treasury, guild.timelock, "TUSD")
    assert (held.amount, held.moved, held.difference) == (380 * DOLLAR, 380 * DOLLAR, 0)
    out, came = [line for line in reading.lines(treasury, reading.moves(treasury)) if line.token.symbol == "TUSD"]
    assert (out.move.amount, out.move.other) == (-120 * DOLLAR, STRANGER)
    assert out.proposal is not None and int(out.proposal.proposal_id) == voting.id
    assert (came.move.amount, came.proposal) == (500 * DOLLAR, None)
    text = plain(client.get(reverse(PLACE, args=["guild-governor"])))
    assert "Pay the arbiters" in text
    assert "380.00" in text
    assert f"As of block {treasury.number}" in text


def test_the_account_of_the_fee_is_followed_from_the_first_token_on(guild: Guild) -> None:
    treasury = follow(guild)
    assert treasury.accounts == {guild.timelock: "timelock", TREASURY: "fees"}
    held = of(treasury, TREASURY, "GUILD")
    assert held.amount == node_client(CHAIN).read("GuildToken", "balanceOf", TREASURY, address=guild.token)
    assert held.difference == 0
    assert held.amount == 250_000 * GUILD


def sell(guild: Guild, price: int = 100 * DOLLAR) -> str:
    """An order of two days for Uma, funded at the fee of today; its id."""
    guild.call("TestDollar", "mint", UMA, 2 * price, to=guild.dollar)
    guild.call("TestDollar", "approve", guild.escrow, 2 * price, to=guild.dollar, sender=UMA)
    ref = bytes([Movement.objects.count() % 256]) * 32
    terms = (ref, VIC, guild.dollar, price, DAY, 2, 1_000)
    guild.call("MarketEscrow", "fund", terms, to=guild.escrow, sender=UMA)
    found = node_client(CHAIN).read("MarketEscrow", "orderId", UMA, terms, address=guild.escrow)
    return found if isinstance(found, str) else "0x" + found.hex()


def test_fees_of_orders_are_credits_of_whom_they_went_to_when_the_order_was_paid(guild: Guild, client: Client) -> None:
    spend(guild, ([guild.escrow], [0], [abi.encode_call("MarketEscrow", "setToken", guild.dollar, True)]), "Take it")
    order = sell(guild)
    calls = abi.encode_call("MarketEscrow", "setParams", *{**PARAMS, "treasury": guild.timelock}.values())
    spend(guild, ([guild.escrow], [0], [calls]), "Fees to the timelock")
    guild.pass_time(4 * DAY)
    guild.call("MarketEscrow", "release", bytes.fromhex(order[2:]), to=guild.escrow)
    treasury = follow(guild)
    held = of(treasury, TREASURY, "TUSD")
    assert held.escrow == guild.escrow
    assert (held.amount, held.moved) == (5 * DOLLAR, 5 * DOLLAR), "2.5 % of 200, to whom it was promised"
    (month,) = reading.months(treasury)
    assert (month.amount, month.count, month.account) == (5 * DOLLAR, 1, TREASURY)
    text = plain(client.get(reverse(PLACE, args=["guild-governor"])))
    assert "credited in the escrow, not withdrawn yet" in text
    assert "Fees of orders" in text
    guild.call("MarketEscrow", "withdraw", guild.dollar, TREASURY, to=guild.escrow, sender=TREASURY)
    treasury = follow(guild)
    dollars = [row for row in reading.positions(treasury) if row.token.symbol == "TUSD"]
    assert [(row.escrow, row.amount, row.moved) for row in dollars] == [
        ("", 5 * DOLLAR, 5 * DOLLAR),
        (guild.escrow, 0, 0),
    ]
    whys = [line.why for line in reading.lines(treasury, reading.moves(treasury)) if line.token.symbol == "TUSD"]
    assert sorted(why.split()[0] for why in whys) == ["Fees", "Received"]
    rows = list(
        csv.DictReader(io.StringIO(read(client.get(reverse("governance:treasury_csv", args=["guild-governor"])))))
    )
    assert ("fee", "5.000000") in {(row["kind"], row["amount"]) for row in rows}


def test_the_chains_own_coin_goes_out_by_a_log_and_comes_in_by_none(guild: Guild, client: Client) -> None:
    guild.node.rpc("anvil_setBalance", guild.timelock, hex(5 * 10**18))
    spend(guild, ([STRANGER], [2 * 10**18], [b""]))
    treasury = follow(guild)
    held = of(treasury, guild.timelock, "ETH")
    assert (held.amount, held.moved, held.difference) == (3 * 10**18, -2 * 10**18, 5 * 10**18)
    assert "what no log accounts for" in plain(client.get(reverse(PLACE, args=["guild-governor"])))


def test_what_is_not_final_yet_does_not_count(guild: Guild) -> None:
    before = follow(guild)
    give(guild)
    guild.copy()
    assert following.follow(CHAIN) <= 1
    now = Treasury.objects.get()
    assert now.number == CopyPosition.objects.get().final_number >= before.number
    assert not Movement.objects.filter(token__symbol="TUSD").exists(), "its block can still be taken back"
    assert Movement.objects.filter(token__symbol="TUSD").count() == 0
    follow(guild)
    assert Movement.objects.filter(token__symbol="TUSD").count() == 1


def test_reading_again_changes_nothing_and_reading_on_repeats_nothing(guild: Guild) -> None:
    give(guild)
    follow(guild)
    assert following.follow(CHAIN) == 0
    give(guild, 7 * DOLLAR)
    treasury = follow(guild)
    assert [row.amount for row in treasury.movements.filter(token__symbol="TUSD").order_by("number")] == [
        500 * DOLLAR,
        7 * DOLLAR,
    ]
    assert of(treasury, guild.timelock, "TUSD").difference == 0


def test_a_node_that_limits_its_answers_is_asked_for_less(guild: Guild, monkeypatch: pytest.MonkeyPatch) -> None:
    give(guild)
    asked: list[int] = []
    real = moving.transfers

    def limited(node: Any, treasury: Any, tokens: Any, first: int, last: int) -> Any:
        asked.append(last - first + 1)
        if last - first > 9:
            raise following.NodeRefused(-32005, "Too many blocks.")
        return real(node, treasury, tokens, first, last)

    monkeypatch.setattr(moving, "transfers", limited)
    guild.node.mine(5)
    guild.copy()
    for _ in range(60):
        following.follow(CHAIN)
    treasury = Treasury.objects.get()
    assert min(asked) <= 10 < max(asked)
    assert treasury.is_level
    assert of(treasury, guild.timelock, "TUSD").difference == 0


def test_control_a_transfer_that_the_node_withholds_is_a_difference(
    guild: Guild, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(guild)
    real = moving.transfers
    monkeypatch.setattr(moving, "transfers", lambda *given: [row for row in real(*given) if row.token.symbol != "TUSD"])
    treasury = follow(guild)
    assert of(treasury, guild.timelock, "TUSD").difference == 500 * DOLLAR


def test_another_history_of_the_node_is_read_anew(guild: Guild) -> None:
    give(guild)
    treasury = follow(guild)
    Treasury.objects.update(block_hash="0x" + "77" * 32)
    Movement.objects.filter(token__symbol="TUSD").update(amount=1)
    guild.node.mine(1)
    again = follow(guild)
    assert again.number > treasury.number
    assert of(again, guild.timelock, "TUSD").moved == 500 * DOLLAR


def test_another_token_of_the_market_is_read_from_its_beginning(guild: Guild) -> None:
    other = guild.deploy("TestDollar")
    guild.call("TestDollar", "mint", guild.timelock, 9 * DOLLAR, to=other)
    assert not Movement.objects.filter(token__address=other).exists()
    follow(guild)
    spend(guild, ([guild.escrow], [0], [abi.encode_call("MarketEscrow", "setToken", other, True)]), "Take another")
    treasury = follow(guild)
    row = treasury.movements.get(token__address=other)
    assert row.amount == 9 * DOLLAR


def test_before_anything_is_read_and_without_a_timelock_the_page_says_so(guild: Guild, client: Client) -> None:
    where = reverse(PLACE, args=["guild-governor"])
    assert "Not read yet" in plain(client.get(where))
    assert read(client.get(reverse("governance:treasury_csv", args=["guild-governor"]))).startswith("date,kind")
    Governor.objects.update(timelock="", timelock_kind=TimelockKind.NONE)
    assert "This DAO has no timelock" in plain(client.get(where))


def test_every_movement_comes_once_page_by_page_and_in_the_file(guild: Guild, client: Client) -> None:
    for number in range(1, 36):
        give(guild, number * DOLLAR)
    treasury = follow(guild)
    seen: list[int] = []
    place: Any = ""
    while place is not None:
        found = list(reading.moves(treasury, reading.place_of(place))[:30])
        seen += [row.pk for row in found]
        place = reading.place(found[-1]) if len(found) == 30 else None
    assert len(seen) == len(set(seen)) == treasury.movements.count()
    where = reverse(PLACE, args=["guild-governor"])
    first = client.get(where)
    assert len(first.context["lines"]) == 30
    second = client.get(where + first.context["next_url"])
    assert not {line.move.pk for line in first.context["lines"]} & {line.move.pk for line in second.context["lines"]}
    rows = list(
        csv.DictReader(io.StringIO(read(client.get(reverse("governance:treasury_csv", args=["guild-governor"])))))
    )
    assert len(rows) == treasury.movements.count()
    assert {row["amount"] for row in rows if row["currency"] == "TUSD"} == {f"{n}.000000" for n in range(1, 36)}
    api = client.get("/api/v1/governance/daos/guild-governor/treasury/").json()
    assert api["level"] is True
    assert [row["amount"] for row in api["results"]][:2] == ["35000000", "34000000"]


@pytest.mark.parametrize("after", ["x", "1.2", "1.2.3.4", "9" * 30 + ".1.1", "１.２.３", "999999999.99999999999.1"])
def test_a_place_that_is_none_is_no_error(guild: Guild, client: Client, after: str) -> None:
    follow(guild)
    assert client.get(reverse(PLACE, args=["guild-governor"]), {"after": after}).status_code == 200


def test_the_page_takes_a_constant_number_of_queries(
    guild: Guild, client: Client, django_assert_max_num_queries: Any
) -> None:
    where = reverse(PLACE, args=["guild-governor"])
    give(guild)
    follow(guild)
    with django_assert_max_num_queries(16) as few:
        client.get(where)
    for _ in range(25):
        give(guild)
        guild.call("GuildToken", "transfer", guild.timelock, GUILD, to=guild.token, sender=TREASURY)
    follow(guild)
    with django_assert_max_num_queries(16) as many:
        client.get(where)
    assert len(many) == len(few)
