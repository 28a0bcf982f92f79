"""Jinja2, for what a page repeats and for whole pages: there it is several times faster. See docs/adr/0012."""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, Final

from django.conf import settings
from django.template.defaultfilters import capfirst, linebreaksbr
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, ngettext, pgettext
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, nodes
from jinja2.environment import TemplateModule
from jinja2.runtime import Context
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

from marketplace.catalog.estimate import EMPTY, EstimateForm
from marketplace.catalog.keeping import Kept
from marketplace.catalog.search.asking import Asked
from marketplace.catalog.search.cards import Card
from marketplace.catalog.search.finding import Found
from settings import charts, figures
from settings.readings import READINGS
from settings.templatetags.icons import icon

STAND_IN: Final = "0-0"  # of an address, where a slug goes


class Said(NodeTransformer):
    """Puts what never varies into a template when it is compiled: `_("…")` in its language, `icon("x", 16)` drawn."""

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 (the visitor's own name)
        self.generic_visit(node)
        given = [each.value for each in node.args if isinstance(each, nodes.Const)]
        name = node.node.name if isinstance(node.node, nodes.Name) else ""
        if name not in ("_", "icon") or node.kwargs or len(given) < len(node.args):
            return node
        if name == "_":
            return nodes.Const(gettext(*given), lineno=node.lineno)
        return nodes.MarkSafe(nodes.Const(str(icon(*given)), lineno=node.lineno), lineno=node.lineno)


class Shared(Template):
    """A template whose macros are made once: no page adds a name for all of them, so there is nothing to compare."""

    def _get_default_module(self, ctx: Context | None = None) -> TemplateModule:
        return super()._get_default_module()


class Spoken(Environment):
    """Templates for readers of one language."""

    language: str | None = None
    template_class = Shared

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        with translation.override(self.language):
            tree: nodes.Template = Said().visit(super()._parse(source, name, filename))
        return tree


@lru_cache(maxsize=16)
def environment(language: str | None) -> Spoken:
    """The templates of `templates/jinja` in one language, escaping everything; a name that is missing is an error.

    One for each language, so that words, figures and moments need not ask for each place what it is.
    """
    made = Spoken(
        loader=FileSystemLoader(settings.BASE_DIR / "templates" / "jinja"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=settings.DEBUG,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.language = language
    made.globals |= {
        "icon": icon,
        "card": partial(_card, language),
        "chart": chart,
        "estimate": estimate,
        "facets_of": facets_of,
        "to": to,
    }
    made.globals |= {"_": gettext, "ngettext": ngettext, "pgettext": pgettext}
    made.filters |= {name: partial(reading, language) for name, reading in READINGS.items()}
    made.filters |= {"lines": lines, "initials": figures.initials, "short_address": figures.short_address}
    made.filters["capfirst"] = capfirst
    made.filters["iso"] = iso
    return made


def drawn(name: str, **names: Any) -> Markup:
    """A whole template of `templates/jinja`."""
    return Markup(environment(get_language()).get_template(name).render(names))  # noqa: S704 (it escapes everything itself)


def part(name: str, *given: Any, **named: Any) -> Markup:
    """A macro of `parts.html` or, written as "terms.plan", of another file; what stands around it is taken away."""
    file, _, macro = name.rpartition(".")
    macros: Any = environment(get_language()).get_template(f"{file or 'parts'}.html").module
    return Markup(getattr(macros, macro)(*given, **named)).strip()  # noqa: S704 (it escapes everything itself)


def to(view: str, *slugs: str) -> str:
    """The address of a view; with one slug it is looked up once, and the slug put in its place."""
    if len(slugs) != 1:
        return _address(view, *slugs)
    before, after = _around(view)
    return f"{before}{slugs[0]}{after}"


@lru_cache(maxsize=256)
def _around(view: str) -> tuple[str, str]:
    before, _, after = reverse(view, args=[STAND_IN]).partition(STAND_IN)
    return before, after


@lru_cache(maxsize=512)
def _address(view: str, *slugs: Any) -> str:
    return reverse(view, args=slugs)


def lines(text: str) -> str:
    """Text in which a line that ends is a <br>; most has none, and needs no looking."""
    return linebreaksbr(text) if "\n" in text or "\r" in text else text


def iso(at: datetime) -> str:
    """For <time datetime>, which takes no millionths of a second."""
    return at.isoformat(timespec="seconds")


def card(of: Card, url: str = "") -> Markup:
    """A card in the reader's language."""
    return _card(get_language(), of, url)


def _card(language: str | None, of: Card, url: str = "") -> Markup:
    """A card, drawn once for all that it says: what it shows is the key under which it is kept.

    A marked name equals the same text unmarked, so that it is marked is part of the key too.
    """
    return _drawn_card(of, language, url, isinstance(of.name, SafeString))


@lru_cache(maxsize=2048)
def _drawn_card(of: Card, language: str | None, url: str, is_marked: bool) -> Markup:
    drawing: Any = environment(language).get_template("card.html").module
    return Markup(drawing.card(of, url))  # noqa: S704 (it escapes everything itself)


kept_facets: Kept[Markup] = Kept(Markup)


def facets_of(asked: Asked, found: Found) -> Markup:
    """The facets beside a page, kept for a moment: they follow from what was asked and counted, and nothing else."""
    said = (get_language(), *asked.params.items(), found.total, found.is_capped, frozenset(found.counts.items()))
    return kept_facets.of(said, lambda: drawn("facets.html", facets=asked.facets(found)).strip())


def chart(rows: Iterable[Any], *, title: str, unit: str, key: str, kind: str = "line", desc: str = "") -> Markup:
    """A chart of `rows` (label, value, low, high); `key` makes its ids unique on the page."""
    said = (("title", title), ("unit", unit), ("key", key), ("desc", desc))
    return _drawn_chart(get_language(), tuple(charts.points(rows)), kind, said)


@lru_cache(maxsize=256)
def _drawn_chart(
    language: str | None, series: tuple[charts.Point, ...], kind: str, said: tuple[tuple[str, str], ...]
) -> Markup:
    figure = charts.bars(series) if kind == "bar" else charts.line(series)
    return drawn("chart.html", chart=figure, **dict(said))


def estimate(form: EstimateForm, estimates: Iterable[Any]) -> Markup:
    """What it would cost for a volume; the form that nobody has filled in is the same on every page."""
    return _empty_estimate(get_language()) if form is EMPTY else _estimate(form, estimates)


@lru_cache(maxsize=16)
def _empty_estimate(language: str | None) -> Markup:
    return _estimate(EMPTY, ())


def _estimate(form: EstimateForm, estimates: Iterable[Any]) -> Markup:
    said = render_to_string("catalog/estimate.html", {"form": form, "estimates": estimates})
    return Markup(said)  # noqa: S704 (a template of our own)
