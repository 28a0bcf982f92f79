"""Reviews as people meet them: on the tool's page, page by page, written in the workspace, hidden in the console."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from marketplace.catalog.models import Listing
from marketplace.reviews.models import Review, Wording
from marketplace.reviews.services import Said
from tests import world
from tests.catalog.test_prose import PAYLOADS, TAGS, Nodes
from tests.escrow.money import everything
from tests.reviews.trade import GOOD, answer, bought, buyer, decide, write

pytestmark = pytest.mark.django_db
PAGE = "/tools/review-mood/reviews/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def cast() -> world.Cast:
    return world.cast()


def many(cast: world.Cast, count: int, *, first: int = 0) -> None:
    for number in range(first, first + count):
        person, org = buyer(f"Buyer {number}", cast.listing)
        write(world.actor(person, org), cast.listing, Said(stars=number % 5 + 1, title=f"Line {number}", text="So."))


def text(client: Client, url: str = PAGE, **headers: str) -> str:
    found = client.get(url, headers=headers or None)
    assert found.status_code == 200, found.status_code
    return found.content.decode()


def test_a_tools_page_has_its_first_reviews_in_it_and_asks_for_nothing_later(client: Client, cast: world.Cast) -> None:
    """What comes later would push away what somebody reads."""
    tool = "/tools/review-mood/"
    assert "Nobody has written one yet" in text(client, tool)
    many(cast, 2)
    page = text(client, tool)
    assert re.findall(r"<h3>Line (\d)</h3>", page) == list("10")
    assert 'hx-trigger="load"' not in page
    assert "Read all reviews" not in page
    many(cast, 4, first=2)
    page = text(client, tool)
    assert re.findall(r"<h3>Line (\d)</h3>", page) == list("543")
    assert "<strong>2.7</strong>" in page
    assert re.search(rf'href="{PAGE}">Read all reviews', page)


def test_stars_are_counted_and_the_newest_come_first(client: Client, cast: world.Cast) -> None:
    many(cast, 6)
    page = text(client)
    assert re.findall(r"<h3>Line (\d)</h3>", page) == list("543210")
    assert "<strong>2.7</strong>" in page
    assert re.findall(r'<dd class="number">(\d)</dd>', page) == ["1", "1", "1", "1", "2"]
    assert re.findall(r'<rect width="(\d+)" height="8"', page) == ["50", "50", "50", "50", "100"]


def test_every_review_stands_on_exactly_one_page(client: Client, cast: world.Cast) -> None:
    many(cast, 23)
    for headers in ({}, HTMX):
        seen: list[str] = []
        url = PAGE
        while url:
            page = text(client, url, **(headers if "?" in url else {}))
            seen += re.findall(r"<h3>Line (\d+)</h3>", page)
            onwards = re.search(r'rel="next" href="([^"]+)"', page)
            url = onwards[1] if onwards else ""
        assert seen == [str(number) for number in reversed(range(23))]


@pytest.mark.parametrize("mark", ["x", "-1", "%00", "9" * 40, "1e9", "٣"])
def test_a_mark_that_makes_no_sense_breaks_nothing(client: Client, cast: world.Cast, mark: str) -> None:
    many(cast, 1)
    text(client, f"{PAGE}?after={mark}")


def test_the_pages_cost_the_same_however_many_reviews_there_are(
    client: Client, cast: world.Cast, settings: Any
) -> None:
    settings.FIGURES_KEPT_SECONDS = 30  # where slices of an order end: not what a page shows
    counts: list[list[int]] = []
    for more in (1, 14):
        many(cast, 1) if more == 1 else [write_one(cast, number) for number in range(100, 100 + more)]
        client.get("/")
        found = []
        for url in (PAGE, "/tools/review-mood/"):
            with CaptureQueriesContext(connection) as queries:
                text(client, url)
            found.append(len(queries))
        counts.append(found)
    assert counts[0] == counts[1]
    assert counts[1][0] <= 6 and counts[1][1] <= 8


def write_one(cast: world.Cast, number: int) -> None:
    person, org = buyer(f"Buyer {number}", cast.listing)
    write(world.actor(person, org), cast.listing)


def everywhere(cast: world.Cast, review: Review) -> list[str]:
    """Every page that shows a review and its answer, as the people see it who can."""
    mia, ada, ben = Client(), Client(), Client()
    for client, person in ((mia, cast.mia), (ada, cast.ada), (ben, cast.ben)):
        client.force_login(person)
    return [
        text(Client()),
        text(Client(), **HTMX),
        text(mia, f"/console/reviews/{review.pk}/"),
        text(mia, "/console/reviews/"),
        text(ada, "/o/ada-bakery/reviews/review-mood/"),
        text(ada, "/o/ada-bakery/reviews/"),
        text(ben, "/o/ben-workshop/reviews/"),
        text(ben, f"/o/ben-workshop/reviews/{review.pk}/answer/"),
    ]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_that_anybody_writes_runs(cast: world.Cast, payload: str) -> None:
    """In title, text, earlier words and answer: no tag or attribute but those that harmless words have, and prose's."""
    bought(cast.bakery, cast.listing)
    evil, actor = payload.replace("\x00", ""), world.actor(cast.ada, cast.bakery)
    review = write(actor, cast.listing, Said(stars=1, title="Fine", text="Fine."))
    write(actor, cast.listing, Said(stars=2, title="Fine", text="Fine."), seen=1)
    given = answer(world.actor(cast.ben, cast.workshop), review, "Fine.")
    harmless = [Nodes(page) for page in everywhere(cast, review)]
    world.written(lambda: Review.objects.update(title=evil[:80], text=evil))()
    world.written(lambda: Wording.objects.update(title=evil[:80], text=evil))()
    world.written(lambda: type(given).objects.update(text=evil))()
    for before, page in zip(harmless, everywhere(cast, review), strict=True):
        nodes = Nodes(page)
        assert nodes.tags - before.tags <= TAGS, payload
        assert nodes.attributes - before.attributes <= {("a", "href"), ("a", "rel")}, payload
        new = set(nodes.links) - set(before.links)
        assert all(link.startswith(("http://", "https://", "mailto:")) for link in new), payload


def test_the_control_would_see_what_runs() -> None:
    nodes = Nodes('<img src=x onerror=alert(1)><a href="javascript:x">')
    assert ("img", "onerror") in nodes.attributes
    assert nodes.links == ["javascript:x"]


def test_a_member_writes_and_changes_the_review_of_the_organization(client: Client, cast: world.Cast) -> None:
    bought(cast.bakery, cast.listing)
    client.force_login(cast.ada)
    assert "Write a review" in text(client, "/o/ada-bakery/reviews/")
    assert "Say how Review mood works for you" in text(client, "/o/ada-bakery/")
    where = "/o/ada-bakery/reviews/review-mood/"
    said = {"stars": "4", "title": "Good", "text": "With small faults.", "seen": "0"}
    assert client.post(where, said).status_code == 302
    assert "Good" in text(client)
    assert "Say how" not in text(client, "/o/ada-bakery/")
    stale = client.post(where, {**said, "stars": "1", "text": "Typed for an hour."})
    assert stale.status_code == 422
    assert "A colleague has written" in stale.content.decode()
    assert "Typed for an hour." in stale.content.decode(), "what was typed is still there"
    assert client.post(where, {**said, "stars": "1", "text": "Slow.", "seen": "1"}).status_code == 302
    page = text(client, where)
    assert "How it read before" in page
    assert "With small faults." in page
    assert "With small faults." not in text(Client()), "earlier words are not for everybody"


def test_who_has_not_paid_long_enough_is_told_from_when_on(client: Client, cast: world.Cast) -> None:
    bought(cast.bakery, cast.listing, days=3, released=0)
    client.force_login(cast.ada)
    where = "/o/ada-bakery/reviews/review-mood/"
    page = text(client, where)
    assert "You can write after your first period is paid out" in page
    assert 'name="stars"' not in page
    refused = client.post(where, {"stars": "1", "title": "Bad", "text": "Bad.", "seen": "0"})
    assert refused.status_code == 422
    with everything():
        assert not Review.objects.exists()


def test_without_an_order_there_is_no_page_to_write_on(client: Client, cast: world.Cast) -> None:
    client.force_login(cast.ada)
    assert client.get("/o/ada-bakery/reviews/review-mood/").status_code == 404


@pytest.mark.parametrize(
    "bad", [{"stars": "6"}, {"stars": ""}, {"title": ""}, {"text": ""}, {"seen": "x"}, {"text": "x" * 4001}]
)
def test_a_form_that_is_not_right_keeps_what_was_typed(client: Client, cast: world.Cast, bad: dict[str, str]) -> None:
    bought(cast.bakery, cast.listing)
    client.force_login(cast.ada)
    said = {"stars": "4", "title": "My line", "text": "My words.", "seen": "0", **bad}
    answered = client.post("/o/ada-bakery/reviews/review-mood/", said)
    assert answered.status_code == 422
    kept = "My line" if "title" not in bad else "My words."
    assert kept in answered.content.decode()


def test_a_provider_answers_from_its_own_page(client: Client, cast: world.Cast) -> None:
    bought(cast.bakery, cast.listing)
    review = write(world.actor(cast.ada, cast.bakery), cast.listing)
    client.force_login(cast.ben)
    where = f"/o/ben-workshop/reviews/{review.pk}/answer/"
    assert where in text(client, "/o/ben-workshop/reviews/")
    assert client.post(where, {"text": "We are **glad**."}).status_code == 302
    assert "We are <strong>glad</strong>." in text(client)
    assert client.post(where, {"text": "More."}).status_code == 422
    write(world.actor(cast.ada, cast.bakery), cast.listing, Said(stars=1, title="No", text="Not so."), seen=1)
    assert "the review was changed after this answer" in text(client)


def test_a_moderator_hides_and_shows_with_a_reason(client: Client, cast: world.Cast) -> None:
    bought(cast.bakery, cast.listing)
    review = write(world.actor(cast.ada, cast.bakery), cast.listing)
    client.force_login(cast.mia)
    where = f"/console/reviews/{review.pk}/"
    assert GOOD.title in text(client, "/console/reviews/")
    assert client.post(where, {"what": "review", "to": "hidden", "reason": ""}).status_code == 422
    for _ in range(2):  # the second is refused, and does not show it again
        client.post(where, {"what": "review", "to": "hidden", "reason": "It names a person."})
    assert GOOD.title not in text(Client())
    assert GOOD.title in text(client, "/console/reviews/?state=hidden")
    client.force_login(cast.ada)
    assert "It names a person." in text(client, "/o/ada-bakery/reviews/review-mood/")
    client.force_login(cast.mia)
    assert client.post(where, {"what": "review", "to": "shown", "reason": "Changed."}).status_code == 302
    assert GOOD.title in text(Client())
    assert client.post(where, {"what": "answer", "to": "hidden", "reason": "x"}).status_code == 404


def test_an_answer_is_hidden_and_the_review_stays(client: Client, cast: world.Cast) -> None:
    bought(cast.bakery, cast.listing)
    review = write(world.actor(cast.ada, cast.bakery), cast.listing)
    given = answer(world.actor(cast.ben, cast.workshop), review, "You are a liar.")
    assert "You are a liar." in text(client)
    decide(cast.mia, given, "hidden", "An insult.")
    page = text(client)
    assert "You are a liar." not in page and GOOD.title in page
    client.force_login(cast.ben)
    assert "An insult." in text(client, "/o/ben-workshop/reviews/")


@pytest.mark.parametrize("state", ["hidden", "suspended", "retired"])
def test_reviews_of_what_is_not_public_are_not_shown(client: Client, cast: world.Cast, state: str) -> None:
    many(cast, 1)
    world.written(lambda: Listing.objects.update(state=state))()
    assert client.get(PAGE).status_code == 404


def test_only_moderators_find_the_console(client: Client, cast: world.Cast) -> None:
    for who in (cast.ada, cast.ben):
        client.force_login(who)
        for where in ("/console/reviews/", "/console/reviews/1/"):
            assert client.get(where).status_code == 404


def test_who_may_only_look_sees_no_invitation(client: Client, cast: world.Cast) -> None:
    bought(cast.bakery, cast.listing)
    viewer: Any = world.person("Vic")
    world.member(cast.bakery, viewer, "viewer")
    client.force_login(viewer)
    assert "Write a review" not in text(client, "/o/ada-bakery/reviews/")
    assert client.get("/o/ada-bakery/reviews/review-mood/").status_code == 403
