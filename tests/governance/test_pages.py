"""The voting pages, read and used as a token holder does."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from chain.client import client as node_client
from governance.models import Proposal, Vote
from tests.chain.local_chain import CHAIN
from tests.governance.guild import DELAY, GUILD, MIN_DELAY, PERIOD, STRANGER, TOM, UMA, VIC, Guild, Voting

pytestmark = pytest.mark.django_db
FOR = 1


def active(guild: Guild, text: str = "# Raise the fee\n\nBecause.") -> Voting:
    voting = guild.propose(guild.set_fee(300), text)
    guild.pass_time(DELAY + 1)
    guild.copy()
    return voting


def address_of(voting: Voting, name: str = "proposal", *more: Any) -> str:
    return reverse(f"governance:{name}", args=["guild-governor", str(voting.id), *more])


def post(client: Client, url: str, **body: Any) -> tuple[int, dict[str, Any]]:
    response = client.post(url, json.dumps(body), content_type="application/json")
    return response.status_code, response.json()


def send(guild: Guild, answer: dict[str, Any], sender: str) -> str:
    """What the wallet does with the answer."""
    transaction = answer["transaction"]
    assert transaction["chainId"] == 31337
    return guild.send(transaction["to"], bytes.fromhex(transaction["data"][2:]), sender)


def plain(response: Any) -> str:
    text: str = response.content.decode().replace("\xa0", " ").replace("&nbsp;", " ")
    return text


def test_before_there_is_a_governor_the_pages_say_so(client: Client, db: Any) -> None:
    for name in ("proposals", "propose", "delegate"):
        response = client.get(reverse(f"governance:{name}"))
        assert response.status_code == 200
    assert "No voting contract yet" in plain(client.get(reverse("governance:proposals")))


def test_the_list_says_what_each_proposal_does_and_how_it_stands(client: Client, guild: Guild) -> None:
    assert "Nothing has been proposed yet" in plain(client.get(reverse("governance:proposals")))
    voting = active(guild)
    voting.vote(TOM, FOR)
    guild.copy()
    page = plain(client.get(reverse("governance:proposals")))
    assert "The fee on new subscriptions goes from 2.5 % to 3 %. Running ones keep theirs." in page
    assert "left to vote" in page
    assert "600,000" in page
    assert address_of(voting) in page


def test_the_list_and_the_page_take_a_constant_number_of_queries(
    client: Client, guild: Guild, django_assert_max_num_queries: Any
) -> None:
    votings = [guild.propose(guild.set_fee(300 + n), f"Number {n}") for n in range(6)]
    guild.pass_time(DELAY + 1)
    for voting in votings:
        for voter in (TOM, UMA, VIC):
            voting.vote(voter, FOR)
    guild.copy()
    client.get(reverse("governance:proposals"))
    with django_assert_max_num_queries(15) as few:
        client.get(reverse("governance:proposals"))
    with django_assert_max_num_queries(15):
        client.get(address_of(votings[0]) + f"?address={TOM}")
    before = len(few)
    Proposal.objects.filter(proposal_id__in=[voting.id for voting in votings[1:]]).delete()
    with django_assert_max_num_queries(15) as fewer:
        client.get(reverse("governance:proposals"))
    assert len(fewer) == before


def test_the_page_shows_effect_tally_reasons_and_where_each_figure_comes_from(client: Client, guild: Guild) -> None:
    voting = active(guild)
    voting.vote(UMA, 0, "Too <b>much</b>.")
    guild.copy()
    page = plain(client.get(address_of(voting)))
    assert "goes from 2.5 % to 3 %" in page
    assert "Too &lt;b&gt;much&lt;/b&gt;." in page
    assert "Not passing as it stands" in page
    assert "0 of 40,000 GUILD needed" in page
    head = node_client(CHAIN).head()
    assert f"up to block {head}" in page
    assert "not final yet" in page
    guild.node.mine(3)
    guild.copy()
    assert "All of it is final." in plain(client.get(address_of(voting)))


@pytest.mark.parametrize("name", ["0", "9" * 78, "9" * 79, "abc", "１２", "-1"])
def test_what_is_no_proposal_is_not_found(client: Client, guild: Guild, name: str) -> None:
    assert client.get(f"/governance/guild-governor/{name}/").status_code == 404


def test_before_the_signature_one_sees_balance_delegate_power_and_what_the_vote_does(
    client: Client, guild: Guild
) -> None:
    voting = active(guild)
    page = plain(client.get(address_of(voting, "eligibility") + f"?address={TOM.lower()}"))
    assert "600,000 GUILD" in page
    assert "itself" in page
    assert "Your vote adds 600,000 GUILD to the side you choose." in page
    assert "Vote in your wallet" in page


def test_no_power_is_explained_with_its_fix(client: Client, guild: Guild) -> None:
    guild.call("GuildToken", "transfer", STRANGER, 5 * GUILD, to=guild.token, sender=TOM)
    voting = active(guild)
    url = address_of(voting, "eligibility")
    late = plain(client.get(f"{url}?address={STRANGER}"))
    assert "counted for nobody" in late
    assert "it counts from the next proposal" in late
    assert "Vote in your wallet" not in late
    guild.delegate(STRANGER, UMA)
    guild.copy()
    assert "count for 0x9965…A4dc" in plain(client.get(f"{url}?address={STRANGER}"))
    assert "This is not an address." in plain(client.get(f"{url}?address=0x12"))


def test_a_vote_goes_from_the_wallet_to_the_page(client: Client, guild: Guild) -> None:
    voting = active(guild)
    status, answer = post(client, address_of(voting, "ballot"), address=TOM, support="1", reason="Yes — ja.")
    assert status == 200
    assert answer["say"].replace("\xa0", " ") == "You vote For with 600,000 GUILD. A vote cannot be changed."
    tx_hash = send(guild, answer, TOM)
    status, waiting = post(client, answer["next"], address=TOM, hash=tx_hash)
    assert (status, waiting["wait"]) == (200, 1)
    guild.copy()
    status, seen = post(client, waiting["next"], address=TOM)
    assert "Seen in block" in seen["say"]
    assert "wait" not in seen
    assert Vote.objects.get().reason == "Yes — ja."
    status, again = post(client, address_of(voting, "ballot"), address=TOM, support="0")
    assert status == 422
    assert "voted For" in again["sentence"]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"support": "1"}, "required"),
        ({"address": "0x1", "support": "1"}, "not an address"),
        ({"address": TOM}, "Choose For, Against or Abstain."),
        ({"address": TOM, "support": "3"}, "Choose one of the three."),
        ({"address": TOM, "support": "1", "reason": "x" * 2001}, "at most 2,000"),
        ({"address": STRANGER, "support": "1"}, "cannot vote here"),
    ],
)
def test_a_ballot_that_cannot_be_cast_gets_a_sentence(
    client: Client, guild: Guild, body: dict[str, str], sentence: str
) -> None:
    status, answer = post(client, address_of(active(guild), "ballot"), **body)
    assert status == 422
    assert sentence in answer["sentence"]


def test_what_is_no_json_gets_a_sentence_too(client: Client, guild: Guild) -> None:
    response = client.post(address_of(active(guild), "ballot"), "{", content_type="application/json")
    assert response.status_code == 422


def test_anyone_queues_and_carries_out_what_is_due_and_nothing_that_is_not(client: Client, guild: Guild) -> None:
    voting = active(guild)
    url = address_of(voting, "act")
    assert post(client, url, address=STRANGER)[0] == 422
    voting.vote(TOM, FOR)
    guild.pass_time(PERIOD)
    guild.copy()
    assert "It can be queued now, by anyone." in plain(client.get(address_of(voting)))
    send(guild, post(client, url, address=STRANGER)[1], STRANGER)
    guild.copy()
    assert voting.same_as_contract().state == "queued"
    assert post(client, url, address=STRANGER)[0] == 422
    guild.pass_time(MIN_DELAY + 1)
    guild.copy()
    assert "It can be carried out now, by anyone." in plain(client.get(address_of(voting)))
    send(guild, post(client, url, address=STRANGER)[1], STRANGER)
    guild.copy()
    page = plain(client.get(address_of(voting)))
    assert "It passed and is in force." in page
    assert "Carried out" in page
    assert "before: 2.5 %" in page


def test_delegating_is_offered_for_oneself_and_for_another(client: Client, guild: Guild) -> None:
    url = reverse("governance:delegate_send", args=["guild-governor"])
    assert "already count for itself" in post(client, url, address=TOM)[1]["sentence"]
    send(guild, post(client, url, address=TOM, delegate=UMA)[1], TOM)
    guild.copy()
    page = plain(client.get(reverse("governance:delegate") + f"?address={TOM}"))
    assert "0x9965…A4dc" in page
    assert "600,000 GUILD" in page


def test_a_fee_change_is_previewed_proposed_and_bound_to_its_proposer(client: Client, guild: Guild) -> None:
    form = {"fee": "3.1", "title": "A fee for more arbiters", "why": "They need **rest**."}
    url = reverse("governance:propose", args=["guild-governor"])
    page = plain(client.post(url, form))
    assert "goes from 2.5 % to 3.1 %" in page
    assert "<strong>rest</strong>" in page
    send_url = reverse("governance:propose_send", args=["guild-governor"])
    status, answer = post(client, send_url, address=TOM, **form)
    assert status == 200, answer
    tx_hash = send(guild, answer, TOM)
    guild.copy()
    proposal = Proposal.objects.get()
    assert post(client, answer["next"], address=TOM, hash=tx_hash)[1]["go"] == proposal.get_absolute_url()
    assert proposal.description.endswith(f"#proposer={TOM.lower()}")
    assert "#proposer" not in plain(client.get(proposal.get_absolute_url())).split("exactly as they will run")[0]


def test_a_proposal_below_the_threshold_or_without_change_is_refused_in_words(client: Client, guild: Guild) -> None:
    url = reverse("governance:propose_send", args=["guild-governor"])
    form = {"title": "Mine", "why": "I want it."}
    status, answer = post(client, url, address=STRANGER, fee="3", **form)
    assert status == 422
    assert "needs 1,000 GUILD of votes; this account has 0 GUILD" in answer["sentence"].replace("\xa0", " ")
    assert "already" in post(client, url, address=TOM, fee="2.5", **form)[1]["sentence"]
    assert "at most 10 %" in post(client, url, address=TOM, fee="11", **form)[1]["sentence"]
    response = client.post(reverse("governance:propose", args=["guild-governor"]), {"fee": "x", **form})
    assert response.status_code == 422


def test_more_than_fifty_votes_come_in_portions(client: Client, guild: Guild) -> None:
    voting = active(guild)
    row = voting.row()
    logs = guild_logs(guild, row, 60)
    Vote.objects.bulk_create(
        Vote(proposal=row, log=log, voter=f"0x{n:040x}", support=1, weight=n + 1) for n, log in enumerate(logs)
    )
    assert plain(client.get(address_of(voting))).count('data-label="Voter"') == 50
    more = client.get(address_of(voting, "votes") + "?after=50", headers={"HX-Request": "true"})
    assert plain(more).count('data-label="Voter"') == 10
    assert "<html" not in plain(more)


def guild_logs(guild: Guild, row: Proposal, count: int, start: int = 1000) -> Any:
    from chain.models import Log

    block = row.log.block
    made = [
        Log(block=block, chain=CHAIN, number=block.number, block_hash=block.hash, log_index=start + n,
            tx_hash=row.log.tx_hash, address=row.log.address, topic0="", topics=[], data=b"")
        for n in range(count)
    ]  # fmt: skip
    return Log.objects.bulk_create(made)


def test_every_page_is_public_and_says_so(guild: Guild) -> None:
    from governance.urls import urlpatterns

    operators = {"statements", "moderate_discussion"}
    doors = {(pattern.name in operators, getattr(pattern.callback, "door", None)) for pattern in urlpatterns}
    assert doors == {(False, "public"), (True, "moderator")}
