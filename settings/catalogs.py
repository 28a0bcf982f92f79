"""The catalogs of words: gather the sentences of all sources, bring each language up to date, compile.

Run by `bin/messages`. Needs Babel, which only developers have; the compiled catalogs are part of the repository.
"""

import io
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract, extract_javascript, extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize
from jinja2.ext import babel_extract

ROOT: Final = Path(__file__).resolve().parent.parent
PYTHON: Final = ("chain", "governance", "marketplace", "settings")
# How many forms a noun has, and which one goes with a number: as Django's own catalogs have it.
PLURALS: Final = {"de": (2, "(n != 1)"), "id": (1, "0")}
DOMAINS: Final = ("django", "djangojs")
KEYWORDS: Final[dict[str, Any]] = {
    "Rule": (2,),  # of a notice: its second argument is the sentence
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop", "noop"), None),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}
Sentence = str | tuple[str, ...]
Found = dict[tuple[str | None, Sentence], set[str]]


class Book(Catalog):
    """A catalog whose header says only what reading it needs: nothing in it changes with the clock."""

    def __init__(self, language: str) -> None:
        super().__init__(locale=language)
        self.language = language

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        return [
            ("Language", self.language),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Plural-Forms", "nplurals={}; plural={};".format(*PLURALS[self.language])),
        ]

    @mime_headers.setter
    def mime_headers(self, value: object) -> None:
        """Read from no file."""

    @property
    def num_plurals(self) -> int:
        return PLURALS[self.language][0]


def po(language: str, domain: str = "django") -> Path:
    """Where the sentences of a language stand; the compiled ones stand beside it."""
    return ROOT / "locale" / language / "LC_MESSAGES" / f"{domain}.po"


def sources(domain: str) -> Iterator[tuple[Path, Any]]:
    """Every file with sentences, and what reads it."""
    if domain == "djangojs":
        yield from ((path, extract_javascript) for path in sorted((ROOT / "static" / "js").glob("*.js")))
        return
    for folder in PYTHON:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts and "local" not in path.parts:
                yield path, extract_python
    yield from ((path, _of_contract) for path in sorted((ROOT / "chain" / "abi").glob("*.json")))
    for path in sorted((ROOT / "templates").rglob("*")):
        if path.suffix in {".html", ".txt"} and "styleguide" not in path.parts:
            yield path, babel_extract if "jinja" in path.parts else _of_template


def _of_template(file: Any, keywords: Any, comments: Any, options: Any) -> Any:
    """A Django template, read as the Python that Django makes of it; indentation would be an error there."""
    python = templatize(file.read().decode())
    lines = "\n".join(line.lstrip() for line in python.split("\n"))
    return extract_python(io.BytesIO(lines.encode()), keywords, comments, {"encoding": "utf-8"})


def _of_contract(file: Any, keywords: Any, comments: Any, options: Any) -> Iterator[tuple[int, str, str, list[str]]]:
    """Why a contract says no: people read it when their wallet or the market asks it for something."""
    yield from ((0, "gettext", sentence, []) for sentence in json.load(file).get("errors", {}).values() if sentence)


def sentences(domain: str = "django") -> Found:
    """Every sentence of the sources: its context and words (singular and plural), and the files that say it."""
    found: Found = {}
    for path, method in sources(domain):
        with path.open("rb") as file:
            for _, words, _, context in extract(method, file, KEYWORDS, options={"encoding": "utf-8"}):
                found.setdefault((context, words), set()).add(str(path.relative_to(ROOT)))
    found.pop((None, ""), None)
    return found


def read(language: str, domain: str = "django") -> Book:
    """The catalog as it is stored; empty when there is none yet."""
    book = Book(language)
    path = po(language, domain)
    if path.exists():
        with path.open("rb") as file:
            _fill(book, (message for message in read_po(file, locale=language) if message.id))
    return book


def _fill(book: Book, messages: Iterable[Any]) -> None:
    for each in messages:
        book.add(each.id, each.string, each.locations, each.flags, context=each.context)


def updated(language: str, domain: str = "django") -> Book:
    """The catalog with exactly the sentences of the sources, and the translations that it had."""
    had, book = read(language, domain), Book(language)
    for (context, words), files in sentences(domain).items():
        known = had.get(words, context)
        string: Any = known.string if known and known.id == words else _nothing(words, book)
        book.add(words, string, [(file, 0) for file in sorted(files)], context=context)
    return book


def _nothing(words: Sentence, book: Book) -> Any:
    return "" if isinstance(words, str) else ("",) * book.num_plurals


def as_text(book: Book) -> bytes:
    """The .po file of a catalog, sorted by its sentences."""
    out = io.BytesIO()
    write_po(out, book, omit_header=True, include_lineno=False, sort_output=True, width=110)
    header = "".join(f"{json.dumps(f'{name}: {value}' + chr(10))}\n" for name, value in book.mime_headers)
    return b'msgid ""\nmsgstr ""\n' + header.encode() + b"\n" + out.getvalue().lstrip(b"\n")


def compiled(book: Book) -> bytes:
    """The .mo file of a catalog."""
    out = io.BytesIO()
    write_mo(out, book)
    return out.getvalue()


def script(book: Book) -> str:
    """The sentences of the scripts, as a script."""
    words = {each.id: each.string for each in sorted(book, key=lambda each: str(each.id)) if each.id and each.string}
    return f"globalThis.guildhallWords = {json.dumps(words, ensure_ascii=False, indent=2)};\n"


def written(language: str, domain: str) -> dict[Path, bytes]:
    """Every file that comes of one catalog."""
    book, path = updated(language, domain), po(language, domain)
    files = {path: as_text(book), path.with_suffix(".mo"): compiled(book)}
    if domain == "djangojs":
        del files[path.with_suffix(".mo")]
        files[ROOT / "static" / "js" / "words" / f"{language}.js"] = script(book).encode()
    return files


def main() -> int:
    """Write all catalogs; say what still waits for its words, and answer 1 if anything does."""
    missing = 0
    for language in PLURALS:
        for domain in DOMAINS:
            for path, content in written(language, domain).items():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            waiting = [each for each in updated(language, domain) if each.id and not _said(each.string)]
            missing += len(waiting)
            sys.stdout.writelines(f"{language}: {each.id}\n" for each in waiting)
    sys.stdout.write(f"{len(sentences())} sentences, {missing} translations missing.\n")
    return int(missing > 0)


def _said(string: Any) -> bool:
    return all(string) if isinstance(string, tuple | list) else bool(string)


if __name__ == "__main__":
    sys.exit(main())
