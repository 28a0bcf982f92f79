"""Delegating without a fee, taking it back, choosing by what delegates did, and what they say of themselves."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from chain.models import OutgoingTransaction, State
from governance import delegating
from governance.models import SignedDelegation, Statement, StatementReport
from governance.power import delegate_of, power_at
from governance.refusing import No
from settings.local.services import RELAYER_KEY
from tests import world
from tests.chain.test_signatures import deploy_wallet
from tests.governance.guild import GUILD, NOBODY, STRANGER, TOM, UMA, VIC, Guild
from tests.governance.test_ballots import mined
from tests.governance.test_pages import active, plain, post
from tests.governance.wallets import sign

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def market_that_pays(settings: Any) -> None:
    settings.RELAYER_KEY = RELAYER_KEY


def address_of(name: str, *more: str) -> str:
    return reverse(f"governance:{name}", args=["guild-governor", *more])


def delegate(client: Client, delegator: str, to: str, **other: Any) -> tuple[int, dict[str, Any]]:
    """What page and wallet do together."""
    status, answer = post(client, address_of("delegate_sign"), address=delegator, delegate=to)
    assert status == 200, answer
    body = {**answer["with"], "address": delegator, "signature": sign(answer["typed"], delegator), **other}
    return post(client, answer["next"], **body)


def test_a_signed_change_of_delegate_is_handed_in_by_the_market_and_followed(client: Client, guild: Guild) -> None:
    before = guild.node.balance(TOM)
    status, answer = delegate(client, TOM, UMA)
    assert status == 200
    page = plain(client.get(answer["go"]))
    assert "What you signed" in page
    mined(guild)
    assert "It counts from the next proposal on." in plain(client.get(address_of("delegation_life", TOM)))
    assert delegate_of(guild.row(), TOM) == UMA
    assert power_at(guild.row(), UMA) == 700_000 * GUILD
    assert guild.node.balance(TOM) == before


def test_delegating_to_nobody_takes_it_back(client: Client, guild: Guild) -> None:
    delegate(client, TOM, NOBODY)
    mined(guild)
    assert delegate_of(guild.row(), TOM) is None
    assert power_at(guild.row(), TOM) == 0
    status, answer = post(client, address_of("delegate_send"), address=TOM, delegate=NOBODY)
    assert status == 422
    assert "count for nobody already" in answer["sentence"]
    assert post(client, address_of("delegate_send"), address=UMA, delegate=NOBODY)[0] == 200


def test_the_same_signature_twice_is_one_transaction(client: Client, guild: Guild) -> None:
    _, answer = post(client, address_of("delegate_sign"), address=TOM, delegate=UMA)
    body = {**answer["with"], "address": TOM, "signature": sign(answer["typed"], TOM)}
    for _ in range(2):
        assert post(client, answer["next"], **body)[0] == 200
    assert OutgoingTransaction.objects.count() == 1
    mined(guild)
    status, said = post(client, answer["next"], **body)
    assert status in {200, 422}
    assert OutgoingTransaction.objects.count() == 1, said


def test_a_change_signed_by_another_or_for_another_is_refused(client: Client, guild: Guild) -> None:
    _, answer = post(client, address_of("delegate_sign"), address=TOM, delegate=UMA)
    body = {**answer["with"], "address": TOM, "signature": sign(answer["typed"], TOM)}
    wrong: list[dict[str, Any]] = [
        {"signature": sign(answer["typed"], VIC)},
        {"delegatee": VIC},
        {"nonce": "7"},
        {"expiry": "99999999999"},
        {"nonce": "x"},
        {"nonce": "9" * 90},
        {"delegatee": "0x12"},
        {"signature": "0x01"},
        {"address": UMA},
    ]
    for change in wrong:
        assert post(client, answer["next"], **{**body, **change})[0] == 422, change
    assert not OutgoingTransaction.objects.exists()


def test_an_account_cannot_let_the_market_pay_all_day(client: Client, guild: Guild) -> None:
    for to in (UMA, VIC, TOM):
        assert delegate(client, TOM, to)[0] == 200
        mined(guild)
    status, answer = post(client, address_of("delegate_sign"), address=TOM, delegate=UMA)
    assert status == 422
    assert "three changes of delegate a day" in answer["sentence"]
    assert "three changes of delegate a day" in plain(client.get(address_of("delegate") + f"?address={TOM}"))
    SignedDelegation.objects.update(signed_at=timezone.now() - timedelta(days=2))
    assert post(client, address_of("delegate_sign"), address=TOM, delegate=UMA)[0] == 200


def test_who_holds_nothing_makes_the_market_pay_nothing(client: Client, guild: Guild) -> None:
    status, answer = post(client, address_of("delegate_sign"), address=STRANGER, delegate=UMA)
    assert status == 422
    assert "nothing to delegate" in answer["sentence"]


def test_a_change_that_the_token_refused_says_so(client: Client, guild: Guild) -> None:
    delegate(client, TOM, UMA)
    OutgoingTransaction.objects.get().move(State.FAILED, refusal="The contract refused.", ended_at=timezone.now())
    assert "The change was not made: The contract refused." in plain(client.get(address_of("delegation_life", TOM)))
    assert delegate(client, TOM, VIC)[0] == 200


def test_the_directory_shows_power_delegators_and_who_takes_part(client: Client, guild: Guild) -> None:
    guild.delegate(VIC, UMA)
    voting = active(guild)
    voting.vote(UMA, 0, "Too much.")
    guild.copy()
    page = plain(client.get(address_of("delegates")))
    assert page.index(TOM) < page.index(UMA)
    assert VIC not in page
    assert "150,000 GUILD" in page
    row = page.split(UMA)[-1].split("</tr>")[0]
    assert ">2<" in row
    assert "1/1" in row
    assert "Against" in row
    assert "0/1" in page.split(TOM)[-1].split("</tr>")[0]


def test_the_directory_takes_a_constant_number_of_queries(
    client: Client, guild: Guild, django_assert_max_num_queries: Any
) -> None:
    active(guild)
    client.get(address_of("delegates"))
    with django_assert_max_num_queries(12):
        client.get(address_of("delegates"))
    with django_assert_max_num_queries(14):
        client.get(address_of("voter", TOM))


def test_the_page_of_a_voter_shows_votes_with_reasons_and_who_lets_them_vote(client: Client, guild: Guild) -> None:
    guild.delegate(VIC, UMA)
    voting = active(guild)
    voting.vote(UMA, 0, "Too <b>much</b>.")
    guild.copy()
    page = plain(client.get(address_of("voter", UMA)))
    assert "Too &lt;b&gt;much&lt;/b&gt;." in page
    assert "in 1 of the last 1 votes" in page
    assert "1 account" in page
    assert "0x976E…0aa9" in page
    assert client.get(address_of("voter", UMA.lower())).url == address_of("voter", UMA)
    assert client.get(address_of("voter", "nobody")).status_code == 404
    assert "This account has not voted yet." in plain(client.get(address_of("voter", STRANGER)))


def publish(client: Client, author: str, text: str, signer: str | None = None) -> tuple[int, dict[str, Any]]:
    status, answer = post(client, address_of("statement_sign", author), address=author, statement=text)
    if status != 200:
        return status, answer
    body = {**answer["with"], "address": author, "signature": sign(answer["typed"], signer or author)}
    return post(client, answer["next"], **body)


def test_a_statement_is_published_by_the_wallet_of_its_author_alone(client: Client, guild: Guild) -> None:
    assert publish(client, UMA, "I vote for **low** fees.\r\n<script>x</script>")[0] == 200
    page = plain(client.get(address_of("voter", UMA)))
    assert "<strong>low</strong>" in page
    assert "<script>x" not in page
    assert "has a statement" in plain(client.get(address_of("delegates")))
    status, answer = publish(client, UMA, "Not mine.", signer=TOM)
    assert status == 422
    assert "not from the account that makes the statement" in answer["sentence"]
    assert "Nobody has delegated to this account" in publish(client, STRANGER, "Me too.")[1]["sentence"]
    assert Statement.objects.get().text.startswith("I vote for")


def test_an_old_statement_cannot_be_put_back_by_somebody_who_kept_it(client: Client, guild: Guild) -> None:
    _, answer = post(client, address_of("statement_sign", UMA), address=UMA, statement="Old.")
    old = {**answer["with"], "address": UMA, "signature": sign(answer["typed"], UMA)}
    assert post(client, answer["next"], **old)[0] == 200
    assert publish(client, UMA, "New.")[0] == 200
    status, said = post(client, answer["next"], **old)
    assert status == 422
    assert "newer statement" in said["sentence"]
    assert Statement.objects.get().text == "New."


def test_a_statement_signed_long_ago_is_not_published(guild: Guild) -> None:
    at = int(timezone.now().timestamp()) - 7_200
    typed = delegating._statement_typed(guild.row(), UMA, "Late.", at)
    with pytest.raises(No, match="too long"):
        delegating.state(guild.row(), UMA, "Late.", at, sign(typed, UMA))


def test_a_wallet_contract_makes_a_statement_too(client: Client, guild: Guild) -> None:
    from eth_utils.address import to_checksum_address

    wallet = str(to_checksum_address(deploy_wallet(guild.node)))
    guild.delegate(VIC, wallet)
    guild.copy()
    _, answer = post(client, address_of("statement_sign", wallet), address=wallet, statement="We are many.")
    body = {**answer["with"], "address": wallet}
    assert post(client, answer["next"], **body, signature="0x02")[0] == 422
    assert post(client, answer["next"], **body, signature="0x01")[0] == 200


def test_a_reported_statement_is_judged_by_the_operators_and_by_nobody_else(client: Client, guild: Guild) -> None:
    publish(client, UMA, "Send me money.")
    place = address_of("voter", UMA)
    assert client.post(place, {"why": ""}).status_code == 422
    assert client.post(place, {"why": "It is a fraud."}).status_code == 302
    judge = address_of("statements")
    assert client.get(judge).status_code in {302, 404}
    client.force_login(world.person("Curious"))
    assert client.get(judge).status_code == 404
    moderator = world.person("Mod")
    moderator.is_moderator = True
    moderator.save(update_fields=["is_moderator"])
    client.force_login(moderator)
    assert "It is a fraud." in plain(client.get(judge))
    assert client.post(judge, {"author": UMA, "why": ""}).status_code == 422
    assert client.post(judge, {"author": UMA, "why": "Begging."}).status_code == 302
    assert "Send me money." not in plain(Client().get(place))
    assert publish(client, UMA, "Send me more.")[0] == 200
    assert "Send me more." not in plain(Client().get(place)), "a new text does not undo the decision"
    assert client.post(judge, {"author": UMA, "again": "1"}).status_code == 302
    assert "Send me more." in plain(Client().get(place))
    assert not StatementReport.objects.exists()


def test_reports_do_not_pile_up_without_end(guild: Guild, client: Client) -> None:
    publish(client, UMA, "Hello.")
    for number in range(30):
        delegating.report(Statement.objects.get(), why=f"Bad {number}")
    assert StatementReport.objects.count() == delegating.MOST_REPORTS


def test_a_text_that_cannot_be_stored_gets_a_sentence(client: Client, guild: Guild) -> None:
    body = json.dumps({"address": UMA, "statement": "STOP"}).replace("STOP", "\\ud800")
    response = client.post(address_of("statement_sign", UMA), body, content_type="application/json")
    assert response.status_code == 422
    assert "cannot be stored" in response.json()["sentence"]
