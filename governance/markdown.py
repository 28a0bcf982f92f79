"""What a proposer wrote, as HTML that can do nothing: CommonMark without raw HTML, then an allow-list."""

import re

import nh3
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdown_it.token import Token

TAGS = {"p", "br", "em", "strong", "code", "pre", "blockquote", "ul", "ol", "li", "a", "h3", "h4", "h5", "h6", "hr"}
TAGS |= {"table", "thead", "tbody", "tr", "th", "td", "s"}
PROPOSER = re.compile(r"\s*#proposer=0x[0-9a-fA-F]{40}\s*\Z")


def without_proposer(text: str) -> str:
    """The description without the suffix that binds it to its proposer."""
    return PROPOSER.sub("", text)


def rendered(text: str, *, title: str = "") -> SafeString:
    """Safe HTML of a description; a first heading that repeats `title` is left out, the rest go below the page's."""
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])
    tokens = parser.parse(without_proposer(text))
    if len(tokens) > 2 and tokens[0].type == "heading_open" and tokens[1].content.strip(" *_") == title:
        tokens = tokens[3:]
    _lower_headings(tokens)
    html = parser.renderer.render(tokens, parser.options, {})
    clean = nh3.clean(
        html,
        tags=TAGS,
        attributes={"a": {"href", "title"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow ugc noopener",
    )
    # safe, for nothing is left in it but the tags above
    return SafeString(clean.replace("<table>", '<div class="table-wrap"><table>').replace("</table>", "</table></div>"))


def _lower_headings(tokens: list[Token]) -> None:
    """Headings of a description begin below the page's own h2, and no level is skipped."""
    above: list[int] = []
    for token in tokens:
        if token.type == "heading_open":
            level = int(token.tag[1])
            while above and above[-1] >= level:
                above.pop()
            above.append(level)
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(2 + len(above), 6)}"
