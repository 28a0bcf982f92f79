"""The tags of words, built into every template: Django's, where a sentence that never varies is looked up once.

`{% translate %}` and `{% blocktranslate %}` without variables keep what they said in each language, so that a page of a
hundred sentences costs a hundred look-ups in a dictionary. `{% put name %}…{% endput %}` renders a part of a sentence,
such as an amount, for the sentence that names it.
"""

import re

from django import template
from django.conf import settings
from django.template.base import Node, NodeList, Parser, Token, TokenType
from django.template.context import Context
from django.templatetags import i18n
from django.templatetags.static import static
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

register = template.Library()
NUMBER = re.compile(r"\d+")
END = re.compile(r"(?<=[.?]) ")
register.tags |= i18n.register.tags
register.filters |= i18n.register.filters


class KeptNode(Node):
    """A sentence without variables, kept for each language."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.kept: dict[str | None, SafeString] = {}

    def render(self, context: Context) -> SafeString:
        language = get_language()
        if language not in self.kept:
            self.kept[language] = SafeString(self.node.render(context))
        return self.kept[language]


@register.tag("trans")
@register.tag("translate")
def translate(parser: Parser, token: Token) -> Node:
    """As Django's."""
    node = i18n.do_translate(parser, token)
    expression = node.filter_expression
    varies = expression.filters or expression.var.lookups is not None or node.message_context
    return node if varies or node.asvar else KeptNode(node)


@register.tag("blocktrans")
@register.tag("blocktranslate")
def blocktranslate(parser: Parser, token: Token) -> Node:
    """As Django's."""
    node = i18n.do_block_translate(parser, token)
    varies = node.extra_context or node.plural or node.message_context or node.asvar
    has_places = any(part.token_type == TokenType.VAR for part in node.singular)
    return node if varies or has_places else KeptNode(node)


@register.filter
def said(sentence: str) -> str:
    """What was stored in English, in the reader's language, as it is where no catalog has it.

    Paragraph by paragraph, and what is not known as a whole by its sentences. One with a number is found as the one
    with %(number)s in its place.
    """
    return "\n\n".join(_known(part) or _by_sentences(part) for part in (sentence or "").split("\n\n"))


def _by_sentences(text: str) -> str:
    return " ".join(_known(part) or part for part in END.split(text))


def _known(sentence: str) -> str:
    if not sentence:
        return ""
    if (translated := gettext(sentence)) != sentence:
        return translated
    numbers = NUMBER.findall(sentence)
    if len(numbers) == 1:
        place = NUMBER.sub("%(number)s", sentence)
        if (translated := gettext(place)) != place:
            return translated % {"number": numbers[0]}
    return ""


@register.simple_tag
def script_words() -> str:
    """The address of what the scripts say in this language; nothing where they say it in English."""
    file = f"js/words/{get_language()}.js"
    return static(file) if (settings.BASE_DIR / "static" / file).exists() else ""


class PutNode(Node):
    """Sets a variable to what its content renders to."""

    def __init__(self, name: str, nodelist: NodeList) -> None:
        self.name, self.nodelist = name, nodelist

    def render(self, context: Context) -> SafeString:
        context[self.name] = SafeString(self.nodelist.render(context).strip())
        return SafeString("")


@register.tag
def put(parser: Parser, token: Token) -> PutNode:
    """{% put amount %}{% include "components/money.html" … %}{% endput %}, to be named in the sentence that follows."""
    _, name = token.split_contents()
    content = parser.parse(("endput",))
    parser.delete_first_token()
    return PutNode(name, content)
