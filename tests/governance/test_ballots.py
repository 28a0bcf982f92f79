"""A vote by signature: signed once, handed in once by the market, shown until it is final; or handed in alone."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from chain import sender
from chain.models import OutgoingTransaction, State
from governance import relaying
from governance.ballots import keyed_nonce
from governance.models import Ballot, Vote
from governance.refusing import No
from settings.local.services import RELAYER_KEY
from tests.chain.local_chain import CHAIN
from tests.chain.test_signatures import deploy_wallet
from tests.governance.guild import DELAY, GUILD, PERIOD, STRANGER, TOM, UMA, VIC, Guild, Voting
from tests.governance.test_pages import active, address_of, plain, post
from tests.governance.wallets import sign

pytestmark = pytest.mark.django_db
FOR, AGAINST = 1, 0


@pytest.fixture(autouse=True)
def market_that_pays(settings: Any) -> None:
    settings.RELAYER_KEY = RELAYER_KEY
    settings.VOTE_RELAY = {**settings.VOTE_RELAY, "closes_seconds": 30}


def ask(client: Client, voting: Voting, voter: str, support: int = FOR, reason: str = "") -> tuple[int, dict[str, Any]]:
    return post(client, address_of(voting, "ballot_sign"), address=voter, support=str(support), reason=reason)


def vote(
    client: Client, voting: Voting, voter: str, support: int = FOR, reason: str = ""
) -> tuple[int, dict[str, Any]]:
    """What page and wallet do together."""
    status, answer = ask(client, voting, voter, support, reason)
    assert status == 200, answer
    body = {**answer["with"], "address": voter, "signature": sign(answer["typed"], voter)}
    return post(client, answer["next"], **body)


def mined(guild: Guild) -> None:
    """One round of the outbox, and its blocks copied."""
    sender.send()
    for row in OutgoingTransaction.objects.exclude(nonce=None):
        guild.node.receipt(str(row.tx_hash))
    sender.send()
    guild.copy()


def panel(client: Client, voting: Voting, voter: str) -> str:
    return plain(client.get(address_of(voting) + f"?address={voter}"))


def test_a_signed_vote_is_sent_by_the_market_and_its_page_follows_it_until_it_is_final(
    client: Client, guild: Guild
) -> None:
    voting = active(guild)
    before = guild.node.balance(TOM)
    assert "Sign your vote for free" in panel(client, voting, TOM)
    status, answer = vote(client, voting, TOM, FOR, "Good — sehr gut.\r\nZweitens.")
    assert (status, answer["say"]) == (200, "You have signed. The market hands your vote in; this takes a few seconds.")
    page = panel(client, voting, TOM)
    assert "You signed: For." in page
    assert "Sign your vote" not in page
    sender.send()
    assert "sent and waits for its block" in plain(client.get(address_of(voting, "ballot_life", TOM)))
    mined(guild)
    assert "is final a few blocks later" in panel(client, voting, TOM)
    row = Vote.objects.get()
    assert (row.voter, row.support, row.weight, row.params) == (TOM, FOR, 600_000 * GUILD, b"")
    assert row.reason == "Good — sehr gut.\nZweitens."
    guild.node.mine(3)
    guild.copy()
    sender.send()
    assert "Your vote counts, and is final." in panel(client, voting, TOM)
    assert OutgoingTransaction.objects.get().state == State.FINAL
    assert guild.node.balance(TOM) == before, "the voter paid for something"


def test_a_double_click_and_a_second_tab_send_one_vote(client: Client, guild: Guild) -> None:
    voting = active(guild)
    _, first = ask(client, voting, TOM, FOR)
    _, second = ask(client, voting, TOM, AGAINST)
    for answer in (first, first, second):
        body = {**answer["with"], "address": TOM, "signature": sign(answer["typed"], TOM)}
        assert post(client, answer["next"], **body)[0] == 200
    assert Ballot.objects.get().support == FOR
    assert OutgoingTransaction.objects.count() == 1
    assert "typed" not in ask(client, voting, TOM, AGAINST)[1]
    mined(guild)
    assert Vote.objects.get().support == FOR
    assert "voted For" in ask(client, voting, TOM)[1].get("sentence", "voted For")


@pytest.mark.django_db(transaction=True)
def test_twenty_tabs_at_once_leave_one_transaction(client: Client, guild: Guild) -> None:
    voting = active(guild)
    typed = relaying.asked(voting.row(), TOM, FOR, "")
    signature = sign(typed, TOM)

    def hand_in(_: int) -> int:
        try:
            return relaying.hand_in(voting.row(), voter=TOM, support=FOR, reason="", signature=signature).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        found = set(pool.map(hand_in, range(20)))
    assert len(found) == 1
    assert OutgoingTransaction.objects.count() == 1


def test_a_signature_of_somebody_else_or_for_something_else_is_refused(client: Client, guild: Guild) -> None:
    voting, other = active(guild), guild.propose(guild.set_fee(400), "Another")
    guild.pass_time(DELAY + 1)
    guild.copy()
    _, answer = ask(client, voting, TOM, FOR, "Yes.")
    body = {**answer["with"], "address": TOM}
    signature = sign(answer["typed"], TOM)
    wrong = [
        (address_of(voting, "ballot_signed"), {**body, "signature": sign(answer["typed"], UMA)}),
        (address_of(voting, "ballot_signed"), {**body, "signature": signature, "address": UMA}),
        (address_of(voting, "ballot_signed"), {**body, "signature": signature, "reason": "No."}),
        (address_of(voting, "ballot_signed"), {**body, "signature": signature, "support": "0"}),
        (address_of(other, "ballot_signed"), {**body, "signature": signature}),
    ]
    for url, given in wrong:
        status, said = post(client, url, **given)
        assert status == 422
        assert "not from the account that votes" in said["sentence"]
    for signature in ("", "0x", "zz", "0x" + "00" * 5000):
        assert post(client, address_of(voting, "ballot_signed"), **{**body, "signature": signature})[0] == 422
    assert not Ballot.objects.exists()
    assert not OutgoingTransaction.objects.exists()


def test_who_has_no_votes_is_asked_for_no_signature_and_a_forged_answer_is_refused(
    client: Client, guild: Guild
) -> None:
    voting = active(guild)
    status, answer = ask(client, voting, STRANGER)
    assert status == 422
    assert "cannot vote here" in answer["sentence"]
    typed = ask(client, voting, TOM)[1]["typed"]
    typed["message"]["voter"] = STRANGER
    body = {"address": STRANGER, "support": "1", "reason": "", "signature": sign(typed, STRANGER)}
    assert post(client, address_of(voting, "ballot_signed"), **body)[0] == 422
    assert not Ballot.objects.exists()


def test_shortly_before_the_end_only_ones_own_wallet_is_offered_and_the_page_says_so(
    client: Client, guild: Guild
) -> None:
    voting = active(guild)
    _, answer = ask(client, voting, TOM)
    guild.pass_time(PERIOD - 25)
    guild.copy()
    page = panel(client, voting, TOM)
    assert "Voting ends too soon for the market" in page
    assert "Sign your vote" not in page
    assert "Vote in your wallet" in page
    body = {**answer["with"], "address": TOM, "signature": sign(answer["typed"], TOM)}
    for status, said in (ask(client, voting, TOM), post(client, answer["next"], **body)):
        assert status == 422
        assert "ends too soon" in said["sentence"]


def test_a_days_number_and_a_days_gas_are_bounds(client: Client, guild: Guild, settings: Any) -> None:
    voting = active(guild)
    settings.VOTE_RELAY = {**settings.VOTE_RELAY, "a_day": 1}
    assert vote(client, voting, TOM)[0] == 200
    status, answer = ask(client, voting, UMA)
    assert status == 422
    assert "as many votes as it pays for in a day" in answer["sentence"]
    assert "as many votes as it pays for" in panel(client, voting, UMA)
    settings.VOTE_RELAY = {**settings.VOTE_RELAY, "a_day": 10, "wei_a_day": 1}
    mined(guild)
    assert "as many votes as it pays for" in ask(client, voting, UMA)[1]["sentence"]
    Ballot.objects.update(signed_at=timezone.now() - timedelta(days=1))
    assert ask(client, voting, UMA)[0] == 200
    settings.VOTE_RELAY = {**settings.VOTE_RELAY, "least_power": 100_001 * GUILD}
    assert "from 100,001 GUILD on" in plain_text(ask(client, voting, UMA)[1]["sentence"])
    settings.VOTE_RELAY = {**settings.VOTE_RELAY, "a_day": 0}
    assert "hands in no signed votes" in ask(client, voting, VIC)[1]["sentence"]


def plain_text(text: str) -> str:
    return text.replace("\xa0", " ")


def test_a_node_that_dies_after_the_signature_delays_the_vote_and_loses_nothing(
    client: Client, guild: Guild, settings: Any
) -> None:
    voting = active(guild)
    _, answer = ask(client, voting, TOM)
    alive = settings.CHAINS
    settings.CHAINS = {CHAIN: {**alive[CHAIN], "rpc_url": "http://127.0.0.1:9"}}
    assert ask(client, voting, UMA)[0] == 422
    body = {**answer["with"], "address": TOM, "signature": sign(answer["typed"], TOM)}
    assert post(client, answer["next"], **body)[0] == 200
    sender.send()
    assert OutgoingTransaction.objects.get().state == State.QUEUED
    assert "The market hands your vote in" in panel(client, voting, TOM)
    settings.CHAINS = alive
    mined(guild)
    assert Vote.objects.get().voter == TOM


def test_a_reorg_takes_the_vote_back_and_it_is_sent_again(client: Client, guild: Guild) -> None:
    voting = active(guild)
    guild.node.mine(3)
    guild.copy()
    vote(client, voting, TOM, FOR, "Again.")
    mined(guild)
    assert Vote.objects.count() == 1
    guild.node.reorg(1)
    guild.node.mine(1)
    guild.copy()
    assert Vote.objects.count() == 0
    OutgoingTransaction.objects.update(checked_at=None)
    sender.send()
    assert OutgoingTransaction.objects.get().state == State.SENT
    page = panel(client, voting, TOM)
    assert "sent and waits for its block" in page
    assert "Sign your vote" not in page
    OutgoingTransaction.objects.get().attempts.update(broadcast_at=timezone.now() - timedelta(minutes=1))
    mined(guild)
    assert Vote.objects.get().reason == "Again."
    assert OutgoingTransaction.objects.count() == 1


def test_a_wallet_contract_votes_by_its_own_word(client: Client, guild: Guild) -> None:
    wallet = deploy_checksummed(guild)
    guild.delegate(VIC, wallet)
    voting = active(guild)
    status, answer = ask(client, voting, wallet, AGAINST, "By contract.")
    assert status == 200
    body = {**answer["with"], "address": wallet}
    status, refused = post(client, answer["next"], **body, signature="0x02")
    assert status == 422
    assert "not from the account that votes" in refused["sentence"]
    assert post(client, answer["next"], **body, signature="0x01")[0] == 200
    mined(guild)
    row = Vote.objects.get()
    assert (row.voter, row.support, row.weight, row.reason) == (wallet, AGAINST, 50_000 * GUILD, "By contract.")


def test_a_wallet_contract_that_burns_gas_is_not_paid_for(client: Client, guild: Guild, settings: Any) -> None:
    wallet = deploy_checksummed(guild)
    guild.delegate(VIC, wallet)
    voting = active(guild)
    _, answer = ask(client, voting, wallet)
    settings.VOTE_RELAY = {**settings.VOTE_RELAY, "most_gas": 40_000}
    status, said = post(client, answer["next"], **answer["with"], address=wallet, signature="0x01")
    assert status == 422
    assert "more gas than the market pays" in said["sentence"]
    assert not OutgoingTransaction.objects.exists()


def test_a_wallet_contract_is_not_believed_while_no_node_answers(client: Client, guild: Guild, settings: Any) -> None:
    wallet = deploy_checksummed(guild)
    guild.delegate(VIC, wallet)
    voting = active(guild)
    _, answer = ask(client, voting, wallet)
    settings.CHAINS = {CHAIN: {**settings.CHAINS[CHAIN], "rpc_url": "http://127.0.0.1:9"}}
    status, said = post(client, answer["next"], **answer["with"], address=wallet, signature="0x01")
    assert status == 422
    assert "does not answer" in said["sentence"]


def deploy_checksummed(guild: Guild) -> str:
    from eth_utils.address import to_checksum_address

    return str(to_checksum_address(deploy_wallet(guild.node)))


def test_the_signed_vote_can_be_taken_home_and_handed_in_alone_by_anybody(client: Client, guild: Guild) -> None:
    voting = active(guild)
    vote(client, voting, TOM, AGAINST, "Mine.")
    answer = client.get(address_of(voting, "ballot_file", TOM))
    assert "attachment" in answer["Content-Disposition"]
    kept = json.loads(answer.content)
    assert kept["proposalId"] == str(voting.id)
    assert kept["nonce"] == str(keyed_nonce(voting.id))
    sent = kept["transaction"]
    status, asked = post(client, address_of(voting, "ballot_send", TOM), address=STRANGER)
    assert status == 200
    assert asked["transaction"] == sent
    guild.send(sent["to"], bytes.fromhex(sent["data"][2:]), STRANGER)
    guild.copy()
    assert Vote.objects.get().reason == "Mine."
    assert "is final a few blocks later" in panel(client, voting, TOM)
    sender.send()
    assert OutgoingTransaction.objects.get().state == State.FAILED, "the market pays for nothing that is done already"
    assert "was not counted" not in panel(client, voting, TOM)
    assert post(client, address_of(voting, "ballot_send", TOM), address=STRANGER)[0] == 422


def test_a_vote_that_failed_says_why_and_can_be_sent_or_signed_again(client: Client, guild: Guild) -> None:
    voting = active(guild)
    vote(client, voting, TOM)
    row = OutgoingTransaction.objects.get()
    row.move(State.FAILED, refusal="The contract refused.", ended_at=timezone.now())
    page = panel(client, voting, TOM)
    assert "Your vote was not counted: The contract refused." in page
    assert "Sign your vote" in page
    again = client.post(address_of(voting, "ballot_again", TOM))
    assert again.status_code == 302
    assert OutgoingTransaction.objects.count() == 2
    assert client.post(address_of(voting, "ballot_again", TOM)).status_code == 422
    mined(guild)
    assert Vote.objects.get().support == FOR
    assert Ballot.objects.get().tries == 2


def test_a_vote_that_is_too_late_in_the_end_says_so(client: Client, guild: Guild) -> None:
    voting = active(guild)
    vote(client, voting, TOM)
    guild.pass_time(PERIOD)
    guild.copy()
    sender.send()
    assert OutgoingTransaction.objects.get().state == State.FAILED
    page = panel(client, voting, TOM)
    assert "Your vote was not counted" in page
    assert "Sign your vote" not in page
    with pytest.raises(No):
        relaying.send_again(voting.row(), TOM)


def test_nobody_else_has_a_ballot(client: Client, guild: Guild) -> None:
    voting = active(guild)
    for name in ("ballot_life", "ballot_file"):
        assert client.get(address_of(voting, name, TOM)).status_code == 404
        assert client.get(address_of(voting, name, "nobody")).status_code == 404
    assert client.post(reverse("governance:ballot_again", args=["guild-governor", "1", TOM])).status_code == 404


def test_a_reason_that_cannot_be_stored_gets_a_sentence(client: Client, guild: Guild) -> None:
    voting = active(guild)
    url = address_of(voting, "ballot_sign")
    body = f'{{"address": "{TOM}", "support": "1", "reason": "\\ud800"}}'
    response = client.post(url, body, content_type="application/json")
    assert response.status_code == 422
    assert "cannot be stored" in response.json()["sentence"]
