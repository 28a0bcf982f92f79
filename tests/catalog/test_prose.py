"""Markdown that strangers wrote becomes nothing that runs."""

from html.parser import HTMLParser

import pytest

from marketplace.catalog.prose import TAGS, html

PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![x](javascript:alert(1))",
    '![x](https://tracker.example/p.gif "t")',
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox(1))",
    '[x](https://a.example "onmouseover=alert(1)")',
    '[x](https://a.example/"onmouseover="alert(1))',
    "<a href='javascript:alert(1)'>x</a>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<iframe src=https://evil.example></iframe>",
    "<object data=x></object><embed src=x>",
    "<form action=https://evil.example><input name=q></form>",
    "<style>body{display:none}</style>",
    '<p style="position:fixed">x</p>',
    '<p class="button" id="pay">x</p>',
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<base href=https://evil.example>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<template><img src=x onerror=alert(1)></template>",
    "```html\n<script>alert(1)</script>\n```",
    "`<img src=x onerror=alert(1)>`",
    "<https://a.example/?<script>alert(1)</script>>",
    "<javascript:alert(1)>",
    "| a |\n|:-:|\n| <script>alert(1)</script> |",
    "[a]: javascript:alert(1)\n\n[a]",
    "<!--><img src=x onerror=alert(1)>-->",
    "\x00<script>alert(1)</script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
]


class Nodes(HTMLParser):
    """Every tag and attribute that a browser would see."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str]] = set()
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {(tag, name) for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_active_comes_through(payload: str) -> None:
    nodes = Nodes(html(payload))
    assert nodes.tags <= TAGS
    assert nodes.attributes <= {("a", "href"), ("a", "rel")}
    assert all(link.startswith(("http://", "https://", "mailto:")) for link in nodes.links)


def test_the_control_would_find_what_is_active() -> None:
    nodes = Nodes('<p onclick="x"><script></script><a href="javascript:x">')
    assert not nodes.tags <= TAGS
    assert ("p", "onclick") in nodes.attributes
    assert nodes.links == ["javascript:x"]


def test_what_people_write_looks_as_they_meant() -> None:
    shown = html("# Title\n\n**bold** [site](https://a.example)\n\n| a | b |\n|---|---|\n| 1 | 2 |")
    assert "<h3>Title</h3>" in shown
    assert "<strong>bold</strong>" in shown
    assert '<a href="https://a.example" rel="nofollow ugc noopener">site</a>' in shown
    assert "<td>1</td>" in shown
