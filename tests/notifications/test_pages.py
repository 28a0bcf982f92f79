"""The inbox, the bell and the choices, as people use them."""

from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from marketplace.notifications.models import Kind, Notification, Preference
from marketplace.tenancy.scope import as_system, scope
from tests import world
from tests.notifications.test_walls import notice

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(client: Client) -> Any:
    person = world.person("Ada")
    client.force_login(person)
    return person


def body(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status
    return str(answer.content.decode())


@pytest.mark.parametrize("page", ["/inbox/", "/browse/", "/governance/", "/o/new/"])
def test_every_shell_shows_the_bell_with_what_is_new(page: str, client: Client, ada: Any) -> None:
    assert "Inbox, nothing new" in body(client.get(page))
    notice(ada)
    assert "Inbox, 1 new" in body(client.get(page))


def test_the_workspace_and_the_console_show_it_too(client: Client) -> None:
    mia = world.person("Mia", is_moderator=True)
    world.organization("Bakery", owner=mia)
    notice(mia)
    client.force_login(mia)
    for page in ("/o/bakery/", "/console/"):
        assert "Inbox, 1 new" in body(client.get(page))


def test_who_is_not_signed_in_sees_no_bell(client: Client) -> None:
    assert 'id="bell"' not in body(client.get("/browse/"))
    assert client.get("/inbox/bell/").status_code == 204


def test_the_bell_answers_only_when_the_number_has_changed(client: Client, ada: Any) -> None:
    assert client.get("/inbox/bell/?shown=0").status_code == 204
    notice(ada)
    assert "Inbox, 1 new" in body(client.get("/inbox/bell/?shown=0"))
    assert client.get("/inbox/bell/?shown=1").status_code == 204


def test_the_bell_costs_few_queries_and_counts_to_a_hundred(
    client: Client, ada: Any, django_assert_max_num_queries: Any
) -> None:
    for _ in range(120):
        notice(ada)
    with django_assert_max_num_queries(8):  # session, person, savepoint and scope around one count
        assert "more than 99 new" in body(client.get("/inbox/bell/"))


def test_opening_a_notice_marks_it_and_goes_there(client: Client, ada: Any) -> None:
    mine = notice(ada)
    answer: Any = client.post(f"/inbox/{mine.pk}/")
    assert (answer.status_code, answer["Location"]) == (302, "/browse/")
    assert "Inbox, nothing new" in body(client.get("/inbox/"))
    assert client.get(f"/inbox/{mine.pk}/").status_code == 405


def test_marking_all_as_read_leaves_what_came_meanwhile(client: Client, ada: Any) -> None:
    old = notice(ada)
    notice(ada)
    client.post("/inbox/read/", {"up_to": old.pk})
    assert "Inbox, 1 new" in body(client.get("/inbox/"))


def test_a_full_inbox_comes_in_pages_without_a_gap(client: Client, ada: Any) -> None:
    made = [notice(ada).pk for _ in range(45)]
    found: list[int] = []
    where = "/inbox/"
    while where:
        answer: Any = client.get(where)
        found += [item.notice.pk for item in answer.context["items"]]
        where = answer.context["next_url"] and "/inbox/" + answer.context["next_url"]
    assert found == made[::-1]
    for odd in ("x", "-1", "9" * 40, "0", "²"):
        assert client.get("/inbox/", {"before": odd}).status_code == 200


def test_an_empty_inbox_says_what_will_stand_here(client: Client, ada: Any) -> None:
    assert "Nothing yet" in body(client.get("/inbox/"))


def test_what_one_chooses_is_kept_and_what_is_always_on_stays_on(client: Client, ada: Any) -> None:
    page = body(client.get("/inbox/choose/"))
    assert "Cases that wait for a moderator" not in page
    answer: Any = client.post("/inbox/choose/", {"orders_mail": "on"})
    assert answer.status_code == 302
    with transaction.atomic(), scope(user_id=ada.pk):
        rows = {row.kind: (row.in_inbox, row.by_mail) for row in Preference.objects.all()}
    assert rows[Kind.ORDERS] == (False, True)
    assert rows[Kind.SELLING] == (False, False)
    assert rows[Kind.MONEY] == (True, False)
    assert rows[Kind.SECURITY] == (True, True)


def test_only_the_inbox_holds_what_was_meant_for_it(client: Client, ada: Any) -> None:
    notice(ada, in_inbox=False)
    with transaction.atomic(), as_system("the test looks"):
        assert Notification.objects.count() == 1
    assert "Nothing yet" in body(client.get("/inbox/"))
