"""Words that can be forgotten: an entry carries a salted digest of each, the words themselves stand beside it.

A hash chain cannot let go of what it was made over. So it is made over digests: when words and salt are deleted,
the chain still verifies, and nobody can find the words by trying.
"""

import hashlib
import json
import re
import secrets
from collections.abc import Iterable
from typing import Any, Final

from django.db.models import Q

from marketplace.audit.models import Entry, Wording

# Identifiers of our own and of the chain: they name no person, and hold no text that anybody wrote.
PLAIN_SHAPE: Final = re.compile(
    r"0x[0-9a-f]{64}|[0-9a-f]{64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[\d:.+Z-]+", re.IGNORECASE
)
# Facts whose text comes from our own vocabulary, or counts base units.
PLAIN_NAMES: Final = frozenset((
    "amount", "approval_above", "before_role", "budget", "currency", "fee", "kind", "level", "limit", "month",
    "monthly", "net", "outcome", "period", "purpose", "refund", "role", "spent", "state", "used",
))  # fmt: skip


def split(facts: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Facts that stay for good, and those that somebody may have a right to see forgotten: all other text."""
    words = {name: value for name, value in facts.items() if not _is_plain(name, value)}
    return {name: value for name, value in facts.items() if name not in words}, words


def _is_plain(name: str, value: Any) -> bool:
    if value is None or isinstance(value, bool | int) or value == "":
        return True
    return isinstance(value, str) and (name in PLAIN_NAMES or bool(PLAIN_SHAPE.fullmatch(value)))


def sealed(words: dict[str, Any], salt: str) -> dict[str, dict[str, str]]:
    """What an entry carries in place of its words."""
    return {name: {"sealed": _digest(salt, name, value)} for name, value in words.items()}


def new_salt() -> str:
    """256 random bits, as hexadecimal text."""
    return secrets.token_hex(32)


def _digest(salt: str, name: str, value: Any) -> str:
    text = json.dumps([salt, name, value], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def facts_of(entry: Entry) -> dict[str, Any]:
    """The facts of an entry with the words that are still kept; what was forgotten is None."""
    found = Wording.objects.filter(pk=entry.pk).first()
    words = found.words if found else {}
    return {name: words.get(name) if _is_sealed(value) else value for name, value in entry.facts.items()}


def _is_sealed(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {"sealed"}


def altered(wordings: Iterable[Wording]) -> Wording | None:
    """The first wording, given with its entry, that is not what the entry was made over; None when all are."""
    for wording in wordings:
        kept = {name: value for name, value in wording.entry.facts.items() if _is_sealed(value)}
        if sealed(wording.words, wording.salt) != kept:
            return wording
    return None


def forget_person(user_id: int) -> int:
    """Forget the words of a person's own entries, those that belong to no organization. As the system only."""
    return Wording.objects.filter(entry__org_id=None, entry__actor_user_id=user_id).delete()[0]


def forget_mentions(names: Iterable[str]) -> int:
    """Forget words in which one of `names` stands, in whoever's chain; returns of how many entries. As the system only.

    An e-mail address or a wallet's is looked for anywhere in a text, any other name as a whole value: "Ada" is no
    mention of Ada in "Adapter".
    """
    mentioned = Q()
    for name in filter(None, names):
        is_address = "@" in name or name.startswith("0x")
        mentioned |= (
            Q(words__icontains=name) if is_address else Q(words__icontains=json.dumps(name, ensure_ascii=False))
        )
    return Wording.objects.filter(mentioned).delete()[0] if mentioned else 0
