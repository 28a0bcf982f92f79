"""Votes of an organization's wallet wait for a second person's yes, to exactly the vote that was asked about."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from governance.models import Ballot
from marketplace.accounts.models import Wallet
from marketplace.lifecycle import Refused
from marketplace.notifications import reading as notices
from marketplace.notifications.models import Notification
from marketplace.organizations import services
from marketplace.organizations.models import Membership, Organization, VoteRequest, VotingWallet
from marketplace.tenancy.scope import as_system, scope
from settings.local.services import RELAYER_KEY
from tests import world
from tests.governance.conftest import deployed as deployed  # noqa: PLC0414  (a fixture)
from tests.governance.conftest import guild as guild  # noqa: PLC0414  (a fixture)
from tests.governance.conftest import node as node  # noqa: PLC0414  (a fixture)
from tests.governance.guild import TOM, UMA, Guild, Voting
from tests.governance.test_pages import active, address_of, plain, post
from tests.governance.wallets import sign

pytestmark = pytest.mark.django_db
DAO = "/api/v1/governance/daos/guild-governor/proposals/"


@pytest.fixture(autouse=True)
def market_that_pays(settings: Any) -> Iterator[None]:
    settings.RELAYER_KEY = RELAYER_KEY
    settings.VOTE_RELAY = {**settings.VOTE_RELAY, "closes_seconds": 30}
    cache.clear()
    yield
    cache.clear()


class Bakery:
    """Tom owns it and holds its wallet; Ann is an admin, Dev a developer."""

    def __init__(self) -> None:
        self.tom = world.person("Tom of two", address=TOM)
        self.ann, self.dev = world.person("Ann of two"), world.person("Dev of two")
        self.org = world.organization("Bakery of two", owner=self.tom)
        world.member(self.org, self.ann, Membership.Role.ADMIN)
        world.member(self.org, self.dev, Membership.Role.DEVELOPER)

    def guard(self) -> None:
        with transaction.atomic(), scope(org_id=self.org.pk, user_id=self.tom.pk):
            services.guard_wallet(world.actor(self.tom, self.org), address=TOM)

    def browser(self, person: Any) -> Client:
        browser = Client()
        browser.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
        return browser

    def page(self, name: str, *more: Any) -> str:
        return reverse(f"organizations:{name}", args=[self.org.slug, *more])


@pytest.fixture
def bakery(db: None) -> Bakery:
    return Bakery()


def ask(bakery: Bakery, client: Client, voting: Voting, **vote: Any) -> Any:
    """From the proposal's page to the form, and the form sent."""
    panel = plain(client.get(address_of(voting), {"address": TOM}))
    assert "need a second person" in panel
    way = panel.split('href="/o/new/vote/')[1].split('"')[0].replace("&amp;", "&")
    form = client.get(f"/o/new/vote/{way}").url
    assert form.startswith(bakery.page("ask_vote"))
    assert "goes from 2.5 % to 3 %" in plain(client.get(form))
    return client.post(form, {"support": 1, "reason": "", "note": "", **vote})


def sign_ways(client: Client, voting: Voting, **vote: Any) -> list[int]:
    """What each of the ways to a vote answers: the market's page, the wallet's own transaction, a script."""
    body = {"address": TOM, "support": 1, "reason": "", **vote}
    script = {"voter": TOM, "support": body["support"], "reason": body["reason"]}
    typed = client.post(f"{DAO}{voting.id}/ballots/typed-data/", script, content_type="application/json")
    return [
        post(client, address_of(voting, "ballot_sign"), **body)[0],
        post(client, address_of(voting, "ballot"), **body)[0],
        typed.status_code,
    ]


def test_without_the_rule_a_wallet_votes_as_it_likes(client: Client, guild: Guild, bakery: Bakery) -> None:
    voting = active(guild)
    assert sign_ways(client, voting) == [200, 200, 200]
    assert "need a second person" not in plain(client.get(address_of(voting), {"address": TOM}))


def test_a_guarded_wallet_votes_exactly_as_somebody_else_agreed_to(
    client: Client, guild: Guild, bakery: Bakery
) -> None:
    voting = active(guild)
    bakery.guard()
    assert sign_ways(client, voting) == [422, 422, 422]
    assert sign_ways(client, voting, address=UMA)[:2] == [200, 200], "it is about this wallet alone"
    tom, ann = bakery.browser(bakery.tom), bakery.browser(bakery.ann)
    place = ask(bakery, tom, voting, reason="It is\r\nfair.", note="Please.").url
    assert tom.post(place, {"do": "approve"}).status_code == 422, "nobody agrees with themselves"
    assert sign_ways(client, voting, reason="It is\nfair.") == [422, 422, 422], "asked is not agreed"
    page = plain(ann.get(place))
    assert "Tom of two asks to vote: For" in page
    assert "goes from 2.5 % to 3 %" in page
    assert ann.post(place, {"do": "approve"}).status_code == 302
    assert sign_ways(client, voting, reason="It is\nfair.") == [200, 200, 200]
    assert sign_ways(client, voting, reason="It is fair.") == [422, 422, 422]
    assert sign_ways(client, voting, reason="It is\nfair.", support=0) == [422, 422, 422]
    other = active(guild, "# Another\n\nWhy not.")
    assert sign_ways(client, other, reason="It is\nfair.") == [422, 422, 422]
    go = plain(tom.get(place)).split('class="button" href="')[1].split('"')[0].replace("&amp;", "&")
    panel = plain(tom.get(go))
    assert 'value="1" required checked' in panel
    assert "It is\nfair.</textarea>" in panel


def test_a_signature_made_before_the_yes_is_not_handed_in(client: Client, guild: Guild, bakery: Bakery) -> None:
    voting = active(guild)
    _, answer = post(client, address_of(voting, "ballot_sign"), address=TOM, support=1, reason="")
    bakery.guard()
    body = {**answer["with"], "address": TOM, "signature": sign(answer["typed"], TOM)}
    assert post(client, answer["next"], **body)[0] == 422
    script = {"voter": TOM, "support": 1, "reason": "", "signature": body["signature"]}
    assert client.post(f"{DAO}{voting.id}/ballots/", script, content_type="application/json").status_code == 422
    assert not Ballot.objects.exists()


def test_no_means_no_and_a_yes_can_be_given_back(client: Client, guild: Guild, bakery: Bakery) -> None:
    voting = active(guild)
    bakery.guard()
    tom, ann, dev = (bakery.browser(person) for person in (bakery.tom, bakery.ann, bakery.dev))
    place = ask(bakery, tom, voting).url
    assert ask(bakery, tom, voting).url == place, "asked twice is asked once"
    assert ask(bakery, tom, voting, support=0).status_code == 422, "one at a time"
    assert dev.post(place, {"do": "approve"}).status_code == 422
    assert ann.post(place, {"do": "decline", "answer": " "}).status_code == 422
    assert ann.post(place, {"do": "decline", "answer": "Too early."}).status_code == 302
    assert "Too early." in plain(tom.get(place))
    assert ann.post(place, {"do": "approve"}).status_code == 422
    assert sign_ways(client, voting) == [422, 422, 422]
    again = ask(bakery, tom, voting).url
    ann.post(again, {"do": "approve"})
    assert sign_ways(client, voting) == [200, 200, 200]
    assert ann.post(again, {"do": "withdraw"}).status_code == 422
    assert tom.post(again, {"do": "withdraw"}).status_code == 302
    assert sign_ways(client, voting) == [422, 422, 422]


def test_only_an_owner_makes_the_rule_for_a_wallet_of_their_own_and_not_alone(bakery: Bakery) -> None:
    tom, ann = bakery.browser(bakery.tom), bakery.browser(bakery.ann)
    place = bakery.page("votes")
    assert ann.post(place, {"address": TOM}).status_code == 422
    assert tom.post(place, {"address": UMA}).status_code == 422, "not a wallet of Tom's"
    assert tom.post(place, {"address": TOM}).status_code == 302
    assert tom.post(place, {"address": TOM}).status_code == 302
    assert ann.post(place, {"address": TOM, "release": "1"}).status_code == 422
    with transaction.atomic(), as_system("the test counts"):
        assert VotingWallet.objects.count() == 1
    second = world.organization("Second of two", owner=bakery.tom)
    refused = tom.post(reverse("organizations:votes", args=[second.slug]), {"address": TOM})
    assert "Nobody else here could say yes" in plain(refused)
    world.member(second, bakery.ann, Membership.Role.OWNER)
    refused = tom.post(reverse("organizations:votes", args=[second.slug]), {"address": TOM})
    assert "votes for another organization already" in plain(refused)
    assert tom.post(place, {"address": TOM, "release": "1"}).status_code == 302
    assert "Every wallet votes as whoever holds it likes." in plain(tom.get(place))


def test_the_rule_ends_where_the_wallet_is_no_longer_of_the_organization(
    client: Client, guild: Guild, bakery: Bakery
) -> None:
    voting = active(guild)
    bakery.guard()
    with transaction.atomic(), as_system("the test unlinks it"):
        Wallet.objects.filter(address=TOM).delete()
    assert sign_ways(client, voting) == [200, 200, 200]


def test_who_has_to_answer_and_who_asked_are_told(client: Client, guild: Guild, bakery: Bakery) -> None:
    voting = active(guild)
    bakery.guard()
    tom, ann = bakery.browser(bakery.tom), bakery.browser(bakery.ann)
    place = ask(bakery, tom, voting).url
    ann.post(place, {"do": "approve"})
    tom.post(bakery.page("votes"), {"address": TOM, "release": "1"})
    notices.read_entries()
    with transaction.atomic(), as_system("the test reads everybody's notices"):
        told = set(Notification.objects.filter(rule__startswith="vote.").values_list("user_id", "rule", "path"))
    rules = {(user, rule.split("/")[0]) for user, rule, _ in told}
    assert (bakery.ann.pk, "vote.asked") in rules
    assert (bakery.tom.pk, "vote.asked") not in rules
    assert (bakery.tom.pk, "vote.approved") in rules
    assert {(bakery.ann.pk, "vote.wallet_guarded"), (bakery.ann.pk, "vote.wallet_released")} <= rules
    assert bakery.dev.pk not in {user for user, _ in rules}
    assert place in {path for _, rule, path in told if rule.startswith("vote.asked")}


def test_the_database_itself_takes_no_yes_from_who_asked(bakery: Bakery) -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), as_system("the test tries it"):
        VoteRequest.objects.create(
            org=bakery.org, wallet=TOM, chain="eip155:31337", governor=UMA, proposal="1", support=1,
            state="approved", asked_by=bakery.tom, decided_by=bakery.tom,
        )  # fmt: skip


def test_strangers_learn_nothing_of_whose_wallet_it_is(client: Client, guild: Guild, bakery: Bakery) -> None:
    voting = active(guild)
    bakery.guard()
    page = plain(client.get(address_of(voting), {"address": TOM}))
    assert "need a second person" in page
    assert bakery.org.slug not in page
    assert bakery.org.name not in page
    way = "/o/new/vote/" + page.split('href="/o/new/vote/')[1].split('"')[0].replace("&amp;", "&")
    assert client.get(way).url.startswith("/accounts/login/")
    eve = bakery.browser(world.person("Eve of two"))
    assert eve.get(way).url == reverse("accounts:wallets")


def test_a_service_is_refused_by_role_whoever_calls_it(bakery: Bakery) -> None:
    dev = world.actor(bakery.dev, bakery.org, role="developer")
    org: Organization = bakery.org
    with transaction.atomic(), scope(org_id=org.pk, user_id=bakery.dev.pk):
        with pytest.raises(Refused, match="Only an owner decides"):
            services.guard_wallet(dev, address=TOM)
        with pytest.raises(Refused, match="Only an owner decides"):
            services.release_wallet(dev, address=TOM)
