"""What programs ask for by themselves."""

from typing import Any
from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client

from marketplace.catalog.models import Listing
from settings import sitemap
from tests import world

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
    assert rules.site_maps() == [f"{settings.BASE_URL}/sitemap.xml"]


def told(path: str) -> list[str]:
    """The addresses that a file of the sitemap names, without the host."""
    answer = Client().get(path)
    assert answer.status_code == 200, path
    found = ElementTree.fromstring(answer.content).iter(f"{{{sitemap.NAMESPACE}}}loc")
    return [str(each.text).removeprefix(settings.BASE_URL) for each in found]


def test_every_address_that_the_sitemap_names_comes_and_every_public_tool_is_named_once() -> None:
    cast = world.cast()
    hidden = world.listing(cast.workshop, "Not yet", currency=cast.currency)
    world.written(Listing.objects.filter(pk=hidden.pk).update)(state="suspended")
    files = told("/sitemap.xml")
    named = [path for file in files for path in told(file)]
    assert len(named) == len(set(named))
    assert [path for path in named if "/tools/" in path] == [f"/tools/{cast.listing.slug}/"]
    for path in named:
        assert Client().get(path).status_code == 200, path


def test_the_size_of_the_market_does_not_change_what_a_file_costs(django_assert_num_queries: Any) -> None:
    listing = world.cast().listing
    part = listing.pk // sitemap.SPAN
    for _ in range(2):
        with django_assert_num_queries(1):
            assert Client().get(f"/sitemap-tools-{part}.xml").status_code == 200
    assert f"/sitemap-tools-{part}.xml" in told("/sitemap.xml")
    assert Client().get(f"/sitemap-tools-{10**12}.xml").status_code == 404
