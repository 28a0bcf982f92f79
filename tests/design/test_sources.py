"""The pages keep to their content security policy and to their weight."""

import gzip
import re
from pathlib import Path

import django_htmx
import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from tests import world

ROOT = Path(__file__).parents[2]
NO_PAGE = ROOT / "templates/mail/layout.html"  # an e-mail: mail programs read no stylesheet from elsewhere
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*.html") if path != NO_PAGE)
SHEETS = sorted((ROOT / "static/css").glob("*.css"))
SCRIPTS = sorted(path for path in (ROOT / "static/js").glob("*.js") if path.name != "wallet.js")
HTMX = Path(django_htmx.__file__).parent / "static/django_htmx/htmx-2.min.js"

FORBIDDEN = {
    "an inline style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.I),
    "an inline style element": re.compile(r"<style\b", re.I),
    "an inline event handler": re.compile(r"<[^>]*\son[a-z]+\s*=\s*[\"']", re.I),
    "an inline script": re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*type=[\"']application/(?:ld\+)?json)[^>]*>", re.I),
    "an htmx expression that needs eval": re.compile(r"\shx-(?:on[:-]|vals=[\"']js:)", re.I),
    "something from another origin": re.compile(r"(?:src|href)=[\"']https?://", re.I),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_template_needs_more_than_the_policy_allows(what: str) -> None:
    assert TEMPLATES
    assert [str(p.relative_to(ROOT)) for p in TEMPLATES if FORBIDDEN[what].search(p.read_text())] == []


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("an inline style attribute", '<p class="x" style="color:red">'),
        ("an inline style element", "<style>"),
        ("an inline event handler", '<a href="#" onclick="go()">'),
        ("an inline script", "<script>go()</script>"),
        ("an htmx expression that needs eval", '<a hx-on:click="go()">'),
        ("something from another origin", '<script src="https://example.com/x.js">'),
    ],
)
def test_the_search_finds_what_it_looks_for(what: str, text: str) -> None:
    assert FORBIDDEN[what].search(text)


def test_every_component_says_what_it_needs() -> None:
    without = [
        p.name for p in (ROOT / "templates/components").glob("*.html") if not p.read_text().startswith("{% comment %}")
    ]
    assert without == []


def test_the_guide_lists_every_component() -> None:
    guide = (ROOT / "templates/components/README.md").read_text()
    assert [p.stem for p in (ROOT / "templates/components").glob("*.html") if f"`{p.stem}`" not in guide] == []


def test_first_load_stays_below_45_kilobytes() -> None:
    weights = {p.name: len(gzip.compress(p.read_bytes(), 9)) for p in (*SHEETS, *SCRIPTS, HTMX)}
    assert sum(weights.values()) <= 45_000, weights


def test_sheets_and_scripts_stay_readable() -> None:
    assert [p.name for p in SHEETS if len(p.read_text().splitlines()) > 400] == []
    assert [p.name for p in SCRIPTS if len(p.read_text().splitlines()) > 60] == []


@pytest.mark.django_db
@pytest.mark.parametrize("url", ["/", "/browse/", "/tools/review-mood/"])
def test_the_first_page_loads_at_most_60_kilobytes_of_style_and_script(client: Client, url: str) -> None:
    """Also what a page adds to the frame, and what a module imports."""
    world.cast()
    page = client.get(url).content.decode()
    wanted = re.findall(r'(?:<script[^>]* src|<link rel="stylesheet" href)="/static/([^"]+)"', page)
    loaded: dict[str, int] = {}
    while wanted:
        name = wanted.pop()
        if name not in loaded:
            source = Path(finders.find(name) or name).read_bytes()
            loaded[name] = len(gzip.compress(source, 9))
            modules = re.findall(r'(?:import|from)\s*\(?["\']\./([\w.-]+)["\']', source.decode())
            wanted += [f"js/{module}" for module in modules if name.startswith("js/")]
    assert {"css/components.css", "js/app.js", "django_htmx/htmx-2.min.js"} <= set(loaded)
    assert sum(loaded.values()) <= 60_000, loaded
