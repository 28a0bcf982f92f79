"""A page as a test reads it: its forms, and what stands beside their fields."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


@dataclass
class Element:
    """One element: its attributes, the text in it, and the form it belongs to."""

    tag: str
    attrs: dict[str, str]
    text: str = ""
    inside: list["Element"] = field(default_factory=list)

    def all(self) -> list["Element"]:
        """Everything in it, in the order of the page."""
        return [each for child in self.inside for each in (child, *child.all())]

    def find(self, *tags: str, **attrs: str) -> list["Element"]:
        wanted = {name.replace("_", "-"): value for name, value in attrs.items()}
        return [each for each in self.all() if each.tag in tags and wanted.items() <= each.attrs.items()]

    def says(self) -> str:
        """All the text in it."""
        return " ".join(" ".join((self.text, *(child.says() for child in self.inside))).split())


class Page(HTMLParser):
    """Parses well-formed HTML, which the templates are: each element is closed, or void."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.root = Element("#", {})
        self.open = [self.root]
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].inside.append(made)
        if tag not in VOID:
            self.open.append(made)

    def handle_endtag(self, tag: str) -> None:
        while len(self.open) > 1:
            if self.open.pop().tag == tag:
                return

    def handle_data(self, data: str) -> None:
        self.open[-1].text += data
