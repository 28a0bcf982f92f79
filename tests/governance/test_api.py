"""The votes, for programs: what is told, in which shape, at what cost; and a vote that a script hands in."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator
from rest_framework.throttling import SimpleRateThrottle

from chain.models import OutgoingTransaction
from governance import delegating
from governance.api.base import Rate
from governance.models import Ballot, Proposal, Statement, Vote
from settings.local.services import RELAYER_KEY
from tests.governance.guild import DELAY, GUILD, STRANGER, TOM, UMA, Guild, Voting
from tests.governance.test_ballots import mined
from tests.governance.test_delegating import publish
from tests.governance.test_discussing import opened, say, written
from tests.governance.test_lists import many
from tests.governance.test_pages import active, guild_logs
from tests.governance.wallets import sign

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/governance/daos/"
DAO = f"{ROOT}guild-governor/"


@pytest.fixture(autouse=True)
def market_that_pays(settings: Any) -> Iterator[None]:
    settings.RELAYER_KEY = RELAYER_KEY
    settings.VOTE_RELAY = {**settings.VOTE_RELAY, "closes_seconds": 30}
    cache.clear()
    yield
    cache.clear()


def read(client: Client, url: str, **query: Any) -> Any:
    answer = client.get(url, query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def of(voting: Voting, more: str = "") -> str:
    return f"{DAO}proposals/{voting.id}/{more}"


@pytest.fixture(scope="module")
def schema() -> Any:
    return SchemaGenerator().get_schema(request=None, public=True)


def strict(part: Any, whole: Any) -> Any:
    """A shape of the OpenAPI document as JSON Schema that lets nothing be there beyond what is described."""
    if isinstance(part, list):
        return [strict(each, whole) for each in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return strict(whole["components"]["schemas"][part["$ref"].rpartition("/")[2]], whole)
    found = {name: strict(each, whole) for name, each in part.items() if name != "nullable"}
    if found.get("type") == "object" and "properties" in found:
        found |= {"additionalProperties": False, "required": sorted(found["properties"])}
    return {"anyOf": [found, {"type": "null"}]} if part.get("nullable") else found


def faults(schema: Any, place: str, value: Any, method: str = "get", status: str = "200") -> list[str]:
    """Where a value is not what the document says of an answer."""
    shape = schema["paths"][place][method]["responses"][status]["content"]["application/json"]["schema"]
    checker = Draft202012Validator(strict(shape, schema), format_checker=Draft202012Validator.FORMAT_CHECKER)
    return [f"{each.json_path}: {each.message}" for each in checker.iter_errors(value)]


BELOW = "/api/v1/governance/daos/{governor}/"
READ = {
    ROOT: ROOT,
    BELOW: DAO,
    f"{BELOW}delegates/": f"{DAO}delegates/",
    f"{BELOW}treasury/": f"{DAO}treasury/",
    f"{BELOW}voters/{{voter}}/": f"{DAO}voters/{TOM}/",
    f"{BELOW}discussions/": f"{DAO}discussions/",
    f"{BELOW}discussions/{{discussion}}/": f"{DAO}discussions/DISCUSSED/",
    f"{BELOW}discussions/{{discussion}}/comments/": f"{DAO}discussions/DISCUSSED/comments/",
    f"{BELOW}proposals/": f"{DAO}proposals/",
    f"{BELOW}proposals/{{proposal_id}}/": "",
    f"{BELOW}proposals/{{proposal_id}}/votes/": "votes/",
}


@pytest.fixture
def voted(guild: Guild) -> Voting:
    """An open vote in which two have voted, one against."""
    voting = active(guild)
    voting.vote(TOM, 1, "Good — sehr gut.")
    voting.vote(UMA, 0)
    guild.copy()
    return voting


def test_every_answer_is_exactly_what_the_document_describes(client: Client, voted: Voting, schema: Any) -> None:
    ours = {place for place, methods in schema["paths"].items() if "/governance/" in place and "get" in methods}
    assert ours - READ.keys() == {f"{BELOW}proposals/{{proposal_id}}/ballots/{{voter}}/"}, "say in READ where it is"
    discussed = opened(client, written(client))
    say(client, discussed, UMA, "Why?")
    for place, where in READ.items():
        url = where.replace("DISCUSSED", discussed.split("/")[-2]) if where.startswith("/") else of(voted, where)
        assert faults(schema, place, read(client, url)) == [], place


def test_every_example_of_the_document_fits_and_every_address_is_described(schema: Any) -> None:
    for place, methods in schema["paths"].items():
        for method, operation in methods.items():
            if "/governance/" not in place:
                continue
            assert operation["summary"], place
            status = "202" if place.endswith("/ballots/") else "200"
            answers = operation["responses"][status]["content"]["application/json"]
            if not place.endswith("/typed-data/"):
                assert answers["examples"], f"{method} {place} has no example"
            for example in answers.get("examples", {}).values():
                assert faults(schema, place, example["value"], method, status) == [], place


def test_control_what_is_not_described_is_found(client: Client, voted: Voting, schema: Any) -> None:
    answer = read(client, of(voted))
    place = f"{BELOW}proposals/{{proposal_id}}/"
    assert faults(schema, place, {**answer, "id": voted.id})
    assert faults(schema, place, {**answer, "secret": 1})
    assert faults(schema, place, {name: answer[name] for name in answer if name != "tally"})


def test_a_proposal_says_what_it_does_how_it_stands_and_from_where_that_is_known(
    client: Client, guild: Guild, voted: Voting
) -> None:
    told = read(client, of(voted))
    assert told["id"] == str(voted.id)
    assert (told["state"], told["quorum_reached"]) == ("active", True)
    tally = told["tally"]
    assert (tally["for_votes"], tally["against_votes"], tally["voters"]) == (
        str(600_000 * GUILD),
        str(100_000 * GUILD),
        2,
    )
    assert "goes from 2.5" in told["effects"][0]
    (call,) = told["calls"]
    assert (call["target"], call["value"]) == (guild.escrow, "0")
    assert call["data"] == "0x" + voted.calls[2][0].hex()
    assert call["decoded"].startswith("MarketEscrow.setParams(feeBps: ")
    assert told["block"]["number"] == guild.node.head()
    assert told["description"] == "# Raise the fee\n\nBecause."
    assert told["page"].endswith(f"/governance/guild-governor/{voted.id}/")


def test_what_happened_is_told_with_its_transaction(client: Client, guild: Guild, voted: Voting) -> None:
    guild.pass_time(400)
    voted.act("queue")
    guild.copy()
    told = read(client, of(voted))
    (queued,) = [step for step in told["timeline"] if step["kind"] == "queued"]
    assert queued["log"]["transaction"].startswith("0x")
    assert queued["value"] == told["eta"]
    assert told["state"] == "queued"


def test_the_list_is_narrowed_and_searched_as_on_the_page(client: Client, guild: Guild, voted: Voting) -> None:
    guild.propose(guild.set_fee(350), "Another one", sender=UMA)
    guild.copy()

    def titles(**query: str) -> list[str]:
        return [row["title"] for row in read(client, f"{DAO}proposals/", **query)["results"]]

    assert titles() == ["Raise the fee", "Another one"]
    assert titles(show="active") == ["Raise the fee"]
    assert titles(show="missing", address=TOM) == []
    assert titles(show="missing", address=STRANGER) == ["Raise the fee"]
    assert titles(q="another") == ["Another one"]
    assert titles(q=UMA.lower()) == ["Another one"]


def all_of(client: Client, url: str, **query: Any) -> list[Any]:
    seen: list[Any] = []
    while url:
        answer = read(client, url, **query)
        seen += answer["results"]
        url, query = answer["next"], {}
    return seen


def test_page_after_page_every_proposal_comes_once(client: Client, guild: Guild) -> None:
    many(guild, 120)
    seen = [row["id"] for row in all_of(client, f"{DAO}proposals/")]
    assert seen == [str(row.proposal_id) for row in Proposal.objects.by_urgency()]
    assert len(seen) == 121


def more_votes(guild: Guild, row: Proposal, count: int) -> None:
    """Three of each weight, so that pages end within equal ones."""
    Vote.objects.bulk_create(
        Vote(proposal=row, log=log, voter=f"0x{n:040x}", support=n % 3, weight=n // 3)
        for n, log in enumerate(guild_logs(guild, row, count, start=5_000))
    )


def test_page_after_page_every_vote_comes_once_heaviest_first(client: Client, guild: Guild, voted: Voting) -> None:
    more_votes(guild, voted.row(), 149)
    seen = all_of(client, of(voted, "votes/"))
    weights = [int(vote["weight"]) for vote in seen]
    assert len({vote["voter"] for vote in seen}) == len(seen) == 151
    assert weights == sorted(weights, reverse=True)
    against = all_of(client, of(voted, "votes/"), support="against")
    assert {vote["support"] for vote in against} == {"against"}
    assert len(against) == Vote.objects.filter(support=0).count()
    assert [vote["voter"] for vote in read(client, of(voted, "votes/"), voter=TOM.lower())["results"]] == [TOM]
    for nobody in ({"voter": "x"}, {"support": "maybe"}):
        assert read(client, of(voted, "votes/"), **nobody)["results"] == []


def test_who_has_power_and_who_has_none(client: Client, guild: Guild, voted: Voting) -> None:
    rows = read(client, f"{DAO}delegates/")
    assert [(row["address"], row["power"]) for row in rows["results"]][:2] == [
        (TOM, str(600_000 * GUILD)),
        (UMA, str(100_000 * GUILD)),
    ]
    last = rows["results"][0]
    after = read(client, f"{DAO}delegates/", after=f"{last['power']}.{last['address']}")["results"]
    assert [row["address"] for row in after] == [row["address"] for row in rows["results"]][1:]
    tom = read(client, f"{DAO}voters/{TOM.lower()}/")
    assert (tom["address"], tom["delegate"], tom["votes"][0]["proposal"]) == (TOM, TOM, str(voted.id))
    nobody = read(client, f"{DAO}voters/{STRANGER}/")
    assert (nobody["power"], nobody["delegate"], nobody["votes"]) == ("0", None, [])


def test_a_hidden_statement_is_told_nobody(client: Client, guild: Guild) -> None:
    publish(client, UMA, "I vote for **low** fees.")
    assert read(client, f"{DAO}voters/{UMA}/")["statement"] == "I vote for **low** fees."
    delegating.hide(Statement.objects.get(), why="An advertisement.")
    assert read(client, f"{DAO}voters/{UMA}/")["statement"] is None
    assert "low" not in str(read(client, f"{DAO}delegates/"))


@pytest.mark.parametrize(
    "more", ["nobody/", "guild-governor/proposals/12/", "guild-governor/proposals/x/", "guild-governor/voters/0x1/"]
)
def test_what_is_not_there_is_not_found(client: Client, guild: Guild, more: str) -> None:
    answer = client.get(ROOT + more)
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/json")


@pytest.mark.parametrize(
    "after", ["x", "1.2", "1.2.3.4", "9.9." + 70 * "9", "-1.2.3", "１.２.３", "\x00", "1." + 78 * "9"]
)
def test_a_place_that_is_none_is_no_error(client: Client, voted: Voting, after: str) -> None:
    for url in (ROOT, f"{DAO}proposals/", f"{DAO}delegates/", of(voted, "votes/")):
        assert client.get(url, {"after": after}).status_code == 200, url


def test_no_address_takes_more_queries_for_many_than_for_few(
    client: Client, guild: Guild, voted: Voting, django_assert_max_num_queries: Any
) -> None:
    urls = {ROOT: 3, DAO: 12, f"{DAO}proposals/": 14, of(voted): 14, of(voted, "votes/"): 5}
    urls |= {f"{DAO}delegates/": 12, f"{DAO}voters/{TOM}/": 16}
    urls[f"{DAO}treasury/"] = 3
    many(guild, 60)
    more_votes(guild, voted.row(), 200)
    full = {}
    for url, most in urls.items():
        with django_assert_max_num_queries(most) as asked:
            assert client.get(url).status_code == 200
        full[url] = len(asked)
    Vote.objects.filter(weight__lt=2).delete()
    Proposal.objects.filter(proposal_id__gt=9).exclude(proposal_id=voted.id).delete()
    for url, most in urls.items():
        with django_assert_max_num_queries(most) as asked:
            client.get(url)
        assert len(asked) == full[url], f"{url}: {full[url]}, and {len(asked)} with less"


def test_nothing_can_be_written_where_things_are_read(client: Client, voted: Voting) -> None:
    for where in READ.values():
        url = where if where.startswith("/") else of(voted, where)
        for method in (client.post, client.put, client.patch, client.delete):
            assert method(url, {}).status_code == 405


def hand_in(client: Client, voting: Voting, **body: Any) -> Any:
    return client.post(of(voting, "ballots/"), body, content_type="application/json")


def signed(client: Client, voting: Voting, voter: str, support: int = 1, reason: str = "") -> dict[str, Any]:
    """What a script does: ask for the typed data, sign it."""
    vote = {"voter": voter, "support": support, "reason": reason}
    answer = client.post(of(voting, "ballots/typed-data/"), vote, content_type="application/json")
    assert answer.status_code == 200, answer.content
    return {**vote, "signature": sign(answer.json()["typed_data"], voter)}


def test_a_script_votes_without_a_fee_and_follows_it_until_it_is_final(
    client: Client, guild: Guild, schema: Any
) -> None:
    voting = active(guild)
    before = guild.node.balance(TOM)
    answer = hand_in(client, voting, **signed(client, voting, TOM, 1, "From a script."))
    assert (answer.status_code, answer.json()["state"]) == (202, "queued")
    place = f"{BELOW}proposals/{{proposal_id}}/ballots/"
    assert faults(schema, place, answer.json(), "post", "202") == []
    mined(guild)
    told = read(client, of(voting, f"ballots/{TOM}/"))
    assert told["state"] in {"seen", "final"}
    assert faults(schema, f"{place}{{voter}}/", told) == []
    vote = Vote.objects.get()
    assert (vote.voter, vote.support, vote.reason) == (TOM, 1, "From a script.")
    assert guild.node.balance(TOM) == before


def test_the_file_that_the_page_gives_is_taken_as_it_is_and_once(client: Client, guild: Guild) -> None:
    voting = active(guild)
    assert hand_in(client, voting, **signed(client, voting, TOM)).status_code == 202
    file = client.get(f"/governance/guild-governor/{voting.id}/ballots/{TOM}/file/").json()
    for _ in range(3):
        assert hand_in(client, voting, **file).status_code == 202
    assert (Ballot.objects.count(), OutgoingTransaction.objects.count()) == (1, 1)
    Ballot.objects.all().delete()
    OutgoingTransaction.objects.all().delete()
    assert hand_in(client, voting, **file).status_code == 202, "kept by its voter, and handed in later"


def test_a_vote_of_another_key_proposal_or_chain_is_refused_in_words(client: Client, guild: Guild) -> None:
    voting = active(guild)
    good = signed(client, voting, TOM)
    for wrong in (
        {"voter": UMA},
        {"support": 0},
        {"reason": "Not signed."},
        {"signature": "0x12"},
        {"signature": None},
        {"chain": "eip155:1"},
        {"governor": STRANGER},
        {"proposalId": "12"},
        {"support": 3},
        {"voter": "0x12"},
    ):
        answer = hand_in(client, voting, **{**good, **wrong})
        assert answer.status_code == 422, wrong
        assert answer.json()["detail"].endswith("."), wrong
    assert not Ballot.objects.exists()
    assert client.post(of(voting, "ballots/"), "[1]", content_type="application/json").status_code == 422
    assert client.post(of(voting, "ballots/"), "{", content_type="application/json").status_code == 400
    assert hand_in(client, voting, **good).status_code == 202, "the control: the very same, unchanged"


def test_who_cannot_vote_is_told_why_before_signing(client: Client, guild: Guild) -> None:
    voting = active(guild)
    body = {"voter": STRANGER, "support": 1}
    answer = client.post(of(voting, "ballots/typed-data/"), body, content_type="application/json")
    assert answer.status_code == 422
    assert "cannot vote here" in answer.json()["detail"]


def test_too_many_requests_from_one_network_are_asked_to_wait(
    client: Client, guild: Guild, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SimpleRateThrottle, "THROTTLE_RATES", {"governance": "3/min", "governance-ballots": "2/min"})
    answers = [client.get(ROOT, REMOTE_ADDR=f"192.0.2.{n}") for n in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert int(answers[-1]["Retry-After"]) > 0
    assert client.get(ROOT, REMOTE_ADDR="198.51.100.1").status_code == 200, "somebody elsewhere is not kept waiting"
    voting = active(guild)
    assert [hand_in(client, voting).status_code for _ in range(3)] == [422, 422, 429]


def test_without_the_counters_the_votes_are_told_all_the_same(
    client: Client, guild: Guild, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Gone:
        def get(self, *_: Any) -> Any:
            raise ConnectionError("Nobody there.")

    monkeypatch.setattr(Rate, "cache", Gone())
    assert client.get(ROOT).status_code == 200


def test_each_has_a_door() -> None:
    from governance.api.urls import urlpatterns

    assert {pattern.callback.door for pattern in urlpatterns} == {"public"}


def test_voting_starts_later_is_said_by_the_clock(client: Client, guild: Guild) -> None:
    voting = guild.propose(guild.set_fee(310), "Later")
    guild.copy()
    told = read(client, of(voting))
    assert told["state"] == "pending"
    assert told["tally"]["quorum"] is None
    assert told["vote_start"] == told["proposed"]["at"] + DELAY
