"""Rulings that an arbiter's own wallet carries out, on the real chain; and rulings that nobody here decided."""

import threading
from html import unescape
from typing import Any

import pytest
from django.urls import reverse

from chain import abi, alarms
from chain.models import OutgoingTransaction
from marketplace.accounts.models import Wallet
from marketplace.disputes import services
from marketplace.disputes.models import Dispute, Ruling
from marketplace.lifecycle import Refused
from marketplace.notifications.models import Notification
from marketplace.notifications.reading import read_entries
from tests import world
from tests.disputes import test_pages
from tests.disputes.case import REASONS, Case, browser, console, moderator, rows, says
from tests.disputes.test_races import deciding
from tests.escrow.money import everything
from tests.organizations.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
ADA, BEN = world.ADA_ADDRESS, world.BEN_ADDRESS
TOM = "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65"
KEY = "0x976EA74026E726554dB657fA54763abd0C3a0aa9"


def html(*args: Any, **said: Any) -> str:
    """The page as a person reads it."""
    return unescape(test_pages.html(*args, **said))


@pytest.fixture
def tom(case: Case, settings: Any) -> Case:
    """Tom's wallet is an arbiter by vote, and the market has no arbiter's key."""
    settings.RELAYER_ROLES = {}
    for each in (world.MIA_ADDRESS, KEY):
        case.market.allow_arbiter(each, allowed=False)
    case.market.allow_arbiter(TOM)
    case.settle()
    return case


def page(case: Case, dispute: Dispute, by: Any = None) -> str:
    return html(browser(by or case.mia), reverse("disputes:case", args=[dispute.public_id]))


def ask(case: Case, dispute: Dispute, wallet: str = TOM) -> tuple[int, dict[str, Any]]:
    return says(browser(case.mia), reverse("disputes:resolve", args=[dispute.public_id]), address=wallet)


def send(case: Case, asked: dict[str, Any], wallet: str = TOM) -> str:
    call = asked["transaction"]
    return case.market.execute(call["to"], bytes.fromhex(call["data"][2:]), sender=wallet)


def decided(case: Case, bps: int = 6_000) -> Dispute:
    dispute = case.answered()
    assert case.propose(dispute, bps).state == "decided"
    return case.now(dispute)


def test_without_the_markets_key_an_arbiters_wallet_carries_the_ruling_out(tom: Case) -> None:
    dispute = tom.answered()
    url = reverse("disputes:case", args=[dispute.public_id])
    said = html(browser(tom.mia), url, action="look", share="60", reasons=REASONS)
    assert "so an arbiter's own wallet is the only way" in said
    html(browser(tom.mia), url, action="propose", share="60", reasons=REASONS)
    assert not OutgoingTransaction.objects.filter(key__startswith="ruling:").exists()
    shown = page(tom, dispute)
    assert TOM in shown
    assert "Let the market's key send it" not in shown
    status, asked = ask(tom, dispute)
    assert status == 200, asked
    sent = send(tom, asked)
    answer = says(browser(tom.mia), asked["next"], address=TOM, hash=sent)
    assert answer[0] == 200
    assert "waits for its block" in page(tom, dispute)
    assert "An arbiter's wallet has sent the ruling" in html(browser(tom.market.ada), tom.address("detail", dispute))
    tom.settle()
    ended, (ruling,) = tom.now(dispute), rows(Ruling)
    assert (ended.outcome, ruling.state, ruling.wallet, ruling.tx_hash) == ("ruled", "done", TOM, sent)
    assert (tom.deposit().provider_bps, tom.deposit().arbiter) == (6_000, TOM)
    assert REASONS in html(browser(tom.market.ben), tom.address("detail", dispute, provider=True))
    assert tom.market.differences() == 0
    assert services.follow() == 0


def test_a_ruling_that_was_sent_is_done_although_the_wallets_page_was_closed(tom: Case) -> None:
    dispute = decided(tom)
    sent = send(tom, ask(tom, dispute)[1])
    tom.settle()
    (ruling,) = rows(Ruling)
    assert (ruling.state, ruling.tx_hash, ruling.buyer_id) == ("done", sent, tom.market.bakery.pk)
    assert not differs(tom, dispute)


def test_above_the_limit_no_wallet_gets_the_transaction_before_another_moderator_agrees(
    tom: Case, settings: Any
) -> None:
    settings.DISPUTE_ALONE_UP_TO = 1
    dispute = tom.answered()
    assert tom.propose(dispute).state == "proposed"
    status, asked = ask(tom, dispute)
    assert (status, "Another moderator has to confirm" in asked["sentence"]) == (422, True)
    assert "Send it with my wallet" not in page(tom, dispute)
    with pytest.raises(Refused, match="Another moderator"):
        tom.confirm(dispute, by=tom.mia)
    assert tom.confirm(dispute).state == "decided"
    assert ask(tom, dispute)[0] == 200


@pytest.mark.parametrize("wallet", [ADA, BEN, KEY, world.MIA_ADDRESS])
def test_only_a_wallet_from_which_the_contract_takes_it_gets_the_transaction(tom: Case, wallet: str) -> None:
    tom.market.allow_arbiter(ADA)  # an arbiter by vote, and the buyer of this order
    tom.settle()
    dispute = decided(tom)
    status, asked = ask(tom, dispute, wallet)
    assert (status, "takes a ruling on this order from 0x15d3…6A65." in asked["sentence"]) == (422, True)


def test_the_markets_own_account_is_no_wallet_for_its_transactions_are_numbered_here(case: Case) -> None:
    assert KEY not in services.arbiter_wallets(case.deposit())
    assert services.arbiter_address(case.deposit()) == KEY


def differs(case: Case, dispute: Dispute) -> bool:
    with everything():
        return services.past_us(case.now(dispute)) is not None


def both(case: Case) -> Dispute:
    """The market has its key, and Tom's wallet is an arbiter as well."""
    case.market.allow_arbiter(TOM)
    case.settle()
    return case.answered()


def choose(case: Case, dispute: Dispute) -> Ruling:
    with console():
        said = {"provider_bps": 6_000, "reasons": REASONS, "by_wallet": True}
        return services.propose(moderator(case.mia), dispute_id=dispute.pk, **said)


def by_key(case: Case, dispute: Dispute) -> Ruling:
    with console():
        return services.send_by_key(moderator(case.max), dispute_id=dispute.pk)


def test_what_the_key_is_sending_no_wallet_is_offered(case: Case) -> None:
    dispute = both(case)
    assert choose(case, dispute).state == "decided"
    assert "Let the market's key send it" in page(case, dispute)
    assert by_key(case, dispute).state == "sent"
    status, asked = ask(case, dispute)
    assert (status, "refuse a second one" in asked["sentence"]) == (422, True)
    shown = page(case, dispute)
    assert "Send it with my wallet" not in shown
    assert "A second ruling, from any wallet, would be refused" in shown
    assert by_key(case, dispute).state == "sent", "asked twice it is sent once"
    case.carry_out()
    assert case.now(dispute).outcome == "ruled"
    assert OutgoingTransaction.objects.filter(key__startswith="ruling:").count() == 1


def test_what_a_wallet_was_asked_to_send_the_key_does_not_send_at_the_same_time(case: Case) -> None:
    dispute = both(case)
    choose(case, dispute)
    asked = ask(case, dispute)[1]
    for work in (lambda: by_key(case, dispute), lambda: withdrawn(case, dispute)):
        with pytest.raises(Refused, match="asked to send this ruling a moment ago"):
            work()
    assert ask(case, dispute)[0] == 200, "the same wallet may ask again"
    sent = send(case, asked)
    says(browser(case.mia), asked["next"], address=TOM, hash=sent)
    with pytest.raises(Refused, match="A wallet has sent this ruling already"):
        by_key(case, dispute)
    assert "Let the market's key send it" not in page(case, dispute)
    assert not OutgoingTransaction.objects.filter(key__startswith="ruling:").exists()


def withdrawn(case: Case, dispute: Dispute) -> None:
    with console():
        services.withdraw(moderator(case.mia), dispute_id=dispute.pk)


def test_a_wallets_transaction_that_the_contract_refused_leaves_both_ways_open(case: Case) -> None:
    dispute = both(case)
    choose(case, dispute)
    asked = ask(case, dispute)[1]
    case.market.allow_arbiter(TOM, allowed=False)
    call = {"from": TOM, "to": asked["transaction"]["to"], "data": asked["transaction"]["data"], "gas": hex(600_000)}
    refused = case.market.node.rpc("eth_sendTransaction", call)
    says(browser(case.mia), asked["next"], address=TOM, hash=refused)
    case.settle()
    shown = page(case, dispute)
    assert "did not accept the wallet's transaction" in shown
    assert "Let the market's key send it" in shown
    with everything():
        Ruling.objects.update(asked_at=None)  # two minutes later
    assert by_key(case, dispute).sending_id
    case.carry_out()
    assert (rows(Ruling)[0].state, case.now(dispute).outcome) == ("done", "ruled")


def test_a_wallet_and_the_key_at_once_make_one_way(case: Case) -> None:
    dispute = both(case)
    choose(case, dispute)
    said = at_once(
        deciding(case, dispute, services.resolve_call, case.mia, address=TOM),
        deciding(case, dispute, services.send_by_key, case.max),
    )
    assert len([word for word in said if isinstance(word, Refused)]) == 1, said
    (ruling,) = rows(Ruling)
    sent = OutgoingTransaction.objects.filter(key__startswith="ruling:").count()
    assert (sent, ruling.wallet) in {(1, ""), (0, TOM)}


def test_control_without_the_lock_both_ways_are_taken(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    from marketplace.disputes.services import carrying

    dispute = both(case)
    choose(case, dispute)
    meet, real = threading.Barrier(2), carrying._decided

    def met(*args: Any) -> Any:
        found = real(*args)
        meet.wait(30)
        return found

    monkeypatch.setattr(carrying, "_decided", met)
    monkeypatch.setattr(carrying, "record", lambda *args, **facts: None)
    for manager in (Dispute.objects, Ruling.objects):
        monkeypatch.setattr(manager.all().__class__, "select_for_update", lambda self, **kwargs: self)
    said = at_once(
        deciding(case, dispute, services.resolve_call, case.mia, address=TOM),
        deciding(case, dispute, services.send_by_key, case.max),
    )
    assert not any(isinstance(word, Refused) for word in said), said


def test_a_decision_that_was_taken_back_counts_when_the_wallet_sends_it_after_all(tom: Case) -> None:
    dispute = decided(tom)
    asked = ask(tom, dispute)[1]
    with everything():
        Ruling.objects.update(asked_at=None)  # two minutes later
    withdrawn(tom, dispute)
    assert tom.propose(dispute, 1_000).state == "decided"
    send(tom, asked)
    tom.settle()
    assert [row.state for row in rows(Ruling)] == ["done", "failed"]
    assert not differs(tom, dispute)


# ── rulings that nobody here decided ──
def resolve(case: Case, bps: int, ruling_hash: str) -> None:
    data = abi.encode_call("MarketEscrow", "resolve", case.escrow.escrow_id, bps, ruling_hash)
    case.market.execute(case.market.escrow, data, sender=TOM)
    case.settle()


def sounding(kind: str = "rulings") -> list[str]:
    return [each.sentence for each in alarms.sounding() if each.kind == kind]


def test_an_arbiter_who_takes_another_share_than_was_decided_is_shown_and_sounds_an_alarm(tom: Case) -> None:
    dispute = decided(tom)
    sent = send_later(tom, dispute)
    resolve(tom, 10_000, rows(Ruling)[0].ruling_hash)  # the very hash, and all for the provider
    (ruling,) = rows(Ruling)
    assert (ruling.state, tom.now(dispute).outcome) == ("failed", "ruled")
    for shown in (
        page(tom, dispute),
        html(browser(tom.market.ada), tom.address("detail", dispute)),
        html(browser(tom.market.ben), tom.address("detail", dispute, provider=True)),
    ):
        assert "The contract says: 100 % of what was contested to the provider" in shown
        assert "Decided here was 60 %" in shown
    assert sounding() == [f"The contract gives the provider 100 % by a ruling of {TOM}; decided here was 60 %."], sent
    assert tom.market.differences() == 0, "the books follow the contract"


def send_later(case: Case, dispute: Dispute) -> str:
    """The wallet says that it has sent the ruling, so that both sides may read it."""
    with console():
        hash_ = "0x" + "22" * 32
        services.note_resolving(moderator(case.mia), dispute_id=dispute.pk, address=TOM, tx_hash=hash_)
    return hash_


def test_a_ruling_past_the_market_is_shown_and_sounds_until_a_moderator_has_noted_it(tom: Case) -> None:
    dispute = tom.opened()
    resolve(tom, 2_500, "0x" + "a1" * 32)
    shown = html(browser(tom.market.ada), tom.address("detail", dispute))
    assert "Nobody decided so at this market" in shown
    assert sounding() == [f"The contract gives the provider 25 % by a ruling of {TOM}; nobody decided so here."]
    read_entries()
    url = reverse("disputes:case", args=[dispute.public_id])
    html(browser(tom.mia), url, action="note")
    assert sounding() == []
    services.follow()
    assert sounding() == [], "what was noted does not sound again"
    assert "Nobody decided so at this market" in html(browser(tom.market.ada), tom.address("detail", dispute))
    with pytest.raises(Refused, match="Only moderators"), console():
        services.note_difference(tom.market.buyer, dispute_id=dispute.pk)


def test_what_was_only_proposed_is_not_told_to_the_sides_when_an_arbiter_goes_past_the_market(
    tom: Case, settings: Any
) -> None:
    settings.DISPUTE_ALONE_UP_TO = 1
    dispute = tom.answered()
    proposed = tom.propose(dispute)
    resolve(tom, 10_000, proposed.ruling_hash)
    assert rows(Ruling)[0].state == "withdrawn"
    shown = html(browser(tom.market.ada), tom.address("detail", dispute))
    assert "Nobody decided so at this market" in shown
    assert REASONS not in shown


def test_a_side_is_not_kept_from_its_way_out_by_a_transaction_that_never_came(tom: Case) -> None:
    dispute = decided(tom)
    send_later(tom, dispute)
    ada = browser(tom.market.ada)
    assert "Withdraw the dispute" not in html(ada, tom.address("detail", dispute))
    with everything():
        Ruling.objects.update(sent_at=tom.now(dispute).prepared_at.replace(year=2020))
    assert "Withdraw the dispute" in html(ada, tom.address("detail", dispute))


def test_moderators_see_which_of_the_wallets_is_theirs(tom: Case) -> None:
    with everything():
        Wallet.objects.create(user=tom.mia, address=TOM)
    dispute = decided(tom)
    assert "yours" in page(tom, dispute)
    assert "yours" not in page(tom, dispute, by=tom.max)


def test_the_moderators_are_told_of_what_waits_for_a_wallet(tom: Case) -> None:
    dispute = decided(tom)
    read_entries()
    with everything():
        told = Notification.objects.get(user=tom.max, rule__startswith="ruling.awaits_wallet")
    assert told.path == reverse("disputes:case", args=[dispute.public_id])
