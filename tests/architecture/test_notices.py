"""Every verb of the audit entries is told to somebody, or listed with the reason why nobody is."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from marketplace.moderation.models import Decision
from marketplace.notifications.rules import RULES
from marketplace.notifications.silence import NOT_TOLD
from marketplace.organizations.models import Verification

ROOT = Path(__file__).parents[2] / "marketplace"
WRITERS = {"record", "_note", "_moved", "_tell", "_turn_down", "_go", "note_both", "tell_both"}
VERB = re.compile(r"[a-z_]+\.[a-z_]+")
# Verbs that are put together when they are written: the pieces of the source, and what they can become.
PUT_TOGETHER = {
    "case.{outcome}": [f"case.{outcome}" for outcome in Decision.Outcome.values],
    "organization.{outcome}": [
        f"organization.{outcome}" for outcome in Verification.Outcome.values if outcome != Verification.Outcome.WAITING
    ],
    "review.{to}": ["review.hidden", "review.shown"],
    "answer.{to}": ["answer.hidden", "answer.shown"],
    "escrow.{purpose}_sent": ["escrow.cancel_sent", "escrow.withdraw_sent", "escrow.timeout_sent"],
}


def verbs(text: str) -> Iterator[str]:
    """The verbs in a source: texts like `thing.verb` in a call of something that writes entries."""
    for call in ast.walk(ast.parse(text)):
        if not isinstance(call, ast.Call):
            continue
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        if name not in WRITERS:
            continue
        for argument in call.args:
            for node in ast.walk(argument):
                if isinstance(node, ast.JoinedStr):
                    yield from PUT_TOGETHER[_pieces(node)]
                elif isinstance(node, ast.Constant) and isinstance(node.value, str) and VERB.fullmatch(node.value):
                    yield node.value


def _pieces(node: ast.JoinedStr) -> str:
    return "".join(
        str(part.value) if isinstance(part, ast.Constant) else f"{{{ast.unparse(part.value)}}}"  # type: ignore[attr-defined]
        for part in node.values
    )


WRITTEN = {
    verb
    for path in sorted(ROOT.rglob("*.py"))
    if "migrations" not in path.parts and path.parent.name != "audit"
    for verb in verbs(path.read_text())
}


def test_every_verb_is_told_or_listed_with_a_reason() -> None:
    assert WRITTEN - set(RULES) - set(NOT_TOLD) == set(), (
        "say in notifications/rules.py who is told, or in silence.py why nobody"
    )


def test_no_rule_waits_for_a_verb_that_nobody_writes() -> None:
    assert (set(RULES) | set(NOT_TOLD)) - WRITTEN == set()
    assert set(RULES) & set(NOT_TOLD) == set()


def test_the_guard_sees_verbs_where_they_stand() -> None:
    assert len(WRITTEN) > 25
    assert list(verbs('audit.record(actor, "thing.done", thing, note="not.this")')) == ["thing.done"]
    assert list(verbs('self._tell("a.b" if late else "c.d", x)')) == ["a.b", "c.d"]
    assert list(verbs('tell_both(("order.gone", order, {}) for order in orders)')) == ["order.gone"]
