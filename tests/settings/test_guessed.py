"""What programs ask for by themselves."""

from urllib.robotparser import RobotFileParser

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

pytestmark = pytest.mark.django_db


def test_an_icon_is_found_where_browsers_guess_it() -> None:
    answer = Client().get("/favicon.ico")
    assert answer.status_code == 302
    assert finders.find(answer["Location"].removeprefix("/static/"))


def test_a_search_engine_may_read_the_shop_and_leaves_the_rest() -> None:
    rules = RobotFileParser()
    rules.parse(Client().get("/robots.txt").content.decode().splitlines())
    for path in ("/", "/browse/", "/tools/review-mood/", "/governance/", "/static/icons/card.png"):
        assert rules.can_fetch("*", path)
    for path in ("/o/bakery/", "/console/", "/accounts/login/", "/api/v1/listings"):
        assert not rules.can_fetch("*", path)
