"""What both sides download proves the order to people who trust nobody; whatever is changed in it is noticed."""

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from chain import abi
from chain.models import ReceiptProof
from chain.proofs import Unprovable, prove
from marketplace.catalog.models import ListingVersion, Plan
from marketplace.catalog.offer import content_hash
from marketplace.escrow.evidence.bundle import bundle, gathered
from marketplace.escrow.models import Escrow, ProvenEvent
from marketplace.escrow.services import proving
from marketplace.subscriptions.models import Order
from tests import world
from tests.escrow.money import HOLD, PERIOD, Market, acting, everything, fresh

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
Files = dict[str, bytes]


def offer_as_reviewed(market: Market) -> None:
    """Give the tests' listing the hash that a moderator's approval would have."""
    with everything():
        wording = ListingVersion.objects.select_related("listing", "category").get(listing=market.listing)
        Plan.objects.filter(listing=market.listing).update(content_hash=content_hash(wording))
    market.plan.refresh_from_db()


def long_story(market: Market) -> Escrow:
    """Paid, renewed, released, in part given back, and stopped: every way in which money moves without a dispute."""
    offer_as_reviewed(market)
    other = market.order()
    market.pay(other)
    escrow = market.paid(periods=2)
    market.renew(escrow)
    market.tick()
    market.wait(PERIOD + HOLD)
    release = abi.encode_call("MarketEscrow", "release", escrow.escrow_id)
    market.execute(market.escrow, release, sender=world.MIA_ADDRESS)
    market.give_back(escrow, world.TUSD)
    market.wait(world.DAY)
    market.cancel(escrow)
    market.tick()
    proving.gather()
    return escrow


def zipped(market: Market, order: Order) -> bytes:
    with acting(market.buyer):
        return bundle(Order.objects.select_related("plan", "currency", "buyer", "provider").get(pk=order.pk))


def unpacked(content: bytes, to: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        file.extractall(to)
    return to


def checked(folder: Path, *args: str) -> tuple[int, str]:
    """What the bundle's own program says, run as anybody would: another process, nothing of ours on its path."""
    command = [sys.executable, "-I", "-S", str(folder / "verify.py"), *args]
    ended = subprocess.run(command, capture_output=True, text=True, cwd="/", timeout=120, check=False)
    assert not ended.stderr, ended.stderr
    return ended.returncode, ended.stdout


def test_a_bundle_holds_against_everything_that_its_own_program_checks(market: Market, tmp_path: Path) -> None:
    escrow = long_story(market)
    content = zipped(market, escrow.order)
    status, said = checked(unpacked(content, tmp_path))
    assert status == 0, said
    for name in ("Funded", "Renewed", "Released", "Refunded", "Cancelled", "Closed"):
        assert f", {name}: log" in said
    assert "offer.json is what was agreed to" in said
    assert escrow.escrow_id in said
    (tmp_path / "whole.zip").write_bytes(content)
    assert checked(tmp_path, str(tmp_path / "whole.zip"))[0] == 0


def test_a_dispute_is_proven_with_its_hashes(market: Market, tmp_path: Path) -> None:
    offer_as_reviewed(market)
    market.allow_arbiter(world.MIA_ADDRESS)
    escrow = market.paid(periods=2)
    market.wait(PERIOD)
    market.dispute(escrow)
    market.tick()
    proving.gather()
    assert checked(unpacked(zipped(market, escrow.order), tmp_path / "open"))[0] == 0
    market.resolve(escrow, 4_000)
    market.tick()
    proving.gather()
    folder = unpacked(zipped(market, escrow.order), tmp_path / "ended")
    status, said = checked(folder)
    assert status == 0, said
    assert ", Resolved: log" in said
    rewrite(folder, "disputes.json", lambda rows: [{"evidence_hash": "0x" + "11" * 32, "ruling_hash": ""}])
    status, said = checked(folder)
    assert status == 1
    assert "disputes.json names hashes that no event carries" in said


def test_both_sides_hold_the_same_bytes_again_and_again(market: Market) -> None:
    escrow = long_story(market)
    answers = []
    for user, org in ((market.ada, market.bakery), (market.ben, market.workshop), (market.ada, market.bakery)):
        client = Client(headers={"accept-language": "de"} if user == market.ben else {})
        client.force_login(user)
        answer = client.get(reverse("escrow:evidence", args=[org.slug, escrow.order.public_id]))
        assert answer["Content-Type"] == "application/zip"
        answers.append(answer.content)
    assert len(set(answers)) == 1
    page = client.get(reverse("escrow:money", args=[market.bakery.slug, escrow.order.public_id])).content.decode()
    assert reverse("escrow:evidence", args=[market.bakery.slug, escrow.order.public_id]) in page


def rewrite(folder: Path, name: str, change: Callable[[Any], Any]) -> None:
    """Change a JSON file of the bundle, in place or to what `change` returns."""
    found = json.loads((folder / name).read_text())
    changed = change(found)
    (folder / name).write_text(json.dumps(found if changed is None else changed))


def event_of(folder: Path, name: str) -> dict[str, Any]:
    return next(each for each in json.loads((folder / "events.json").read_text()) if each["name"] == name)


def one_more(text: str) -> str:
    """Hex with its last digit changed."""
    return text[:-1] + ("1" if text[-1] == "0" else "0")


def changed_amount(folder: Path) -> None:
    def change(rows: list[dict[str, Any]]) -> None:
        lines = {row["account"]: row for row in rows if row["event"] == "released"}
        for account, by in (("provider", 1), ("fees", -1)):  # still sums to zero
            lines[account]["amount"] = str(int(lines[account]["amount"]) + by)

    rewrite(folder, "ledger.json", change)


def lost_line(folder: Path) -> None:
    rewrite(folder, "ledger.json", lambda rows: rows[1:])


def changed_log(folder: Path) -> None:
    def change(events: list[dict[str, Any]]) -> None:
        found = next(each for each in events if each["name"] == "Released")
        found["data"] = one_more(found["data"])

    rewrite(folder, "events.json", change)


def changed_receipt(folder: Path) -> None:
    """The log is changed in its receipt too, so that the two agree: but then the path leads elsewhere."""
    released = event_of(folder, "Released")
    changed_log(folder)
    proof = f"proofs/{released['transaction']}.json"
    data, forged = released["data"][2:], one_more(released["data"])[2:]

    def change(found: dict[str, Any]) -> None:
        assert data in found["receipt"]
        found["receipt"] = found["receipt"].replace(data, forged)
        found["nodes"] = [node.replace(data, forged) for node in found["nodes"]]

    rewrite(folder, proof, change)


def changed_header(folder: Path) -> None:
    def change(proof: dict[str, Any]) -> None:
        proof["header"] = one_more(proof["header"])

    rewrite(folder, f"proofs/{event_of(folder, 'Funded')['transaction']}.json", change)


def changed_offer(folder: Path) -> None:
    text = (folder / "offer.json").read_text()
    assert "Review mood" in text
    (folder / "offer.json").write_text(text.replace("Review mood", "Review moon"))


def changed_agreement(folder: Path) -> None:
    text = (folder / "agreement.json").read_text()
    (folder / "agreement.json").write_text(text.replace('"periods":2', '"periods":3'))


def changed_terms(folder: Path) -> None:
    def change(found: dict[str, Any]) -> None:
        found["terms"]["periodSeconds"] += 1

    rewrite(folder, "terms.json", change)


def swapped_proofs(folder: Path) -> None:
    one, two = (folder / f"proofs/{event_of(folder, name)['transaction']}.json" for name in ("Funded", "Renewed"))
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)


def swapped_path(folder: Path) -> None:
    """The header and receipt are right, but the path is another one's."""
    other = json.loads((folder / f"proofs/{event_of(folder, 'Renewed')['transaction']}.json").read_text())
    rewrite(
        folder, f"proofs/{event_of(folder, 'Funded')['transaction']}.json", lambda p: p.update(nodes=other["nodes"])
    )


def dropped(name: str, *, with_lines: bool) -> Callable[[Path], None]:
    """One event is taken out; with its ledger lines, so that only the running figures of the others can tell."""

    def tamper(folder: Path) -> None:
        gone = event_of(folder, name)
        rewrite(folder, "events.json", lambda rows: [row for row in rows if row["seq"] != gone["seq"]])
        if with_lines:
            rewrite(folder, "ledger.json", lambda rows: [row for row in rows if row["seq"] != gone["seq"]])

    return tamper


GAP = "numbers between may belong to other orders"
TAMPERING: dict[str, tuple[Callable[[Path], None], tuple[str, ...]]] = {
    "amount in the ledger": (changed_amount, ("The ledger says", "but the event says")),
    "line of the ledger": (lost_line, ("sum to", "not to zero")),
    "byte of a log": (changed_log, ("The log of event", "is not in its receipt")),
    "log and receipt": (changed_receipt, ("The proof of event", "does not lead to its receipt")),
    "header": (changed_header, ("The header that stands for block", "hashes to")),
    "offer": (changed_offer, ("The offer is not the one that was agreed to",)),
    "agreement": (changed_agreement, ("The agreement hashes to", "but the terms name")),
    "terms": (changed_terms, ("The terms give a deposit with the id",)),
    "swapped proofs": (swapped_proofs, ("The header that stands for block",)),
    "swapped path": (swapped_path, ("The proof of event", "does not lead to its receipt")),
    "dropped log": (dropped("Released", with_lines=False), ("The ledger has lines of event", GAP)),
    "dropped release": (dropped("Released", with_lines=True), ("does not follow event", GAP)),
    "dropped renewal": (dropped("Renewed", with_lines=True), ("does not follow event", GAP)),
    "dropped refund": (dropped("Refunded", with_lines=True), ("does not follow event", GAP)),
    "dropped payment": (dropped("Funded", with_lines=True), ("does not follow event 0", GAP)),
    "dropped end": (dropped("Closed", with_lines=True), ("one was left out", GAP)),
}


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A bundle that the first test of the module makes for those after it."""
    return {}


@pytest.fixture
def folder(stored: dict[str, bytes], request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if not stored:
        market = request.getfixturevalue("market")
        stored["mine"] = zipped(market, long_story(market).order)
        with everything():
            other = Order.objects.filter(state="funded").get()
        stored["other"] = zipped(market, other)
    unpacked(stored["other"], tmp_path / "other")
    return unpacked(stored["mine"], tmp_path / "mine")


@pytest.mark.parametrize("what", TAMPERING)
def test_whatever_is_changed_is_noticed_and_named(folder: Path, what: str) -> None:
    tamper, sentences = TAMPERING[what]
    assert checked(folder)[0] == 0, "the control: untouched, it holds"
    tamper(folder)
    status, said = checked(folder)
    assert status == 1
    lines = [line for line in said.splitlines() if line.startswith("NO")]
    assert any(all(part in line for part in sentences) for line in lines), said


def test_another_orders_event_is_not_taken_for_this_ones(folder: Path) -> None:
    theirs = json.loads((folder.parent / "other/events.json").read_text())[0]
    for proof in (folder.parent / "other/proofs").iterdir():
        (folder / "proofs" / proof.name).write_bytes(proof.read_bytes())
    rewrite(folder, "events.json", lambda rows: sorted([*rows, theirs], key=lambda row: row["seq"]))
    status, said = checked(folder)
    assert status == 1
    assert f"Event {theirs['seq']} is another order's" in said


def test_the_blocks_are_compared_with_those_that_a_person_trusts(folder: Path) -> None:
    funded = event_of(folder, "Funded")
    right, wrong = f"{funded['block']}={funded['block_hash']}", f"{funded['block']}={one_more(funded['block_hash'])}"
    assert checked(folder, "--block-hash", right)[0] == 0
    status, said = checked(folder, "--block-hash", wrong)
    assert status == 1
    assert f"Block {funded['block']} has another hash by whom you trust" in said


def test_the_blocks_are_compared_with_a_node_that_a_person_trusts(market: Market, tmp_path: Path) -> None:
    folder = unpacked(zipped(market, long_story(market).order), tmp_path)
    url = settings.CHAINS[settings.CHAIN_ID]["rpc_url"]
    status, said = checked(folder, "--rpc", url)
    assert status == 0, said
    assert said.count("is the one that you trust") == len(
        {each["block"] for each in json.loads((folder / "events.json").read_text())}
    )


def test_nothing_is_handed_out_before_all_of_it_is_proven(market: Market) -> None:
    offer_as_reviewed(market)
    escrow = market.paid()
    with acting(market.buyer):
        assert not gathered(fresh(escrow.order)).is_whole
    client = Client()
    client.force_login(market.ada)
    address = reverse("escrow:evidence", args=[market.bakery.slug, escrow.order.public_id])
    assert client.get(address).status_code == 302
    assert proving.gather() == 1
    assert proving.gather() == 0
    assert client.get(address).status_code == 200


def test_a_block_with_several_transactions_proves_each_of_them(market: Market, tmp_path: Path) -> None:
    offer_as_reviewed(market)
    escrow = market.paid(periods=2)
    approve = abi.encode_call("TestDollar", "approve", market.escrow, 10 * int(escrow.price))
    market.execute(market.dollar, approve, sender=world.ADA_ADDRESS)
    renew = abi.encode_call("MarketEscrow", "renew", escrow.escrow_id, 1)
    market.node.rpc("evm_setAutomine", False)
    for sender, to, data in (
        (world.BEN_ADDRESS, world.MIA_ADDRESS, b""), (world.ADA_ADDRESS, market.escrow, renew),
        (world.MIA_ADDRESS, world.BEN_ADDRESS, b""), (world.ADA_ADDRESS, market.escrow, renew),
    ):  # fmt: skip
        call = {"from": sender, "to": to, "data": "0x" + data.hex(), "gas": hex(600_000)}
        market.node.rpc("eth_sendTransaction", call)
    market.node.mine(1)
    market.node.automine()
    market.tick()
    proving.gather()
    with everything():
        row = ReceiptProof.objects.filter(index__gt=0).first()
        assert row is not None, "the test's block holds more than one transaction"
    status, said = checked(unpacked(zipped(market, escrow.order), tmp_path))
    assert status == 0, said


def test_a_node_that_lies_yields_no_proof(market: Market) -> None:
    escrow = market.paid()
    with everything():
        tx_hash = escrow.funded_tx
    node = Lying()
    block = node.real.rpc("eth_getTransactionByHash", tx_hash)["blockHash"]
    assert prove(node.real, block, {tx_hash})
    with pytest.raises(Unprovable, match="do not give the root"):
        prove(node, block, {tx_hash})  # type: ignore[arg-type]
    node.about = "header"
    with pytest.raises(Unprovable, match="shape that we cannot hash"):
        prove(node, block, {tx_hash})  # type: ignore[arg-type]


class Lying:
    """The tests' node, but for one thing that it says otherwise."""

    def __init__(self) -> None:
        from chain.client import client

        self.real, self.about = client(), "receipts"
        self.chain, self.node = self.real.chain, self.real.node

    def rpc(self, method: str, *params: Any) -> Any:
        said = self.real.rpc(method, *params)
        if method == "eth_getBlockReceipts" and self.about == "receipts":
            said[0]["cumulativeGasUsed"] = hex(int(said[0]["cumulativeGasUsed"], 16) + 1)
        if method == "eth_getBlockByHash" and self.about == "header":
            said["extraData"] = "0xbad0"
        return said


def test_the_offer_stays_with_the_order_when_the_provider_changes_it(market: Market, tmp_path: Path) -> None:
    escrow = long_story(market)
    before = zipped(market, escrow.order)
    world.version(market.workshop, listing=market.listing, state="approved", description="Something else.")
    assert zipped(market, escrow.order) == before
    with everything():
        assert ProvenEvent.objects.filter(escrow=escrow).count() == 6
