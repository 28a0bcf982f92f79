"""What both sides download of a deposit for calls proves it to people who trust nobody; a change in it is noticed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from chain import abi
from marketplace.escrow.evidence.bundle import gathered
from marketplace.escrow.models import Escrow, ProvenEvent
from marketplace.escrow.services import proving, receipts
from marketplace.gateway import services
from marketplace.subscriptions.models import Order
from tests import world
from tests.chain.test_signatures import YES_TO_ONE
from tests.escrow.money import Market, acting, everything, fresh
from tests.escrow.test_calls import PRICE, Calls, channel, put_in, selling, stop, work
from tests.escrow.test_evidence import (
    GAP,
    checked,
    dropped,
    event_of,
    offer_as_reviewed,
    one_more,
    rewrite,
    unpacked,
    zipped,
)

__all__ = ["selling"]
pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


def begun(market: Market) -> tuple[Order, Calls]:
    """A deposit for a hundred calls, more put in, two claims, a receipt that is not claimed, and a call after it."""
    offer_as_reviewed(market)
    order = put_in(market)
    with acting(market.buyer):
        calls = Calls(market, services.create_key(market.buyer, name="test")[1])
    calls.many(30)
    work(market)
    approve = abi.encode_call("TestDollar", "approve", market.escrow, 20 * PRICE)
    market.execute(market.dollar, approve, sender=world.ADA_ADDRESS)
    top_up = abi.encode_call("MarketEscrow", "topUp", channel().channel_id, 20 * PRICE)
    market.execute(market.escrow, top_up, sender=world.ADA_ADDRESS)
    market.tick()
    calls.many(40)
    calls.make("failed")
    work(market)
    calls.many(2)
    receipts.sign_receipts()
    calls.make()
    proving.gather()
    return order, calls


def ended(market: Market) -> Order:
    """The same, asked to close, claimed to the end, and closed."""
    order, _ = begun(market)
    stop(market)
    work(market)
    market.wait(int(channel().close_delay_seconds) + 1)
    work(market)
    proving.gather()
    assert channel().state == "closed"
    return order


def amounts(folder: Path) -> list[int]:
    said = json.loads((folder / "receipts.json").read_text())["receipts"]
    return [int(each["typed"]["message"]["cumulative"]) // PRICE for each in said]


def test_the_bundle_of_a_deposit_that_runs_holds_and_says_what_is_not_signed_for_yet(
    selling: Market, tmp_path: Path
) -> None:
    order, _ = begun(selling)
    folder = unpacked(zipped(selling, order), tmp_path)
    status, said = checked(folder)
    assert status == 0, said
    assert amounts(folder) == [30, 70, 72]
    assert f"sums to the last receipt: {72 * PRICE}, and {PRICE} for calls that were answered since" in said
    assert f"of {120 * PRICE} put in, {70 * PRICE} are paid, as receipts say up to {72 * PRICE}" in said
    assert f"{50 * PRICE} are still in it" in said


def test_the_bundle_of_a_deposit_that_is_closed_holds_to_the_unit(selling: Market, tmp_path: Path) -> None:
    content = zipped(selling, ended(selling))
    folder = unpacked(content, tmp_path)
    status, said = checked(folder)
    assert status == 0, said
    for name in ("ChannelOpened", "ChannelToppedUp", "Claimed", "ChannelCloseRequested", "ChannelClosed"):
        assert f", {name}: log" in said
    assert "offer.json is what was agreed to" in said
    assert f"{73 * PRICE} are paid, as receipts say up to {73 * PRICE}, and {47 * PRICE} came back" in said
    assert f"sums to the last receipt: {73 * PRICE}, and 0 for calls" in said
    (tmp_path / "whole.zip").write_bytes(content)
    assert checked(tmp_path, str(tmp_path / "whole.zip"))[0] == 0


def test_a_deposit_that_came_too_late_has_its_evidence_too(selling: Market, tmp_path: Path) -> None:
    from marketplace.escrow import terms

    offer_as_reviewed(selling)
    order = selling.order(100)
    selling.wait(2 * 3600)
    approve = abi.encode_call("TestDollar", "approve", selling.escrow, order.amount)
    selling.execute(selling.dollar, approve, sender=world.ADA_ADDRESS)
    opening = abi.encode_call("MarketEscrow", "openChannel", terms.channel_terms(order))
    selling.execute(selling.escrow, opening, sender=world.ADA_ADDRESS)
    selling.tick()
    proving.gather()
    status, said = checked(unpacked(zipped(selling, order), tmp_path))
    assert status == 0, said
    assert f"of {order.amount} put in, 0 are paid" in said


def test_both_sides_find_it_on_the_page_of_the_money_and_hold_the_same_bytes(selling: Market) -> None:
    order = ended(selling)
    answers = []
    for user, org in ((selling.ada, selling.bakery), (selling.ben, selling.workshop)):
        client = Client(headers={"accept-language": "de"} if user == selling.ben else {})
        client.force_login(user)
        address = reverse("escrow:evidence", args=[org.slug, order.public_id])
        page = client.get(reverse("escrow:money", args=[org.slug, order.public_id])).content.decode()
        assert address in page
        answers.append(client.get(address).content)
    assert len(set(answers)) == 1


def test_nothing_is_handed_out_before_a_closing_is_proven(selling: Market) -> None:
    offer_as_reviewed(selling)
    order = put_in(selling)
    proving.gather()
    with acting(selling.buyer):
        assert gathered(fresh(order)).is_whole
    stop(selling)
    client = Client()
    client.force_login(selling.ada)
    address = reverse("escrow:evidence", args=[selling.bakery.slug, order.public_id])
    assert client.get(address).status_code == 302
    assert proving.gather() == 1
    assert proving.gather() == 0
    assert client.get(address).status_code == 200


def test_a_proven_event_is_of_one_deposit(selling: Market) -> None:
    ended(selling)
    with everything():
        event = ProvenEvent.objects.first()
        assert event
        assert event.calls
        assert not Escrow.objects.exists()
        with pytest.raises(IntegrityError, match="proven_event_is_of_one_deposit"), transaction.atomic():
            ProvenEvent.objects.filter(pk=event.pk).update(calls=None)


# ── what is changed ──


def receipt(change: Callable[[dict[str, Any]], None], at: int = -1) -> Callable[[Path], None]:
    """Change one of the receipts."""
    return lambda folder: rewrite(folder, "receipts.json", lambda said: change(said["receipts"][at]))


def larger(said: dict[str, Any]) -> None:
    said["typed"]["message"]["cumulative"] = str(int(said["typed"]["message"]["cumulative"]) + PRICE)


def forged(said: dict[str, Any]) -> None:
    said["signature"] = said["signature"][:20] + one_more(said["signature"][:21])[20:] + said["signature"][21:]


def elsewhere(said: dict[str, Any]) -> None:
    said["typed"]["message"]["channelId"] = one_more(said["typed"]["message"]["channelId"])


def other_contract(said: dict[str, Any]) -> None:
    said["typed"]["domain"]["verifyingContract"] = world.MIA_ADDRESS


def other_words(said: dict[str, Any]) -> None:
    said["typed"]["types"]["UsageReceipt"].reverse()


def claim_not_signed(folder: Path) -> None:
    rewrite(folder, "receipts.json", lambda said: {**said, "receipts": said["receipts"][1:]})


def no_receipts(folder: Path) -> None:
    (folder / "receipts.json").unlink()


def last_taken_out(folder: Path) -> None:
    rewrite(folder, "receipts.json", lambda said: {**said, "receipts": said["receipts"][:-1]})


def day(**changes: int) -> Callable[[Path], None]:
    """Change figures of the first day of use by so much."""

    def tamper(folder: Path) -> None:
        def change(days: list[dict[str, Any]]) -> None:
            for name, by in changes.items():
                kind = type(days[0][name])
                days[0][name] = kind(int(days[0][name]) + by)

        rewrite(folder, "usage.json", change)

    return tamper


def ledger(folder: Path) -> None:
    def change(rows: list[dict[str, Any]]) -> None:
        lines = {row["account"]: row for row in rows if row["event"] == "claimed"}
        for account, by in (("provider", 1), ("fees", -1)):  # still sums to zero
            lines[account]["amount"] = str(int(lines[account]["amount"]) + by)

    rewrite(folder, "ledger.json", change)


def log(folder: Path) -> None:
    def change(events: list[dict[str, Any]]) -> None:
        found = next(each for each in events if each["name"] == "Claimed")
        found["data"] = one_more(found["data"])

    rewrite(folder, "events.json", change)


def log_and_receipt(folder: Path) -> None:
    claimed = event_of(folder, "Claimed")
    data, other = claimed["data"][2:], one_more(claimed["data"])[2:]
    log(folder)

    def change(found: dict[str, Any]) -> None:
        found["receipt"] = found["receipt"].replace(data, other)
        found["nodes"] = [node.replace(data, other) for node in found["nodes"]]

    rewrite(folder, f"proofs/{claimed['transaction']}.json", change)


def terms_of(**changes: Any) -> Callable[[Path], None]:
    return lambda folder: rewrite(folder, "terms.json", lambda said: said["terms"].update(changes))


def agreement(folder: Path) -> None:
    text = (folder / "agreement.json").read_text()
    assert '"periods":100' in text
    (folder / "agreement.json").write_text(text.replace('"periods":100', '"periods":101'))


TAMPERING: dict[str, tuple[Callable[[Path], None], tuple[str, ...]]] = {
    "amount of the last receipt": (receipt(larger), ("is not signed by", "'s key")),
    "amount of a claimed receipt": (receipt(larger, 0), ("is not signed by", "'s key")),
    "byte of a signature": (receipt(forged), ("is not signed by", "'s key")),
    "deposit of a receipt": (receipt(elsewhere), ("is not one for the deposit",)),
    "contract of a receipt": (receipt(other_contract), ("is not one for the deposit",)),
    "words of a receipt": (receipt(other_words), ("is not one for the deposit",)),
    "a claim without its receipt": (claim_not_signed, ("are paid in all, but no signed receipt says so much",)),
    "the last receipt is left out": (last_taken_out, ("no signed receipt says so much",)),
    "no receipts at all": (no_receipts, ("Not readable", "receipts.json")),
    "calls of a day": (day(answered=1), ("answered calls of", "cost")),
    "cost of a day": (day(cost=PRICE), ("answered calls of", "cost")),
    "a day with its cost": (day(answered=1, cost=PRICE), ("are listed, but receipts say",)),
    "fewer calls than were signed for": (day(answered=-1, cost=-PRICE), ("are listed, but receipts say",)),
    "line of the ledger": (ledger, ("The ledger says", "but the event says")),
    "byte of a log": (log, ("The log of event", "is not in its receipt")),
    "log and transaction receipt": (log_and_receipt, ("The proof of event", "does not lead to its receipt")),
    "agreement": (agreement, ("The agreement hashes to", "but the terms name")),
    "signer in the terms": (terms_of(signer=world.MIA_ADDRESS), ("The terms give a deposit with the id",)),
    "deposit in the terms": (terms_of(deposit=str(101 * PRICE)), ("The terms give a deposit with the id",)),
    "dropped opening": (dropped("ChannelOpened", with_lines=True), ("does not follow event 0", GAP)),
    "dropped top-up": (dropped("ChannelToppedUp", with_lines=True), ("does not follow event", GAP)),
    "dropped claim": (dropped("Claimed", with_lines=True), ("does not follow event", GAP)),
    "dropped log": (dropped("Claimed", with_lines=False), ("The ledger has lines of event", GAP)),
    "dropped end": (dropped("ChannelClosed", with_lines=False), ("The ledger has lines of event", GAP)),
}


@pytest.fixture(scope="module")
def stored() -> dict[str, bytes]:
    """A bundle that the first test of the module makes for those after it."""
    return {}


@pytest.fixture
def folder(stored: dict[str, bytes], request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if not stored:
        market = request.getfixturevalue("selling")
        stored["mine"] = zipped(market, ended(market))
    return unpacked(stored["mine"], tmp_path)


@pytest.mark.parametrize("what", TAMPERING)
def test_whatever_is_changed_is_noticed_and_named(folder: Path, what: str) -> None:
    tamper, sentences = TAMPERING[what]
    assert checked(folder)[0] == 0, "the control: untouched, it holds"
    tamper(folder)
    status, said = checked(folder)
    assert status == 1
    lines = [line for line in said.splitlines() if line.startswith("NO")]
    assert any(all(part in line for part in sentences) for line in lines), said


# ── a signer that is a contract ──


def test_a_contract_that_signs_is_asked_by_the_node_and_believed_by_nothing_else(
    selling: Market, tmp_path: Path
) -> None:
    order, url = ended(selling), settings.CHAINS[settings.CHAIN_ID]["rpc_url"]
    folder = unpacked(zipped(selling, order), tmp_path)
    for at in range(len(amounts(folder))):
        receipt(lambda said: said.update(signature="0x01"), at)(folder)
    status, said = checked(folder)
    assert status == 1
    assert "Should that be a contract, only a node can tell: --rpc URL." in said
    status, said = checked(folder, "--rpc", url)
    assert status == 1
    assert "and no contract stands there" in said
    selling.node.rpc("anvil_setCode", order.signer, "0x" + YES_TO_ONE)
    try:
        status, said = checked(folder, "--rpc", url)
        assert status == 0, said
        receipt(lambda said: said.update(signature="0x02"))(folder)
        status, said = checked(folder, "--rpc", url)
        assert status == 1
        assert "the contract that stands there says that it has not signed" in said
    finally:
        selling.node.rpc("anvil_setCode", order.signer, "0x")
