"""A comment that somebody reports: who may, how often, who reads it, what ends it, and that nothing is hidden by it."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from governance import reporting
from governance.models import Comment, CommentReport, Discussion
from tests import world
from tests.governance.guild import TOM, UMA, VIC, Guild
from tests.governance.test_discussing import opened, say, signed, written
from tests.governance.test_pages import plain

pytestmark = pytest.mark.django_db
STATEMENTS = reverse("governance:statements")
HOME, ELSEWHERE = "192.0.2.7", "198.51.100.7"


@pytest.fixture
def place(client: Client, guild: Guild) -> str:
    """The public address of a draft on which Uma said two things."""
    found = opened(client, written(client))
    say(client, found, UMA, "Buy my book.")
    say(client, found, VIC, "A fair point.")
    return found


@pytest.fixture
def moderator() -> Client:
    mia, browser = world.person("Mia"), Client()
    mia.is_moderator = True
    mia.save(update_fields=["is_moderator"])
    browser.force_login(mia)
    return browser


def book() -> Comment:
    return Comment.objects.get(text="Buy my book.")


def report(place: str, row: Comment, where: str = HOME, category: str = "advertising", text: str = "") -> Any:
    """As a stranger's browser sends it."""
    return Client(REMOTE_ADDR=where).post(f"{place}{row.pk}/report/", {"category": category, "text": text})


def test_anybody_reports_a_comment_and_is_thanked_and_nothing_is_hidden_by_it(place: str) -> None:
    row, stranger = book(), Client(REMOTE_ADDR=HOME)
    page = plain(stranger.get(place))
    assert f'href="{place}{row.pk}/report/"' in page
    assert "Buy my book." in plain(stranger.get(f"{place}{row.pk}/report/"))
    answer = report(place, row, text="Third time this week.")
    assert answer.status_code == 302
    assert answer["Location"] == f"{place}?page=1&reported=1#comment-{row.pk}"
    page = plain(stranger.get(answer["Location"]))
    assert "Thank you. A moderator will look at it." in page
    assert "Buy my book." in page
    assert "Third time" not in page
    for number in range(reporting.MOST_OF_ONE + 3):
        report(place, row, where=f"203.0.{number}.9")
    assert "Buy my book." in plain(stranger.get(place)), "however many report it"
    assert row.reports.count() == reporting.MOST_OF_ONE, "more of them fill no table"


def test_a_report_needs_a_kind_and_keeps_what_was_typed(place: str) -> None:
    answer = report(place, book(), category="", text="It is rude.")
    assert answer.status_code == 422
    assert "Say what is wrong with it." in plain(answer)
    assert "It is rude." in plain(answer)
    assert report(place, book(), category="dull").status_code == 422
    assert report(place, book(), text="x" * 501).status_code == 422
    assert not CommentReport.objects.exists()


def test_one_network_counts_once_for_a_comment_and_ten_times_a_day(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    row, other = book(), Comment.objects.get(author=VIC)
    assert report(place, row).status_code == 302
    again = report(place, row, where="192.0.2.200")
    assert (again.status_code, "reported from here already" in plain(again)) == (422, True), "the same /24"
    assert report(place, row, where=ELSEWHERE).status_code == 302
    assert row.reports.count() == 2
    monkeypatch.setattr(reporting, "MOST_A_DAY", 1)
    late = report(place, other)
    assert (late.status_code, "as many reports as we take" in plain(late)) == (429, True)
    assert 86_000 < int(late["Retry-After"]) <= 86_401
    CommentReport.objects.update(reported_at=timezone.now() - timedelta(days=1, seconds=1))
    assert report(place, other).status_code == 302, "a day later"


def test_where_a_report_came_from_is_kept_as_a_digest_alone_and_once(place: str) -> None:
    report(place, book())
    kept = CommentReport.objects.get()
    assert "192" not in f"{kept.source}{kept.text}"
    assert len(kept.source) == 64
    with pytest.raises(IntegrityError), transaction.atomic():
        CommentReport.objects.create(comment=book(), category="other", source=kept.source)
    with pytest.raises(IntegrityError), transaction.atomic():
        CommentReport.objects.create(comment=book(), category="other", source=HOME)


def test_moderators_read_first_what_was_reported_how_often_and_why(place: str, moderator: Client) -> None:
    row = book()
    report(place, row, text="An advertisement.")
    report(place, row, where=ELSEWHERE)
    report(place, row, where="203.0.113.1", category="fraud", text="<b>It asks for keys.</b>")
    for where in (f"{place}moderate/", STATEMENTS, reverse("governance:statements", args=["guild-governor"])):
        page = plain(moderator.get(where))
        assert "3 reports" in page
        assert "It advertises, or has nothing to do with the draft (2)" in page
        assert "It wants to trick people out of money or keys" in page
        assert "An advertisement." in page
        assert "&lt;b&gt;It asks for keys." in page
    page = plain(moderator.get(f"{place}moderate/"))
    assert page.index("Buy my book.") < page.index("A fair point."), "reported first, though the other is newer"
    assert "A fair point." not in plain(moderator.get(STATEMENTS))


def test_nobody_else_learns_of_a_report(client: Client, place: str) -> None:
    report(place, book(), text="Between us.")
    person = Client()
    person.force_login(world.person("Ada"))
    for browser in (Client(), person):
        assert browser.get(STATEMENTS).status_code in {302, 404}
        assert browser.get(f"{place}moderate/").status_code in {302, 404}
        assert browser.post(STATEMENTS, {"comment": book().pk, "why": "x"}).status_code in {302, 404}
    assert book().hidden_at is None
    api = f"/api/v1/governance/daos/guild-governor{place[26:]}comments/"
    feed = reverse("governance:discussion_feed", args=["guild-governor"])
    for read in (place, api, feed, f"{place}{book().pk}/report/"):
        answer = Client().get(read)
        assert answer.status_code == 200
        assert "Between us." not in answer.content.decode(), read


@pytest.mark.parametrize("where", ["moderate", "statements"])
@pytest.mark.parametrize("decision", [{"why": "It is an advertisement."}, {"again": "1"}])
def test_what_a_moderator_decides_ends_the_reports(
    place: str, moderator: Client, where: str, decision: dict[str, str]
) -> None:
    row, way = book(), STATEMENTS if where == "statements" else f"{place}moderate/"
    report(place, row, text="An advertisement.")
    assert moderator.post(way, {"comment": row.pk, "why": ""}).status_code == 422
    assert CommentReport.objects.unanswered().count() == 1
    assert moderator.post(way, {"comment": row.pk, **decision}).status_code == 302
    row.refresh_from_db()
    assert (row.hidden_at is not None) == ("why" in decision)
    kept = CommentReport.objects.get()
    assert kept.answered_at is not None
    assert kept.text == "", "nobody needs the words any more"
    for page in (STATEMENTS, f"{place}moderate/"):
        assert "1 report" not in plain(moderator.get(page))
    assert report(place, row).status_code == (404 if "why" in decision else 302), "another day, another reason"


def test_what_its_author_takes_back_takes_the_reports_with_it(client: Client, place: str, moderator: Client) -> None:
    row = book()
    report(place, row, text="It says: Buy my book.")
    assert signed(client, f"{place}{row.pk}/withdraw/", UMA)[0] == 200
    assert not CommentReport.objects.unanswered().exists()
    assert not CommentReport.objects.exclude(text="").exists(), "a report may quote what is gone for good"
    assert "Buy my book." not in plain(moderator.get(STATEMENTS))
    assert report(place, row).status_code == 404


def test_answered_reports_count_for_their_day_and_are_forgotten(
    place: str, moderator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = book()
    report(place, row)
    moderator.post(STATEMENTS, {"comment": row.pk, "again": "1"})
    monkeypatch.setattr(reporting, "MOST_A_DAY", 1)
    assert report(place, row).status_code == 429, "an answer makes no room for the next one"
    assert reporting.forget() == 0
    CommentReport.objects.update(reported_at=timezone.now() - timedelta(days=1, seconds=1))
    report(place, row, where=ELSEWHERE)
    assert reporting.forget() == 1
    assert CommentReport.objects.unanswered().count() == 1, "what nobody has answered waits"


def test_a_comment_that_is_not_shown_or_of_another_draft_cannot_be_reported(
    client: Client, place: str, moderator: Client
) -> None:
    row = book()
    other = opened(client, written(client))
    assert report(other, row).status_code == 404
    moderator.post(f"{place}moderate/", {"comment": "", "why": "Not about this market."})
    assert report(place, row).status_code == 404
    assert Client().get(f"{place}{row.pk}/report/").status_code == 404
    stale = Comment.objects.select_related("discussion").get(pk=row.pk)
    with pytest.raises(reporting.No):
        reporting.report(stale, category="other", text="", place=HOME)
    Discussion.objects.update(hidden_at=None, hidden_why="")
    reporting.report(stale, category="other", text="", place=HOME)
    assert stale.reports.count() == 1


def test_a_page_of_reported_comments_costs_as_many_queries_as_an_empty_one(
    place: str, moderator: Client, django_assert_max_num_queries: Any
) -> None:
    discussion = Discussion.objects.get()

    def more(count: int) -> None:
        for number in range(count):
            made = Comment.objects.create(
                discussion=discussion, author=TOM, power=1, text="Well.", signature=b"-", said_at=number + 9 * count
            )
            reporting.report(made, category="other", text="Why?", place=f"10.{count}.{number}.0")

    more(1)
    moderator.get(STATEMENTS)
    with django_assert_max_num_queries(40) as few:
        moderator.get(STATEMENTS)
    more(20)
    with django_assert_max_num_queries(40) as many:
        moderator.get(STATEMENTS)
    assert len(many) == len(few)
