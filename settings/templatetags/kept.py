"""Tags for what is the same for everybody: `{% once %}` for good, `{% kept %}` for a moment."""

from collections.abc import Callable
from typing import Any, Final, cast

from django import template
from django.template.base import FilterExpression, Node, NodeList, Parser, Template, Token, token_kwargs
from django.template.context import Context
from django.utils.functional import SimpleLazyObject
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from marketplace.catalog.keeping import Kept, shelves
from settings.context import market_now

register = template.Library()
EVERYBODYS: Final[dict[str, Callable[[], Any]]] = {"market": market_now, "categories": shelves}


def _drawn(page: Template, content: NodeList, names: dict[str, Any], autoescape: bool) -> SafeString:
    """The content, for which there is nothing but these names."""
    context = Context(names, autoescape=autoescape)
    with context.bind_template(page), context.render_context.push_state(page):
        return content.render(context)


class OnceNode(Node):
    """Renders its content with an empty context, so that nothing of one person's page can stay for the next."""

    def __init__(self, content: NodeList) -> None:
        self.nodelist = content
        self.kept: dict[str | None, SafeString] = {}

    def render(self, context: Context) -> SafeString:
        language = get_language()
        if language not in self.kept:
            page = cast(Template, context.template)
            self.kept[language] = _drawn(page, self.nodelist, {}, context.autoescape)
        return self.kept[language]


class KeptNode(Node):
    """Renders its content with the market's rules, its shelves and the values that the tag names; nothing else."""

    def __init__(self, names: dict[str, FilterExpression], content: NodeList) -> None:
        self.names, self.nodelist = names, content
        self.kept: Kept[SafeString] = Kept(SafeString)

    def render(self, context: Context) -> SafeString:
        values = [value.resolve(context) for value in self.names.values()]
        return self.kept.of((get_language(), *values), lambda: self._read(context, values))

    def _read(self, context: Context, values: list[Any]) -> SafeString:
        names = {name: _everybodys(context, name) for name in EVERYBODYS} | dict(zip(self.names, values, strict=True))
        return _drawn(cast(Template, context.template), self.nodelist, names, context.autoescape)


def _everybodys(context: Context, name: str) -> Any:
    """What every page knows, read once for the page; not what a page calls by the same name."""
    known = context.get(name)
    return known if type(known) is SimpleLazyObject else SimpleLazyObject(EVERYBODYS[name])


@register.tag
def once(parser: Parser, token: Token) -> OnceNode:
    """{% once %}…{% endonce %}: links, icons and words; a variable in it is empty."""
    content = parser.parse(("endonce",))
    parser.delete_first_token()
    return OnceNode(content)


@register.tag
def kept(parser: Parser, token: Token) -> KeptNode:
    """{% kept here=category.slug %}…{% endkept %}: knows `here`, `market` and `categories`; two seconds old at most."""
    names = token_kwargs(token.split_contents()[1:], parser)
    content = parser.parse(("endkept",))
    parser.delete_first_token()
    return KeptNode(names, content)
