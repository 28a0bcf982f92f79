"""What a proposer writes cannot act on the reader's page."""

from html.parser import HTMLParser

import pytest

from governance.markdown import rendered

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[click](javascript:alert(1))",
    "[click](  jAvAsCrIpT:alert(1))",
    "[click](data:text/html;base64,PHNjcmlwdD4=)",
    "![x](https://evil.example/pixel.png)",
    "<a href='javascript:alert(1)'>x</a>",
    "<svg/onload=alert(1)>",
    "<iframe src=//evil.example></iframe>",
    "<style>*{display:none}</style>",
    '<p onclick="alert(1)" style="position:fixed" id="main" class="button">x</p>',
    '[x](https://example.com "\\" onmouseover=\\"alert(1)")',
    "<form action=//evil.example><input name=address></form>",
    '<https://example.com/"onmouseover=alert(1)>',
    "```\n</code></pre><script>alert(1)</script>\n```",
    "| <script>alert(1)</script> |\n|---|\n| <img src=x onerror=alert(1)> |",
    "&#x3C;script&#x3E;alert(1)&#x3C;/script&#x3E;",
]


class Nodes(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_active_node_survives(attack: str) -> None:
    nodes = Nodes()
    nodes.feed(rendered(attack))
    for tag, attributes in nodes.found:
        assert tag not in {"script", "img", "svg", "iframe", "style", "form", "input", "object", "embed"}
        assert not [name for name in attributes if name.startswith("on") or name in {"style", "id"}]
        assert (attributes.get("href") or "https:").lower().startswith(("https:", "http:", "mailto:"))


def test_links_give_nothing_away() -> None:
    assert 'rel="nofollow ugc noopener"' in rendered("[x](https://example.com)")


def test_the_suffix_of_the_proposer_and_a_repeated_title_are_left_out_and_headings_stand_below_the_pages() -> None:
    text = "# Title\n\nText\n\n## Part\n\n#### Deep\n\n## Next\n\n#proposer=0x" + 40 * "a"
    html = rendered(text, title="Title")
    assert "proposer" not in html
    assert "Title" not in html
    assert [tag for tag in ("<h3>Part", "<h4>Deep", "<h3>Next") if tag in html] == ["<h3>Part", "<h4>Deep", "<h3>Next"]
