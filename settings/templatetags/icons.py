"""The tag {% lucide %}: an icon is drawn once for each size, not once for each place where it stands."""

from functools import lru_cache
from typing import Any, Final

import lucide as drawings
from django import template
from django.template.base import FilterExpression, Node, Parser, TextNode, Token, token_kwargs
from django.template.context import Context
from django.utils.safestring import SafeString

register = template.Library()

KEPT: Final = 1024  # drawings of about 400 bytes


@lru_cache(maxsize=KEPT)
def icon(name: str, size: int = 24, attributes: tuple[tuple[str, str], ...] = (("aria_hidden", "true"),)) -> SafeString:
    """The SVG of a Lucide icon; raises lucide.IconDoesNotExist for a name that is none."""
    return SafeString(drawings._render_icon(name, size, **dict(attributes)))


class IconNode(Node):
    """An icon whose name or size the page decides."""

    def __init__(self, name: FilterExpression, attributes: dict[str, FilterExpression]) -> None:
        self.name, self.attributes = name, attributes

    def render(self, context: Context) -> SafeString:
        attributes = {key: value.resolve(context) for key, value in self.attributes.items()}
        return _drawn(self.name.resolve(context), attributes)


def _drawn(name: Any, attributes: dict[str, Any]) -> SafeString:
    size = int(attributes.pop("size", 24))
    # A SafeString would pass as markup through the drawing's own escaping.
    return icon(str(name) + "", size, tuple((key, str(value) + "") for key, value in attributes.items()))


@register.tag
def lucide(parser: Parser, token: Token) -> Node:
    """{% lucide "name" size=18 aria_hidden="true" %}; an icon that is always the same becomes text of the template."""
    _, name, *rest = token.split_contents()
    expression = parser.compile_filter(name)
    attributes = token_kwargs(rest, parser)
    if rest:
        raise template.TemplateSyntaxError(f"An icon takes a name and key=value: {rest}")
    if all(_is_constant(part) for part in (expression, *attributes.values())):
        nothing = Context()
        return TextNode(
            _drawn(expression.resolve(nothing), {key: value.resolve(nothing) for key, value in attributes.items()})
        )
    return IconNode(expression, attributes)


def _is_constant(part: FilterExpression) -> bool:
    return not part.filters and (isinstance(part.var, str) or part.var.lookups is None)
