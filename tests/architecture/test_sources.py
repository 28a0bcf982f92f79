"""Rules about the source text itself."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = [
    path
    for folder in ("chain", "marketplace", "governance", "settings")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "migrations" not in path.parts
]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_holds_one_idea(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= 300
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 40, f"{node.name} is longer than 40 lines"


CLIENTS = {
    "marketplace/gateway/upstream.py": "the guarded client itself",
    "chain/rpc.py": "calls the node that the operator configured",
    "chain/client.py": "calls the node that the operator configured",
    "marketplace/escrow/evidence/verify.py": "runs on the reader's machine, with the address that the reader types",
    "settings/local": "talks to servers that bin/up itself started",
}
OUTGOING = r"(httpx|httpcore|requests|aiohttp|urllib\.request|http\.client)"


def constructs_a_client(text: str) -> bool:
    return bool(re.search(rf"\b{OUTGOING}\.\w+\(|from {OUTGOING} import", text))


def test_the_guard_sees_a_client() -> None:
    assert constructs_a_client("client = httpx.Client()")
    assert constructs_a_client("from urllib.request import urlopen")
    assert not constructs_a_client("def call(pool: httpcore.AsyncConnectionPool) -> None: ...")


def test_nobody_else_calls_addresses_that_a_user_gave() -> None:
    allowed = tuple(CLIENTS)
    found = [str(path.relative_to(ROOT)) for path in SOURCES if constructs_a_client(path.read_text())]
    assert [path for path in found if not path.startswith(allowed)] == []


def test_money_is_never_floating() -> None:
    for app in ("subscriptions", "escrow"):
        for path in sorted((ROOT / "marketplace" / app).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                is_float = isinstance(node, ast.Constant) and isinstance(node.value, float)
                calls_float = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "float"
                assert not (is_float or calls_float), f"{path}:{getattr(node, 'lineno', 0)} uses floating point"


def writes_a_key_as_a_figure(text: str) -> bool:
    """Whether a page writes a row's key, a picture's width or the like with separators: 1,141 leads nowhere."""
    return bool(re.search(r"\{\{\s*(?:[\w.]+\.)?(?:pk|id|\w+_id|width|height|stamp)\s*\}\}", text))


def test_the_guard_sees_a_key() -> None:
    assert writes_a_key_as_a_figure('<a href="?plan={{ again.pk }}">')
    assert not writes_a_key_as_a_figure('<a href="?plan={{ again.pk|stringformat:"d" }}">')


TEMPLATES = [path for path in sorted((ROOT / "templates").rglob("*.html")) if "jinja" not in path.parts]
NO_KEYS = {
    "templates/catalog/save.html": "form.list_id is a field of a form",
    "templates/django/forms/field_notes.html": "auto_id is a text",
}


def test_pages_write_no_key_as_people_read_figures() -> None:
    found = {str(path.relative_to(ROOT)) for path in TEMPLATES if writes_a_key_as_a_figure(path.read_text())}
    assert found == set(NO_KEYS)
