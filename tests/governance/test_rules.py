"""The rules of the market: what holds, since when, and the proposal that decided it; and where the shop leads there."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from chain import abi
from governance.facts import Facts
from governance.models import Governor
from governance.ruling import Rule, rules_of_market, rules_of_votes
from marketplace.subscriptions.models import MarketParams
from tests import world
from tests.governance.guild import PARAMS, Guild
from tests.governance.test_pages import plain
from tests.governance.test_treasury import spend

pytestmark = pytest.mark.django_db
RULES = "governance:rules"


def rules(guild: Guild) -> dict[str, Rule]:
    guild.copy()
    facts = Facts.of(guild.row())
    return {rule.key: rule for rule in [*rules_of_market(facts), *rules_of_votes(facts)]}


def set_params(guild: Guild, **changes: Any) -> Any:
    data = abi.encode_call("MarketEscrow", "setParams", *{**PARAMS, **changes}.values())
    return [guild.escrow], [0], [data]


def test_each_rule_has_its_own_last_proposal_and_its_values_before(guild: Guild, client: Client) -> None:
    fee = spend(guild, set_params(guild, feeBps=300), "Three percent")
    hold = spend(guild, set_params(guild, feeBps=300, hold=2 * 86_400), "Wait longer")
    found = rules(guild)
    assert (found["feeBps"].now.value, found["hold"].now.value) == ("3\N{NO-BREAK SPACE}%", "2 days")
    assert found["feeBps"].now.proposal is not None and int(found["feeBps"].now.proposal.proposal_id) == fee.id
    assert found["hold"].now.proposal is not None and int(found["hold"].now.proposal.proposal_id) == hold.id
    assert [change.value for change in found["feeBps"].before] == ["2.5\N{NO-BREAK SPACE}%"]
    assert found["feeBps"].before[0].proposal is None
    assert found["arbiterTime"].before == []
    text = plain(client.get(reverse(RULES)))
    assert "Three percent" in text
    assert "Wait longer" in text
    assert "from before the votes began" in text


def test_currencies_arbiters_and_the_rules_of_the_votes_stand_there_too(guild: Guild, client: Client) -> None:
    spend(guild, ([guild.escrow], [0], [abi.encode_call("MarketEscrow", "setToken", guild.dollar, True)]), "Take TUSD")
    spend(guild, ([guild.governor], [0], [abi.encode_call("GuildGovernor", "setVotingPeriod", 200)]), "Longer votes")
    found = rules(guild)
    token = found[f"token-{guild.dollar}"]
    assert token.now.value == "accepted"
    assert token.now.proposal is not None and token.now.proposal.title == "Take TUSD"
    period = found["voting-period"]
    assert (period.now.value, [change.value for change in period.before]) == (
        "3 minutes 20 seconds",
        ["1 minute 40 seconds"],
    )
    text = plain(client.get(reverse(RULES, args=["guild-governor"])))
    assert "Payment in TUSD" in text
    assert "Longer votes" in text


def test_the_address_of_a_rule_leads_to_the_proposal_that_changed_it_last(guild: Guild, client: Client) -> None:
    where = reverse("governance:rule", args=["feeBps"])
    assert client.get(where)["Location"] == reverse(RULES) + "#feeBps", "no proposal has set it"
    voting = spend(guild, set_params(guild, feeBps=300), "Three percent")
    guild.copy()
    assert client.get(where)["Location"] == voting.row().get_absolute_url()
    spend(guild, set_params(guild, feeBps=300, hold=5), "Another rule")
    guild.copy()
    assert client.get(where)["Location"] == voting.row().get_absolute_url(), "the fee stayed as it was"
    assert client.get(reverse("governance:rule", args=["nonsense"])).status_code == 404


def test_before_anything_is_known_the_page_says_so(client: Client, db: Any) -> None:
    assert "No rules are known yet" in plain(client.get(reverse(RULES)))
    assert client.get(reverse("governance:rule", args=["feeBps"]))["Location"] == reverse(RULES)


def test_of_another_dao_nothing_is_said_about_the_market(guild: Guild, client: Client) -> None:
    Governor.objects.update(is_own=False)
    text = plain(client.get(reverse(RULES, args=["guild-governor"])))
    assert "Voting period" in text
    assert "Of the market" not in text


def test_what_a_reorg_can_take_back_is_called_so(guild: Guild) -> None:
    spend(guild, set_params(guild, feeBps=300), "Three percent")
    assert not rules(guild)["feeBps"].now.final
    guild.node.mine(5)
    assert rules(guild)["feeBps"].now.final


def test_the_page_takes_as_many_queries_after_many_changes(
    guild: Guild, client: Client, django_assert_max_num_queries: Any
) -> None:
    spend(guild, set_params(guild, feeBps=301), "Number 1")
    guild.copy()
    with django_assert_max_num_queries(14) as few:
        client.get(reverse(RULES))
    for number in range(2, 5):
        spend(guild, set_params(guild, feeBps=300 + number), f"Number {number}")
    guild.copy()
    with django_assert_max_num_queries(14) as many:
        client.get(reverse(RULES))
    assert len(many) == len(few)


@pytest.mark.parametrize("where", ["/", "/browse/"])
def test_the_shop_leads_from_its_fee_to_who_decided_it(client: Client, db: Any, where: str) -> None:
    world.cast()
    MarketParams.objects.create(
        chain=settings.CHAIN_ID, contract="0x" + "1" * 40, seq=2, block_number=1, tx_hash="0x" + "2" * 64,
        at=timezone.now(), fee_bps=250, treasury="0x" + "3" * 40, hold_seconds=1, arbiter_seconds=1,
        close_delay_seconds=1,
    )  # fmt: skip
    text = plain(client.get(where))
    assert f'<a href="{reverse("governance:rule", args=["feeBps"])}"><time' in text
    assert f'href="{reverse(RULES)}"' in text


def test_a_tools_page_leads_from_its_fee_to_who_decided_it(client: Client, db: Any) -> None:
    found = world.cast()
    text = plain(client.get(f"/tools/{found.listing.slug}/"))
    assert f'<a href="{reverse("governance:rule", args=["feeBps"])}">Who decides?</a>' in text
