"""The market speaks the reader's language, keeps the choice, and stays as easy to cache as before."""

import re
from typing import Any

import pytest
from django.db import connection
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from marketplace.accounts.models import User
from marketplace.audit.models import Entry
from marketplace.tenancy.scope import as_system
from settings.templatetags.words import said
from tests import world

SWITCH = "/accounts/language/"
HERE = "http://testserver/governance/"


def language_of(answer: Any) -> str:
    """What the page says of itself, in its head and in its header."""
    said: str = answer.headers["Content-Language"]
    assert f'<html lang="{said}"' in answer.content.decode()
    return said


def chosen(person: User) -> str:
    return User.objects.get(pk=person.pk).language


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("accepts", "spoken", "words"),
    [
        ("de-CH,de;q=0.9,en;q=0.5", "de", "Alle Tools"),
        ("id", "id", "Semua alat"),
        ("fr,ja;q=0.9", "en", "All tools"),
        ("", "en", "All tools"),
    ],
)
def test_a_stranger_is_spoken_to_in_the_language_of_the_browser(
    client: Client, accepts: str, spoken: str, words: str
) -> None:
    world.cast()
    answer = client.get("/", headers={"accept-language": accepts} if accepts else {})
    assert language_of(answer) == spoken
    assert words in answer.content.decode()


@pytest.mark.django_db
def test_a_cache_may_keep_what_a_stranger_gets_and_knows_what_it_varies_by(client: Client) -> None:
    world.cast()
    for accepts in ("de", "en"):
        with CaptureQueriesContext(connection) as queries:
            answer = client.get("/browse/", headers={"accept-language": accepts})
        varies = {name.strip().lower() for name in answer.headers["Vary"].split(",")}
        assert {"accept-language", "cookie"} <= varies
        assert not answer.cookies
        assert "no-store" not in answer.headers.get("Cache-Control", "")
        assert not [query for query in queries if "session" in query["sql"] or "accounts_user" in query["sql"]]


@pytest.mark.django_db
def test_the_choice_of_a_stranger_is_kept_in_the_browser(client: Client) -> None:
    answer = client.post(SWITCH, {"language": "id"}, headers={"referer": HERE})
    assert answer.status_code == 302
    assert answer["Location"] == HERE
    assert client.cookies["django_language"]["httponly"]
    assert client.cookies["django_language"]["samesite"] == "Lax"
    assert language_of(client.get("/", headers={"accept-language": "de"})) == "id"


@pytest.mark.django_db
def test_the_choice_of_a_person_goes_with_the_person(client: Client) -> None:
    ada = world.person("Ada")
    client.force_login(ada)
    client.post(SWITCH, {"language": "de"}, headers={"referer": HERE})
    assert chosen(ada) == "de"
    elsewhere = Client()
    elsewhere.force_login(ada)
    assert language_of(elsewhere.get("/accounts/", headers={"accept-language": "id"})) == "de"


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "de", "id"])
def test_whoever_cannot_read_the_page_finds_their_own_language(client: Client, language: str) -> None:
    page = client.get(f"/governance/?lang={language}").content.decode()
    for code, name in (("en", "English"), ("de", "Deutsch"), ("id", "Bahasa Indonesia")):
        assert re.search(rf'<button[^>]* value="{code}" lang="{code}"[^>]*>{name}</button>', page), code


@pytest.mark.django_db
def test_a_form_of_another_site_changes_nothing(client: Client) -> None:
    ada = world.person("Ada")
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(ada)
    foreign = {"origin": "https://evil.example", "referer": "https://evil.example/"}
    assert browser.post(SWITCH, {"language": "de"}, headers=foreign).status_code == 403
    assert browser.post(SWITCH, {"language": "de"}, headers={"origin": "null"}).status_code == 403
    assert chosen(ada) == ""
    assert "django_language" not in browser.cookies
    assert browser.post(SWITCH, {"language": "de"}, headers={"origin": "http://testserver"}).status_code == 302
    assert chosen(ada) == "de"


@pytest.mark.parametrize(
    ("came_from", "goes_to"),
    [
        ("http://testserver/browse/?q=tax&lang=id", "http://testserver/browse/?q=tax"),
        ("http://testserver//evil.example/", "http://testserver//evil.example/"),
        ("https://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
@pytest.mark.django_db
def test_the_way_back_leads_nowhere_else(client: Client, came_from: str, goes_to: str) -> None:
    answer = client.post(SWITCH, {"language": "de"}, headers={"referer": came_from})
    assert answer["Location"] == goes_to


@pytest.mark.django_db
def test_a_language_that_the_market_does_not_speak_is_refused(client: Client) -> None:
    answer = client.post(SWITCH, {"language": "xx"}, headers={"referer": HERE})
    assert answer.status_code == 422
    assert "django_language" not in client.cookies


@pytest.mark.django_db
def test_an_address_can_name_its_language_for_search_engines(client: Client) -> None:
    world.cast()
    assert language_of(client.get("/?lang=de")) == "de"
    assert language_of(client.get("/?lang=xx")) == "en"
    assert not client.get("/?lang=de").cookies


@pytest.mark.django_db
def test_the_language_of_one_request_does_not_stay_for_the_next(client: Client) -> None:
    client.get("/", headers={"accept-language": "de"})
    assert translation.get_language() == "en"


@pytest.mark.django_db
def test_a_page_that_is_not_there_is_not_there_in_every_language(client: Client) -> None:
    for accepts, words in (("de", "Diese Seite gibt es nicht"), ("en", "There is no such page")):
        assert words in client.get("/nowhere/", headers={"accept-language": accepts}).content.decode()


def test_a_sentence_that_is_kept_is_kept_for_each_language() -> None:
    page = Template('{% translate "Save" %}/{% blocktranslate %}All tools{% endblocktranslate %}')
    said = []
    for language in ("en", "de", "en", "id"):
        with translation.override(language):
            said.append(page.render(Context()))
    assert said == ["Save/All tools", "Speichern/Alle Tools", "Save/All tools", "Simpan/Semua alat"]


def test_a_sentence_with_a_place_is_not_kept() -> None:
    sentence = "{% blocktranslate %}Signed in as {{ user }}{% endblocktranslate %}"
    page = Template("{% put user %}<b>{{ name }}</b>{% endput %}" + sentence)
    with translation.override("de"):
        said = [page.render(Context({"name": name})) for name in ("Ada", "<i>")]
    assert said == ["Angemeldet als <b>Ada</b>", "Angemeldet als <b>&lt;i&gt;</b>"]


def test_what_was_stored_in_english_is_said_in_the_language_of_who_reads_it() -> None:
    """A reason a moderator chose, what a worker left: whole, by its sentences, or with a number in it."""
    for stored, said_so in (
        (
            "This kind of tool is not allowed on this market.",
            "Tools dieser Art sind auf diesem Marktplatz nicht erlaubt.",
        ),
        ("The provider's service failed (status 503). Nothing else changed; you can run it again.", "Status 503"),
        ("Written by a person. Kept.", "Written by a person. Kept."),
        ("", ""),
    ):
        with translation.override("de"):
            assert said_so in said(stored), stored
            assert "Nothing else" not in said(stored)
        with translation.override("en"):
            assert said(stored) == stored


@pytest.mark.django_db
def test_a_language_that_is_read_from_the_right_turns_the_page(client: Client) -> None:
    with translation.override("ar"):
        assert '<html lang="ar" dir="rtl">' in render_to_string("404.html")
    assert "dir=" not in client.get("/").content.decode().partition("<head>")[0]


@pytest.mark.django_db
def test_what_a_person_chose_is_in_the_record(client: Client) -> None:
    ada = world.person("Ada")
    client.force_login(ada)
    for _ in range(2):
        client.post(SWITCH, {"language": "de"}, headers={"referer": HERE})
    with as_system("the test looks"):
        assert Entry.objects.filter(verb="person.language_chosen").count() == 1
