"""A draft that others talk about: what they read, who may speak, what taking back means, and what it becomes."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from governance import discussing, drafting
from governance.models import Comment, Discussion, Draft, Proposal
from tests import world
from tests.governance.guild import GUILD, NOBODY, STRANGER, TOM, UMA, VIC, Guild
from tests.governance.test_drafting import WORDS, begun, put
from tests.governance.test_pages import plain, post, send
from tests.governance.wallets import sign

pytestmark = pytest.mark.django_db


def signed(client: Client, url: str, account: str, by: str = "", **fields: Any) -> tuple[int, dict[str, Any]]:
    """What page and wallet do together; `by` whose key signs, if not the account's."""
    status, answer = post(client, url, address=account, **fields)
    if status != 200:
        return status, answer
    signature = sign(answer["typed"], by or account)
    return post(client, answer["next"], **{**answer["with"], "address": account, "signature": signature})


def written(client: Client) -> str:
    """The secret link of a draft with a call and words."""
    url = begun(client)
    put(client, url, "pause", what="pause")
    client.post(url, WORDS)
    return url


def opened(client: Client, url: str, account: str = TOM) -> str:
    status, answer = signed(client, f"{url}open/", account)
    assert status == 200, answer
    return str(answer["go"])


@pytest.fixture
def place(client: Client, guild: Guild) -> str:
    """The public address of a draft of Tom's."""
    return opened(client, written(client))


def say(client: Client, place: str, account: str, text: str, **more: Any) -> tuple[int, dict[str, Any]]:
    return signed(client, f"{place}say/", account, comment=text, **more)


def test_an_opened_draft_is_read_by_everybody_and_its_secret_link_is_not_given_away(
    client: Client, guild: Guild
) -> None:
    url = written(client)
    key = url.split("/")[-2]
    place = opened(client, url)
    other = Client()
    page = plain(other.get(place))
    assert "No new subscription can be paid until this is taken back." in page
    assert "<strong>rest</strong>" in page
    assert "who had 600,000 GUILD of votes then" in page
    assert "it would succeed" in plain(other.get(f"{place}?try=1"))
    assert place in plain(other.get(reverse("governance:proposals")))
    assert place in plain(other.get(reverse("governance:discussions", args=["guild-governor"])))
    for read in (place, reverse("governance:proposals"), f"/api/v1/governance/daos/guild-governor{place[26:]}"):
        answer = other.get(read)
        assert answer.status_code == 200, read
        assert key not in plain(answer), "who has the key can change the draft"
    assert other.get(place.replace(place.split("/")[-2], key)).status_code == 404


def test_a_draft_is_opened_by_a_wallet_that_has_a_say_and_only_with_words(client: Client, guild: Guild) -> None:
    url = begun(client)
    assert "a title and a reason first" in post(client, f"{url}open/", address=TOM)[1]["sentence"]
    client.post(url, WORDS)
    status, answer = signed(client, f"{url}open/", STRANGER)
    assert status == 422
    assert "Here speaks who holds GUILD" in answer["sentence"].replace("\xa0", " ")
    assert signed(client, f"{url}open/", TOM, by=UMA)[0] == 422
    assert not Discussion.objects.exists()
    first, again = opened(client, url), opened(client, url)
    assert first == again, "a draft has one discussion"
    assert "Close the discussion" in plain(client.get(url))


def test_who_holds_but_lets_others_vote_may_speak_too(client: Client, place: str, guild: Guild) -> None:
    guild.delegate(VIC, NOBODY)
    guild.copy()
    assert say(client, place, VIC, "I only hold.")[0] == 200
    assert Comment.objects.get().power == 0
    assert say(client, place, STRANGER, "I hold nothing.")[0] == 422


def test_a_comment_stands_under_its_wallet_with_the_votes_that_it_had(client: Client, place: str, guild: Guild) -> None:
    status, answer = say(client, place, UMA, "Why *now*? <script>alert(1)</script> [x](javascript:alert(1))")
    assert status == 200, answer
    row = Comment.objects.get()
    assert answer["go"] == f"{place}?page=1#comment-{row.pk}"
    assert row.power == 100_000 * GUILD
    guild.delegate(UMA, TOM)
    guild.copy()
    page = plain(client.get(place))
    assert "Why <em>now</em>?" in page
    assert "100,000 GUILD" in page
    assert "<script>alert" not in page
    assert 'href="javascript' not in page


def test_words_that_somebody_else_signed_are_not_published(client: Client, place: str, guild: Guild) -> None:
    status, answer = signed(client, f"{place}say/", UMA, by=VIC, comment="Uma says so.")
    assert status == 422
    assert "not from the account that speaks" in answer["sentence"]
    _, asked = post(client, f"{place}say/", address=UMA, comment="Yes.")
    body = {**asked["with"], "address": UMA, "signature": sign(asked["typed"], UMA)}
    for change in ({"comment": "No."}, {"at": str(int(body["at"]) + 1)}, {"answers": "1"}, {"address": VIC}):
        assert post(client, asked["next"], **{**body, **change})[0] == 422, change
    assert not Comment.objects.exists()
    old = {**body, "at": str(int(body["at"]) - 4_000)}
    typed = asked["typed"] | {"message": asked["typed"]["message"] | {"at": old["at"]}}
    status, answer = post(client, asked["next"], **{**old, "signature": sign(typed, UMA)})
    assert (status, "took too long" in answer["sentence"]) == (422, True)
    for _ in range(2):
        assert post(client, asked["next"], **body)[0] == 200, "a repeated post is the same comment"
    assert Comment.objects.count() == 1


def test_an_answer_stands_below_what_it_answers_and_nothing_below_an_answer(
    client: Client, place: str, guild: Guild
) -> None:
    say(client, place, UMA, "First.")
    first = Comment.objects.get()
    assert say(client, place, TOM, "An answer.", answers=first.pk)[0] == 200
    answer = Comment.objects.get(answers=first)
    assert say(client, place, VIC, "Deeper.", answers=answer.pk)[0] == 422
    elsewhere = opened(client, written(client))
    assert say(client, elsewhere, VIC, "Across.", answers=first.pk)[0] == 422
    page = plain(client.get(place))
    assert page.index("First.") < page.index("An answer.")


def test_what_its_author_takes_back_is_gone_for_good_and_cannot_be_put_back(
    client: Client, place: str, guild: Guild
) -> None:
    _, asked = post(client, f"{place}say/", address=UMA, comment="A regrettable secret.")
    body = {**asked["with"], "address": UMA, "signature": sign(asked["typed"], UMA)}
    post(client, asked["next"], **body)
    row = Comment.objects.get()
    way = f"{place}{row.pk}/withdraw/"
    assert post(client, way, address=TOM)[0] == 422
    assert signed(client, way, UMA, by=TOM)[0] == 422
    assert "regrettable" in plain(client.get(place))
    assert signed(client, way, UMA)[0] == 200
    row.refresh_from_db()
    assert (row.text, bytes(row.signature)) == ("", b"")
    for read in (place, reverse("governance:discussion_feed", args=["guild-governor"])):
        assert "regrettable" not in plain(client.get(read))
    assert "Taken back by its author." in plain(client.get(place))
    assert post(client, asked["next"], **body)[0] == 422, "the old signature brings nothing back"
    assert say(client, place, TOM, "To that:", answers=row.pk)[0] == 422
    with pytest.raises(IntegrityError), transaction.atomic():
        Comment.objects.filter(pk=row.pk).update(text="A regrettable secret.")


def test_the_author_closes_it_and_what_was_said_stays(client: Client, guild: Guild) -> None:
    url = written(client)
    place = opened(client, url)
    say(client, place, UMA, "Said in time.")
    _, asked = post(client, f"{place}say/", address=VIC, comment="Too late.")
    assert client.post(f"{url}close/").status_code == 302
    assert Client().post(url.replace(url.split("/")[-2], "x" * 32) + "close/").status_code == 404
    status, answer = post(client, asked["next"], **asked["with"], address=VIC, signature=sign(asked["typed"], VIC))
    assert (status, "closed" in answer["sentence"]) == (422, True)
    page = plain(client.get(place))
    assert "Said in time." in page
    assert "This discussion is closed." in page
    assert signed(client, f"{place}{Comment.objects.get().pk}/withdraw/", UMA)[0] == 200, (
        "one's own words stay one's own"
    )


def test_who_has_the_link_lets_a_closed_discussion_go_on_and_nobody_else(client: Client, guild: Guild) -> None:
    url = written(client)
    place = opened(client, url)
    say(client, place, UMA, "Said before.")
    client.post(f"{url}close/")
    assert "Open the discussion again" in plain(client.get(url))
    assert "unless whoever has the draft's link opens it again" in plain(client.get(place)).replace("&#x27;", "'")
    key = url.split("/")[-2]
    for other in ("x" * 32, place.split("/")[-2]):
        assert Client().post(url.replace(key, other) + "reopen/").status_code == 404
    assert Client().get(f"{url}reopen/").status_code == 405
    assert say(client, place, VIC, "Too early.")[0] == 422
    for _ in range(2):
        answer = Client().post(f"{url}reopen/")
        assert (answer.status_code, answer["Location"]) == (302, url)
    assert "Close the discussion" in plain(client.get(url))
    assert say(client, place, VIC, "Said after.")[0] == 200
    page = plain(client.get(place))
    assert page.index("Said before.") < page.index("Said after.")


def test_a_closed_discussion_of_what_is_proposed_stays_closed(client: Client, guild: Guild) -> None:
    url = written(client)
    opened(client, url)
    client.post(f"{url}close/")
    _, answer = post(client, f"{url}send/", address=TOM)
    send(guild, answer, TOM)
    guild.copy()
    for follow in (False, True):
        if follow:
            assert discussing.follow_drafts() == 1
            client.post(url, {"title": "Something else", "why": "Now."})
        answer = client.post(f"{url}reopen/")
        assert (answer.status_code, "has become a proposal" in plain(answer)) == (422, True)
        assert Discussion.objects.get().closed_at is not None
        page = plain(client.get(url))
        assert "Open the discussion again" not in page
        assert Proposal.objects.get().get_absolute_url() in page


def test_opening_again_brings_nothing_back_that_moderators_hide(client: Client, guild: Guild) -> None:
    url = written(client)
    place = opened(client, url)
    client.post(f"{url}close/")
    discussing.hide(Discussion.objects.get(), why="Not about this market.")
    client.post(f"{url}reopen/")
    assert "Hidden by a moderator: Not about this market." in plain(client.get(place))
    assert "Hidden by a moderator: Not about this market." in plain(client.get(url))
    assert say(client, place, UMA, "Still?")[0] == 422


def test_moderators_hide_with_a_reason_that_stands_in_its_place(client: Client, place: str, guild: Guild) -> None:
    say(client, place, UMA, "An insult.")
    row = Comment.objects.get()
    way = f"{place}moderate/"
    assert client.post(way, {"comment": row.pk, "why": "x"}).status_code == 302
    row.refresh_from_db()
    assert row.hidden_at is None, "a stranger hides nothing"
    mia, moderator = world.person("Mia"), Client()
    mia.is_moderator = True
    mia.save(update_fields=["is_moderator"])
    moderator.force_login(mia)
    assert moderator.post(way, {"comment": row.pk, "why": ""}).status_code == 422
    assert moderator.post(way, {"comment": row.pk, "why": "Insults somebody."}).status_code == 302
    page = plain(client.get(place))
    assert "An insult." not in page
    assert "Hidden by a moderator: Insults somebody." in page
    told = client.get(f"/api/v1/governance/daos/guild-governor{place[26:]}comments/").json()["results"][0]
    assert (told["text"], told["signature"], told["hidden"]) == (None, None, "Insults somebody.")
    moderator.post(way, {"comment": row.pk, "again": "1"})
    assert "An insult." in plain(client.get(place))
    moderator.post(way, {"comment": "", "why": "Not about this market."})
    page = plain(client.get(place))
    assert "Hidden by a moderator: Not about this market." in page
    assert "Pay the arbiters" not in page
    assert "An insult." not in page
    assert place not in plain(client.get(reverse("governance:proposals")))
    assert client.get(f"/api/v1/governance/daos/guild-governor{place[26:]}").status_code == 404
    assert say(client, place, UMA, "Still here?")[0] == 422


def test_nobody_floods_a_discussion_or_the_list(
    client: Client, place: str, guild: Guild, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discussing, "SAID_A_DAY", 1)
    assert say(client, place, UMA, "One.")[0] == 200
    signed(client, f"{place}{Comment.objects.get().pk}/withdraw/", UMA)
    status, answer = say(client, place, UMA, "Two.")
    assert (status, "at most 1 comments a day" in answer["sentence"]) == (422, True), "taking back makes no room"
    monkeypatch.setattr(discussing, "SAID_A_DAY", 20)
    monkeypatch.setattr(discussing, "HEARD_A_DAY", 1)
    assert "Enough was said here" in say(client, place, VIC, "Three.")[1]["sentence"]
    monkeypatch.setattr(discussing, "OPENED_A_DAY", 1)
    status, answer = signed(client, f"{written(client)}open/", TOM)
    assert (status, "at most 1 drafts a day" in answer["sentence"]) == (422, True)
    assert post(client, f"{place}say/", address=VIC, comment="x" * 5_001)[0] == 422
    assert post(client, f"{place}say/", address=VIC, comment=" ")[0] == 422


def test_proposal_and_discussion_lead_to_each_other_whatever_is_written_later(client: Client, guild: Guild) -> None:
    url = written(client)
    place = opened(client, url)
    status, answer = post(client, f"{url}send/", address=TOM)
    assert status == 200, answer
    assert discussing.follow_drafts() == 0
    send(guild, answer, TOM)
    guild.copy()
    assert discussing.follow_drafts() == 1
    proposal = Proposal.objects.get()
    client.post(url, {"title": "Something else", "why": "Now."})
    assert proposal.get_absolute_url() in plain(client.get(place))
    assert place in plain(client.get(proposal.get_absolute_url()))
    assert place not in plain(client.get(reverse("governance:proposals"))), "what is proposed is no draft to discuss"
    assert discussing.follow_drafts() == 0


def test_a_proposal_of_other_calls_is_not_taken_for_the_draft(client: Client, guild: Guild) -> None:
    url = written(client)
    opened(client, url)
    _, answer = post(client, f"{url}send/", address=TOM)
    draft = Draft.objects.get()
    Draft.objects.update(calls=[[target, "1", data] for target, _, data in draft.calls])
    send(guild, answer, TOM)
    guild.copy()
    assert discussing.follow_drafts() == 0


def test_what_is_talked_about_is_not_forgotten_and_what_is_forgotten_goes_with_its_comments(
    client: Client, place: str, guild: Guild
) -> None:
    say(client, place, UMA, "Keep it.")
    Draft.objects.update(changed_at=timezone.now() - timedelta(days=91))
    assert drafting.forget() == 0
    Comment.objects.update(written_at=timezone.now() - timedelta(days=91))
    assert drafting.forget() == 1
    assert not Comment.objects.exists()
    assert client.get(place).status_code == 404


def test_a_long_discussion_costs_as_many_queries_as_a_short_one(
    client: Client, place: str, guild: Guild, django_assert_max_num_queries: Any
) -> None:
    discussion = Discussion.objects.get()
    for number in range(60):
        made = Comment.objects.create(
            discussion=discussion, author=UMA, power=1, text=f"Number {number}.", signature=b"x", said_at=number
        )
        Comment.objects.create(
            discussion=discussion, answers=made, author=TOM, power=1, text="Yes.", signature=b"x", said_at=number
        )
    client.get(place)
    with django_assert_max_num_queries(15):
        page = plain(client.get(place))
    assert "Number 49." in page
    assert "Number 50." not in page
    assert "Number 50." in plain(client.get(f"{place}?page=2"))
