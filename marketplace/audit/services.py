"""Write an entry, and check a chain of them."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from django.db import connection, models
from django.utils import timezone

from marketplace.audit import wording
from marketplace.audit.models import Entry, Wording
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import as_system

CHAIN_LOCK = 0x6175646974  # "audit": the first of the two keys of the advisory lock


def record(actor: Actor, verb: str, subject: models.Model, /, *, org_id: int | None = None, **facts: Any) -> Entry:
    """Append an entry to the chain of `org_id` (the actor's organization by default), in the caller's transaction.

    The chain's lock is held until the transaction ends, so that sequence and hashes follow the order of commits.
    What belongs to no organization goes to the market's own chain. Text among the facts is kept apart, in a Wording,
    so that it can be forgotten; the entry carries its digest.
    """
    org_id = actor.org_id if org_id is None else org_id
    if org_id is None:
        with as_system("the market's own chain of entries has no organization"):
            return _append(actor, verb, subject, org_id, facts)
    return _append(actor, verb, subject, org_id, facts)


def _append(actor: Actor, verb: str, subject: models.Model, org_id: int | None, facts: dict[str, Any]) -> Entry:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s + %s)", [CHAIN_LOCK << 20, org_id or 0])
    plain, words = wording.split(facts)
    salt = wording.new_salt()
    last = Entry.objects.filter(org_id=org_id).order_by("-sequence").first()
    entry = Entry(
        org_id=org_id,
        sequence=last.sequence + 1 if last else 1,
        at=timezone.now(),
        actor_user_id=actor.user_id,
        actor_role=actor.role,
        verb=verb,
        subject_type=subject._meta.label_lower,
        subject_id=str(subject.pk),
        facts={**plain, **wording.sealed(words, salt)},
        previous_hash=last.hash if last else "",
    )
    entry.hash = digest(entry)
    entry.save(force_insert=True)
    if words:
        Wording.objects.create(entry=entry, org_id=org_id, salt=salt, words=words)
    return entry


def digest(entry: Entry) -> str:
    """SHA-256 over the entry's fields and the hash before it, as hexadecimal text."""
    fields = [
        entry.org_id,
        entry.sequence,
        entry.at.isoformat(),
        entry.actor_user_id,
        entry.actor_role,
        entry.verb,
        entry.subject_type,
        entry.subject_id,
        entry.facts,
        entry.previous_hash,
    ]
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def first_broken(entries: Iterable[Entry]) -> Entry | None:
    """The first entry of a chain, given in order, that does not follow from the one before; None when all do."""
    previous = ""
    for place, entry in enumerate(entries, start=1):
        if entry.sequence != place or entry.previous_hash != previous or entry.hash != digest(entry):
            return entry
        previous = entry.hash
    return None
