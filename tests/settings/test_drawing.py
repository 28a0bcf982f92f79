"""What pages draw once and keep: it looks the same, and nothing of one person's page stays for the next."""

import re
from types import SimpleNamespace as Thing
from typing import Any

import lucide as drawings
import pytest
from django.conf import settings
from django.db import connection
from django.template import Context, Template
from django.template.base import TextNode
from django.template.loader import render_to_string
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation
from django.utils.functional import SimpleLazyObject
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext
from jinja2 import UndefinedError

from marketplace.catalog.models import Category
from marketplace.catalog.search.cards import Card
from settings import jinja
from settings.context import Kept
from settings.templatetags import kept
from settings.templatetags.icons import icon
from tests import world

PUBLIC = ["/", "/browse/", "/browse/?q=mood", "/tools/review-mood/", "/governance/", "/no-such-page/"]


def drawn(source: str, **context: Any) -> str:
    return Template("{% load lucide kept %}" + source).render(Context(context))


def test_an_icon_that_is_always_the_same_is_part_of_the_template() -> None:
    template = Template('{% load lucide %}{% lucide "x" size=14 aria_hidden="true" %}')
    assert isinstance(template.nodelist[-1], TextNode)
    assert template.render(Context()) == drawings._render_icon("x", 14, aria_hidden="true")


def test_an_icon_that_the_page_decides_is_the_one_it_names() -> None:
    source = '{% lucide name|default:"box" size=size aria_label=label %}'
    assert drawn(source, name="globe", size=9, label="World") == drawings._render_icon("globe", 9, aria_label="World")
    assert drawn(source, size=9, label="World") == drawings._render_icon("box", 9, aria_label="World")


@pytest.mark.parametrize("text", ['"><script>x</script>', mark_safe('"><script>x</script>')])
def test_the_label_of_an_icon_cannot_become_markup(text: str) -> None:
    assert "<script" not in drawn('{% lucide "x" aria_label=text %}', text=text)


def test_an_icon_that_does_not_exist_is_noticed() -> None:
    with pytest.raises(drawings.IconDoesNotExist):
        icon("no-such-icon")


class Careless(kept.OnceNode):
    """The control: what is kept was rendered with the page of the first who came."""

    def render(self, context: Context) -> SafeString:
        return self.kept.setdefault("en", self.nodelist.render(context))


def _as_two_people_see_it() -> tuple[str, str]:
    page = Template('{% load kept %}{% once %}<p>{{ name }}</p>{% url "landing" %}{% endonce %}')
    return page.render(Context({"name": "Ada"})), page.render(Context({"name": "Ben"}))


def test_what_is_drawn_once_knows_nobody() -> None:
    assert _as_two_people_see_it() == ("<p></p>/", "<p></p>/")


def test_without_the_empty_context_the_second_would_see_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "OnceNode", Careless)
    assert _as_two_people_see_it()[1] == "<p>Ada</p>/"


def test_what_is_kept_for_a_moment_knows_what_its_tag_names_and_nobody(settings: Any) -> None:
    settings.SHELL_KEPT_SECONDS = 60
    page = Template("{% load kept %}{% kept here=shelf %}{{ here }}:{{ name }}{{ user }}{% endkept %}")
    seen = [page.render(Context({"shelf": shelf, "name": name, "user": name})) for shelf, name in
            (("data", "Ada"), ("data", "Ben"), ("sales", "Ben"))]  # fmt: skip
    assert seen == ["data:", "data:", "sales:"]


def test_what_is_kept_for_a_moment_is_asked_again_afterwards(settings: Any) -> None:
    answers = iter(range(9))
    page = Template("{% load kept %}{% kept %}{{ market }}{% endkept %}")

    def drawn_now() -> str:
        return page.render(Context({"market": SimpleLazyObject(lambda: next(answers))}))

    settings.SHELL_KEPT_SECONDS = 60
    assert [drawn_now(), drawn_now()] == ["0", "0"]
    settings.SHELL_KEPT_SECONDS = 0
    assert [drawn_now(), drawn_now()] == ["1", "2"]


def test_a_name_that_reads_like_a_mark_is_not_drawn_as_one() -> None:
    says = "a <mark>b</mark>"
    card = Card(says, says, says, "tool", 1, "Workshop", False, None, "", "", None)
    assert "<mark>" not in jinja.card(card)
    assert "<mark>b</mark>" in jinja.card(card._replace(name=mark_safe(says)))
    assert "<mark>" not in jinja.card(card)


def test_the_frame_asks_the_database_again_when_its_answer_is_old(settings: Any) -> None:
    answers = iter(range(9))
    asked = Kept(lambda: next(answers))
    settings.SHELL_KEPT_SECONDS = 60
    assert [asked(), asked()] == [0, 0]
    settings.SHELL_KEPT_SECONDS = 0
    assert [asked(), asked()] == [1, 2]


@pytest.mark.django_db
def test_the_frame_of_a_page_costs_no_query_for_the_next_two_seconds(client: Client) -> None:
    world.cast()
    with override_settings(SHELL_KEPT_SECONDS=60):
        client.get("/tools/review-mood/")
        with CaptureQueriesContext(connection) as queries:
            client.get("/tools/review-mood/")
    assert not [query for query in queries if f'FROM "{Category._meta.db_table}"' in query["sql"]]
    assert not [query for query in queries if "marketparams" in query["sql"]]


@pytest.mark.django_db
@pytest.mark.parametrize("url", PUBLIC)
def test_looking_around_leaves_no_cookie_and_no_session(client: Client, url: str) -> None:
    world.cast()
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(url)
    assert not answer.cookies
    assert not [query for query in queries if "session" in query["sql"]]


@pytest.mark.django_db
def test_signing_in_does() -> None:
    assert Client().get("/accounts/login/").cookies


@pytest.mark.django_db
def test_a_card_says_what_it_costs_and_who_offers_it() -> None:
    cast = world.cast()
    html = render_to_string("components/card.html", {"listing": cast.listing, "plan": cast.plan, "url": "/x/"})
    assert 'value="29000000"' in html
    assert 'title="29.000000 TUSD"' in html
    assert re.search(r">29\.00 <span", html)
    assert "per 30 days" in html
    assert "Ben Workshop" in html
    assert 'class="verified"' in html
    assert "Not on sale" in render_to_string("components/card.html", {"listing": cast.listing, "url": "/x/"})


@pytest.mark.django_db
def test_what_a_provider_writes_on_a_card_cannot_become_markup() -> None:
    bad = '"><script>x</script>'
    cast = world.cast()
    cast.listing.name = cast.listing.summary = cast.listing.org.name = cast.plan.currency.symbol = bad
    context = {"listing": cast.listing, "plan": cast.plan, "url": bad, "pill": bad}
    html = render_to_string("components/card.html", context)
    assert "<script" not in html
    assert html.count("&lt;script&gt;") == 7


def test_a_template_says_its_words_in_the_language_of_each_reader() -> None:
    """They are put in when it is compiled, which happens once for each language."""
    said = {}
    for language in ("en", "de", "id", "en"):
        with translation.override(language):
            said[language] = jinja.drawn("health.html", listing=Thing(is_down_since=None), health=None)
            assert gettext("How reliable it is") in said[language]
    assert len(set(said.values())) == 3


def test_what_is_put_in_when_a_template_is_compiled_is_escaped_like_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jinja, "gettext", lambda sentence: f"<b>{sentence}</b>")
    made = jinja.environment.__wrapped__("en")
    assert made.from_string('{{ _("So") }}').render() == "&lt;b&gt;So&lt;/b&gt;"
    assert made.from_string('{{ icon("x", 14) }}').render() == icon("x", 14)
    with pytest.raises(UndefinedError):
        made.from_string("{{ nobody }}").render()


def test_a_short_cut_to_an_address_leads_where_the_long_way_does() -> None:
    sources = "".join(path.read_text() for path in (settings.BASE_DIR / "templates" / "jinja").glob("*.html"))
    views = set(re.findall(r'to\("([\w:]+)", listing\.slug\)', sources))
    assert len(views) >= 5
    for view in views:
        assert jinja.to(view, "a-tool") == reverse(view, args=["a-tool"])


@pytest.mark.django_db
def test_an_address_that_leads_nowhere_asks_the_database_nothing(client: Client) -> None:
    client.get("/no-such-page/")
    with CaptureQueriesContext(connection) as queries:
        answer = client.get("/another/one/")
    assert answer.status_code == 404
    assert len(queries) == 0
    assert "There is no such page" in answer.content.decode()


@pytest.mark.django_db
def test_the_page_that_is_not_there_is_the_same_for_everybody_and_kept_by_nobody() -> None:
    person, stranger = Client(), Client()
    person.force_login(world.person("Ada"), backend="allauth.account.auth_backends.AuthenticationBackend")
    seen = [client.get("/o/no-such-organization/?q=%3Cb%3E", follow=True) for client in (person, stranger)]
    assert seen[0].status_code == 404
    assert seen[0].content == stranger.get("/no-such-page/").content
    assert "no-store" in seen[0]["Cache-Control"]
    assert b"Ada" not in seen[0].content
