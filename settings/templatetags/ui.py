"""What the components need of Python; the work itself is in settings.figures and settings.charts."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, cast

from django import template
from django.template.context import RequestContext
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from markupsafe import Markup

from marketplace.catalog.search.cards import of as card_of
from settings import figures, jinja

register = template.Library()

register.filter("bps", figures.percent_of_bps)
register.filter("short_address", figures.short_address)
register.filter("period", figures.period)
register.filter("span", figures.span)


@register.filter
def money(amount: int, decimals: int) -> str:
    """Base units as people read them: {{ plan.price|money:plan.currency.decimals }}."""
    return figures.readable_amount(int(amount), int(decimals))


@register.filter
def exact_money(amount: int, decimals: int) -> str:
    """Base units with every digit."""
    return figures.exact_amount(int(amount), int(decimals))


@register.filter
def initials(thing: object) -> str:
    """The letters of a mark."""
    return figures.initials(str(thing))


@register.filter
def until(moment: datetime | None) -> str:
    """How far a moment is from now; nothing for what has no moment yet."""
    return figures.relative(moment, timezone.now()) if moment else ""


@register.filter
def iso(moment: datetime | None) -> str:
    """For <time datetime>, which takes no millionths of a second; nothing for what has no moment yet."""
    return moment.isoformat(timespec="seconds") if moment else ""


@register.inclusion_tag("components/nav_link.html", takes_context=True)
def nav_link(context: RequestContext, view: str, icon: str, label: str, *args: Any, also: str = "") -> dict[str, Any]:
    """A link of a rail or bar, marked as current on its page and on the pages named in `also`."""
    request = context.get("request")
    match = getattr(request, "resolver_match", None)
    current = match is not None and match.view_name in {view, *also.split()}
    return {"url": reverse(view, args=args), "icon": icon, "label": label, "current": current}


@register.simple_tag
def card(listing: Any, plan: Any, url: str, pill: str = "") -> Markup:
    """One listing, from its model and plan: {% card listing plan url pill %}."""
    return jinja.card(card_of(listing, plan or None, pill or ""), url)


@register.simple_tag
def grid(cards: Sequence[Any]) -> Markup:
    """A grid of cards as catalog.search.cards reads them: {% grid cards %}."""
    return jinja.drawn("grid.html", cards=cards)


@register.simple_tag
def part(name: str, *given: Any, **named: Any) -> Markup:
    """A macro of `templates/jinja`, as the components are drawn: {% part "money" amount currency %}."""
    return jinja.part(name, *given, **named)


@register.simple_tag(takes_context=True)
def drawn(context: RequestContext, name: str, **more: Any) -> Markup:
    """A template of `templates/jinja`, with all that the page's own context has: {% drawn "results.html" %}."""
    return jinja.drawn(name, **{**cast(dict[str, Any], context.flatten()), **more})


STEPS: Final = (
    ("preparing", gettext_lazy("Preparing")),
    ("sign", gettext_lazy("Sign in your wallet")),
    ("sent", gettext_lazy("Sent")),
    ("seen", gettext_lazy("Seen")),
    ("final", gettext_lazy("Final")),
)
# The step that is under way in each state; OutgoingTransaction's own words for it are among them.
UNDER_WAY: Final = {
    "preparing": 0,
    "sign": 1,
    "queued": 2,
    "signed": 2,
    "failed": 2,
    "sent": 3,
    "replaced": 3,
    "unknown": 3,
    "seen": 4,
    "mined": 4,
    "final": 5,
}


@register.simple_tag
def transaction_steps(state: str, block: int | None = None, failed: bool = False) -> list[dict[str, Any]]:
    """The five steps of a transaction and what each is: done, now, failed or next."""
    here = UNDER_WAY[state]
    steps = []
    for i, (key, name) in enumerate(STEPS):
        shown = gettext("Seen in block %s") % block if key == "seen" and block else name
        step = "done" if i < here else "next" if i > here else "failed" if failed or state == "failed" else "now"
        steps.append({"key": key, "name": shown, "step": step})
    return steps


@register.simple_tag
def chart(rows: Iterable[Any], *, title: str, unit: str, key: str, kind: str = "line", desc: str = "") -> Markup:
    """A chart of `rows` (label, value, low, high); `key` makes its ids unique on the page."""
    return jinja.chart(rows, title=str(title), unit=str(unit), key=str(key), kind=kind, desc=str(desc))
