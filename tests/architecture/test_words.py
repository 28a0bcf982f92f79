"""Every word that people read goes through the catalogs, and the catalogs say it in every language."""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.utils import dates

from settings import catalogs

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*") if path.suffix in {".html", ".txt"})
SOURCES = [
    path
    for folder in ("chain", "marketplace", "governance", "settings")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if not {"migrations", "local"} & set(path.parts)
]
# Read by developers alone.
ENGLISH = {
    "marketplace/catalog/api.py": "help texts of the API's schema",
    "marketplace/catalog/manifest.py": "help texts of the API's schema",
    "templates/styleguide": "samples, in development only",
    "templates/mail/index.html": "mails of a developer's market",
    "templates/mail/one.html": "mails of a developer's market",
    "settings/styleguide.py": "samples, in development only",
    "settings/management/commands/demo.py": "fills the market of a demonstration",
    "chain/client.py": "for operators, who read English logs beside it",
}
NAMES = {
    "CSV",
    "PDF",
    "PNG",
    "JPEG",
    "WebP",
    "Guildhall",
    "UTC",
    "ETH",
    "JSON",
    "POST",
    "Authorization",
    "Bearer",
    "curl",
    "ms",
    "MB",
}
SHOWN = {"title", "alt", "placeholder", "aria-label", "aria-description", "data-label", "data-copied"}
ARGUMENT = re.compile(
    r"\b(?:title|text|action|label|more|noun|desc|unit|submit|cancel|confirm|caption|problem|sentence|term|word)"
    r'="([^"]*)"|default:"([^"]* [^"]*|[A-Z][^"]*)"|{%\s*nav_link\s+"[^"]*"\s+"[^"]*"\s+"([^"]*)"'
)
GONE = re.compile(
    r"{%\s*comment.*?{%\s*endcomment\s*%}|{%\s*blocktrans.*?{%\s*endblocktrans\w*\s*%}|<(script|style|code|pre)\b.*?</\1>",
    re.DOTALL,
)
TOKEN = re.compile(r"{%.*?%}|{{.*?}}|{#.*?#}", re.DOTALL)


def is_said(text: str) -> bool:
    """Whether there are words in it, beyond names that are the same in every language."""
    words = re.findall(r"[^\W\d_]{2,}", text)
    return any(word not in NAMES for word in words)


class Reader(HTMLParser):
    """Collects what a person sees or hears."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def handle_data(self, data: str) -> None:
        self.seen.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        shown = {name: value for name, value in attrs if value}
        self.seen.extend(value for name, value in shown.items() if name in SHOWN)
        if tag == "meta" and shown.get("name") == "description":
            self.seen.append(shown.get("content", ""))


def outside_the_catalogs(text: str) -> list[str]:
    """The words of a template that no tag looks up."""
    text = GONE.sub("", text)
    found = [next(filter(None, match.groups()), "") for tag in TOKEN.findall(text) for match in ARGUMENT.finditer(tag)]
    reader = Reader()
    reader.feed(TOKEN.sub("", text))
    reader.close()
    return [" ".join(each.split()) for each in [*reader.seen, *found] if is_said(each)]


SAYS = {
    "Refused", "ValidationError", "CallRefused", "NotUsable", "Step", "Figure", "success", "error", "warning", "info",
}  # fmt: skip
LABELS = {"label", "help_text", "empty_label", "placeholder"}


def spoken(text: str) -> Iterator[str]:
    """Sentences for people in a Python source that stand outside gettext: what refuses, tells, or labels a field."""
    tree = ast.parse(text)
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        of = getattr(getattr(call.func, "value", None), "id", "")
        if name in SAYS and (name[0].isupper() or of == "messages"):
            yield from filter(is_said, map(_text, call.args))
        yield from (_text(each.value) for each in call.keywords if each.arg in LABELS and is_said(_text(each.value)))
    for kind in (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
        if any(getattr(base, "attr", "").endswith("Choices") for base in kind.bases):
            pairs = [node.value for node in kind.body if isinstance(node, ast.Assign)]
            yield from filter(is_said, (_text(pair.elts[-1]) for pair in pairs if isinstance(pair, ast.Tuple)))


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value if " " in node.value or node.value[:1].isupper() else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) or " " for part in node.values)
    return ""


def listed(path: Path, areas: dict[str, str]) -> bool:
    return str(path.relative_to(ROOT)).startswith(tuple(areas))


FOUND = {path: outside_the_catalogs(path.read_text()) for path in TEMPLATES}
FOUND |= {path: list(spoken(path.read_text())) for path in SOURCES}


def test_no_page_and_no_refusal_speaks_past_the_catalogs() -> None:
    speak = {str(path.relative_to(ROOT)): words for path, words in FOUND.items() if words}
    assert {path: words for path, words in speak.items() if not listed(ROOT / path, ENGLISH)} == {}


@pytest.mark.parametrize("area", list(ENGLISH))
def test_an_area_that_is_done_leaves_the_list(area: str) -> None:
    assert any(words for path, words in FOUND.items() if listed(path, {area: ""})), f"{area} is done: take it out"


def test_the_guard_sees_words_where_people_read_them() -> None:
    seen = outside_the_catalogs(
        '{% comment %}not this{% endcomment %}<p title="Above">{{ x }} of us</p>{% translate "not this" %}<img alt="">'
        "{% blocktranslate %}nor <b>this</b>{% endblocktranslate %}"
        '{% include "a.html" with text="Said here" %}{{ x|default:"Or this" }}{% nav_link "a:b" "icon" "Home" %}'
    )
    assert seen == ["Above", "of us", "Said here", "Or this", "Home"]
    code = (
        'raise Refused(f"No {x} left.")\nmessages.success(request, "Saved.")\n'
        'field(label="Name", help_text=_("fine"))\nraise Refused(_("fine"))\nlog.info("not this")\n'
        'class State(models.TextChoices):\n    OPEN = "open", "still open"\n    SHUT = "shut", _("fine")\n'
    )
    assert list(spoken(code)) == ["No   left.", "Saved.", "Name", "still open"]


def too_early(text: str) -> list[int]:
    """The lines that look a sentence up while the module is loaded, in nobody's language."""
    tree = ast.parse(text)
    names = {
        each.asname or each.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").endswith("translation")
        for each in node.names
        if each.name in {"gettext", "ngettext", "pgettext", "npgettext"}
    }
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for part in (function.body if isinstance(function.body, list) else [function.body])
        for node in ast.walk(part)
    }
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in names and id(node) not in inside
    ]


def looked_up(text: str) -> set[str]:
    """Every sentence that a Python source gives to gettext, wherever it stands."""
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call) and node.args]
    names = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "noop", "gettext_noop"}
    first = [call.args[0] for call in calls if getattr(call.func, "id", "") in names]
    return {each.value for each in first if isinstance(each, ast.Constant) and isinstance(each.value, str)}


def test_no_sentence_hides_from_what_gathers_them() -> None:
    """Inside of an f-string, for example, where nothing is gathered and nothing would be translated."""
    gathered = {forms(words)[0] for _context, words in catalogs.sentences()}
    hidden = {str(path.relative_to(ROOT)): looked_up(path.read_text()) - gathered for path in SOURCES}
    assert {path: words for path, words in hidden.items() if words} == {}
    assert looked_up("f\"{_('Hidden')}\"") == {"Hidden"}


def test_no_sentence_is_looked_up_before_somebody_reads_it() -> None:
    early = {str(path.relative_to(ROOT)): lines for path in SOURCES if (lines := too_early(path.read_text()))}
    assert early == {}


def test_the_guard_sees_what_is_looked_up_too_early() -> None:
    start = "from django.utils.translation import gettext as _\nfrom django.utils.translation import gettext_lazy\n"
    assert too_early(start + 'A = _("x")\nB = gettext_lazy("y")\ndef f(x=_("z")):\n    return _("fine")\n') == [3, 5]


@pytest.mark.parametrize("language", catalogs.PLURALS)
@pytest.mark.parametrize("domain", catalogs.DOMAINS)
def test_every_catalog_is_what_the_sources_and_its_own_words_make_of_it(language: str, domain: str) -> None:
    """None missing, none left over, none guessed, and what is compiled is what is written: else run bin/messages."""
    for path, content in catalogs.written(language, domain).items():
        assert path.read_bytes() == content, f"{path.relative_to(ROOT)}: run bin/messages"
    assert b"fuzzy" not in catalogs.po(language, domain).read_bytes()


MESSAGES = [
    (language, message)
    for language in catalogs.PLURALS
    for domain in catalogs.DOMAINS
    for message in catalogs.read(language, domain)
    if message.id
]


def forms(words: Any) -> list[str]:
    return [words] if isinstance(words, str) else list(words)


def test_every_sentence_is_said_in_every_language() -> None:
    assert [(language, message.id) for language, message in MESSAGES if not all(forms(message.string) or [""])] == []


PLACES = re.compile(r"%\(\w+\)[sd]|%[sd]|%%|{\w*}|</?\w+|&nbsp;|\N{NO-BREAK SPACE}")


def places(text: str) -> list[str]:
    return sorted(PLACES.findall(text))


def test_a_translation_has_the_places_and_the_markup_of_its_sentence() -> None:
    wrong = [
        (language, message.id, said)
        for language, message in MESSAGES
        for said in forms(message.string)
        if places(said) not in [places(form) for form in forms(message.id)]
    ]
    assert wrong == []


def test_a_translation_begins_and_ends_like_its_sentence() -> None:
    """A sentence that lost its space or its full stop, or was cut off."""
    ends = re.compile(r"[.?:…]?$")
    wrong = [
        (language, message.id)
        for language, message in MESSAGES
        for said in forms(message.string)
        if (said[:1].isspace(), said[-1:].isspace())
        != (forms(message.id)[0][:1].isspace(), forms(message.id)[0][-1:].isspace())
        or ends.search(said.rstrip())[0] != ends.search(forms(message.id)[-1].rstrip())[0]  # type: ignore[index]
    ]
    assert wrong == []


FAMILIAR = re.compile(r"\b(du|dich|dir|dein\w*)\b", re.IGNORECASE)


def test_german_addresses_everybody_in_the_same_way() -> None:
    said = [text for language, message in MESSAGES if language == "de" for text in forms(message.string)]
    assert FAMILIAR.search("Sieh in dein Postfach")
    assert [text for text in said if FAMILIAR.search(text)] == []


def test_no_word_of_ours_takes_the_place_of_a_month_or_a_day() -> None:
    """Catalogs are one: a column called "May" would rename the month in every date. It needs a context."""
    names = {
        name for book in (dates.MONTHS, dates.MONTHS_3, dates.WEEKDAYS, dates.WEEKDAYS_ABBR) for name in book.values()
    }
    assert "May" in names
    assert {message.id for _, message in MESSAGES if not message.context} & {str(name) for name in names} == set()


DATES = re.compile(r"""\|date:("[^"]*"|'[^']*')""")


def test_no_template_spells_out_a_date() -> None:
    """Day, month and year stand in another order elsewhere: a format has a name in settings/formats."""
    allowed = {'"c"', '"Y-m-d"'}
    wrong = {
        str(path.relative_to(ROOT)): spelled
        for path in TEMPLATES
        if not listed(path, ENGLISH)
        and (
            spelled := [
                each for each in DATES.findall(path.read_text()) if each not in allowed and "_FORMAT" not in each
            ]
        )
    }
    assert wrong == {}


COUNTS = re.compile(r"\{[^{}]*:,(?:\.\d+f)?\}")


def test_no_source_groups_figures_as_one_language_does() -> None:
    """A thousand is 1,000 here and 1.000 there: settings.figures and django.utils.formats know."""
    assert COUNTS.search('f"{number:,}+"')
    wrong = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if "management" not in path.parts and not listed(path, ENGLISH) and COUNTS.search(path.read_text())
    ]
    assert wrong == []


def test_each_language_names_the_same_formats() -> None:
    def names(language: str) -> set[str]:
        tree = ast.parse((ROOT / "settings" / "formats" / language / "formats.py").read_text())
        return {node.targets[0].id for node in tree.body if isinstance(node, ast.Assign)}  # type: ignore[attr-defined]

    assert names("en") == names("de") == names("id")
