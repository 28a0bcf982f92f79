"""Read the audit entries that were not told yet, and write a notice to each person who is to know.

The entries of one chain have consecutive numbers that follow the order of their commits, because whoever appends
holds the chain's lock to the end of the transaction. So a place in each chain misses nothing; a place in the ids of
all entries would miss those that commit late.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import structlog
from django.core.exceptions import ObjectDoesNotExist
from django.db import connection, transaction
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.audit.models import Entry
from marketplace.notifications.context import Context, context
from marketplace.notifications.models import Kind, Notification, Preference, ReadingPlace, wishes
from marketplace.notifications.rule import MODERATORS, Rule
from marketplace.notifications.rules import ACTOR, NAMED, RULES
from marketplace.notifications.silence import NOT_TOLD
from marketplace.organizations.models import Membership, Organization
from marketplace.tenancy.scope import as_system

BATCH: Final = 200
REASON: Final = "people of every organization are told what happened"
# One look into an index a chain; chains without news cost no more than that.
BEHIND: Final = """
    SELECT chain FROM (SELECT 0::bigint AS chain UNION ALL SELECT id FROM organizations_organization) chains
    LEFT JOIN notifications_readingplace place USING (chain)
    WHERE CASE WHEN chain = 0
        THEN EXISTS (SELECT FROM audit_entry e WHERE e.org_id IS NULL AND e.sequence > coalesce(place.sequence, 0))
        ELSE EXISTS (SELECT FROM audit_entry e WHERE e.org_id = chain AND e.sequence > coalesce(place.sequence, 0))
    END LIMIT 500
"""
log = structlog.get_logger(__name__)


def read_entries() -> int:
    """Tell what is new in every chain; returns how many notices were written. Each chain is a transaction."""
    with transaction.atomic(), as_system(REASON), connection.cursor() as cursor:
        cursor.execute(BEHIND)
        chains = [chain for (chain,) in cursor.fetchall()]
    return sum(_read(chain) for chain in chains)


def _read(chain: int) -> int:
    """The next entries of one chain; two readers at once do not tell the same."""
    with transaction.atomic(), as_system(REASON):
        ReadingPlace.objects.bulk_create([ReadingPlace(chain=chain)], ignore_conflicts=True)
        place = ReadingPlace.objects.select_for_update(skip_locked=True).filter(chain=chain).first()
        if place is None:
            return 0
        new = Entry.objects.filter(org_id=chain or None, sequence__gt=place.sequence).order_by("sequence")
        entries = list(new[:BATCH])
        org = Organization.objects.filter(pk=chain).first()
        notices = [notice for entry in entries for notice in _told(entry, org)]
        Notification.objects.bulk_create(_chosen(notices, timezone.now()), ignore_conflicts=True)
        if entries:
            place.sequence = entries[-1].sequence
            place.save(update_fields=["sequence"])
    return len(notices)


def _told(entry: Entry, org: Organization | None) -> list[Notification]:
    """The notices of one entry, the first rule for a person wins. One that cannot be told holds up no other."""
    if entry.verb not in RULES:
        if entry.verb not in NOT_TOLD:
            log.info("notifications.unknown_verb", verb=entry.verb, entry=entry.pk)
        return []
    found: dict[int, Notification] = {}
    try:
        with transaction.atomic():
            about = context(entry, org)
            for number, rule in enumerate(RULES[entry.verb]):
                if rule.side in ("", about.side):
                    for user_id in _people(rule, entry, org):
                        found.setdefault(user_id, _notice(entry, about, rule, f"{entry.verb}/{number}", user_id))
    except (ObjectDoesNotExist, NoReverseMatch, LookupError, ValueError, TypeError):
        log.exception("notifications.entry_not_told", verb=entry.verb, entry=entry.pk)
        return []
    return list(found.values())


def _people(rule: Rule, entry: Entry, org: Organization | None) -> Iterable[int]:
    """The ids of those whom a rule tells; who did it knows it, unless the rule says that they are told all the same."""
    if rule.to == MODERATORS:
        return list(User.objects.filter(is_moderator=True, is_active=True).values_list("pk", flat=True))
    if rule.to in (ACTOR, NAMED):
        wanted = entry.actor_user_id if rule.to == ACTOR else entry.facts.get("user_id")
        return [int(wanted)] if wanted and User.objects.filter(pk=wanted).exists() else []
    members = Membership.objects.filter(org=org, role__in=rule.to, user__is_active=True)
    if entry.actor_user_id and not rule.also_actor:
        members = members.exclude(user_id=entry.actor_user_id)
    return list(members.values_list("user_id", flat=True))


def _notice(entry: Entry, about: Context, rule: Rule, name: str, user_id: int) -> Notification:
    view, *arguments = rule.link.split()
    path = reverse(view, args=[about.arguments[argument] for argument in arguments])
    # A person who is told as a person, or as a moderator, need not belong to the organization.
    belongs = rule.to not in (MODERATORS, ACTOR, NAMED)
    return Notification(
        user_id=user_id, org_id=entry.org_id if belongs else None, entry_id=entry.pk, kind=rule.kind, rule=name,
        facts=about.facts, path=path, at=entry.at,
    )  # fmt: skip


def _chosen(notices: list[Notification], now: datetime) -> list[Notification]:
    """The notices as their readers want them: in the inbox, by e-mail, both; not at all is left out."""
    readers = {notice.user_id for notice in notices}
    chosen = {(row.user_id, row.kind): row for row in Preference.objects.filter(user_id__in=readers)}
    for notice in notices:
        inbox, mail = wishes(Kind(notice.kind), chosen.get((notice.user_id, notice.kind)))
        notice.in_inbox, notice.mail_due_at = inbox, now if mail else None
    return [notice for notice in notices if notice.in_inbox or notice.mail_due_at]
