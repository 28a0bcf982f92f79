"""The tag {% once %}: what is the same for everybody is rendered once in each process and language."""

from typing import cast

from django import template
from django.template.base import Node, NodeList, Parser, Template, Token
from django.template.context import Context
from django.utils.safestring import SafeString
from django.utils.translation import get_language

register = template.Library()


class OnceNode(Node):
    """Renders its content with an empty context, so that nothing of one person's page can stay for the next."""

    def __init__(self, content: NodeList) -> None:
        self.nodelist = content
        self.kept: dict[str | None, SafeString] = {}

    def render(self, context: Context) -> SafeString:
        language = get_language()
        if language not in self.kept:
            empty = Context({}, autoescape=context.autoescape)
            page = cast(Template, context.template)
            with empty.bind_template(page), empty.render_context.push_state(page):
                self.kept[language] = self.nodelist.render(empty)
        return self.kept[language]


@register.tag
def once(parser: Parser, token: Token) -> OnceNode:
    """{% once %}…{% endonce %}: links, icons and words; a variable in it is empty."""
    content = parser.parse(("endonce",))
    parser.delete_first_token()
    return OnceNode(content)
