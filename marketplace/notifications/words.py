"""Notices as sentences: the names are looked up when they are shown."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from marketplace.accounts.models import User
from marketplace.catalog.models import Listing
from marketplace.notifications.models import Notification
from marketplace.notifications.rules import RULES
from marketplace.organizations.models import Organization

UNKNOWN_RULE = "Something changed. Open it to see what."


@dataclass(frozen=True, slots=True)
class Shown:
    """A notice and its sentence."""

    notice: Notification
    sentence: str
    org: str


def shown(notices: Iterable[Notification]) -> list[Shown]:
    """The sentences of notices, in the same order; three queries, however many there are."""
    notices = list(notices)
    names = _Names(notices)
    return [Shown(notice, _sentence(notice, names), names.org(notice.org_id)) for notice in notices]


class _Names:
    """Everybody and everything that some notices speak of."""

    def __init__(self, notices: list[Notification]) -> None:
        def ids(*keys: str) -> set[int]:
            return {notice.facts[key] for notice in notices for key in keys if notice.facts.get(key)}

        self._orgs = dict(Organization.objects.filter(pk__in=ids("org", "other")).values_list("pk", "name"))
        self._listings = dict(Listing.objects.filter(pk__in=ids("listing")).values_list("pk", "name"))
        self._people = {person.pk: str(person) for person in User.objects.filter(pk__in=ids("who", "user"))}

    def org(self, pk: int | None) -> str:
        return self._orgs.get(pk or 0, "")

    def of(self, facts: dict[str, Any]) -> dict[str, str]:
        return {
            "org": self.org(facts.get("org")) or "an organization",
            "other": self.org(facts.get("other")) or "an organization",
            "listing": self._listings.get(facts.get("listing", 0)) or "a tool",
            "who": self._people.get(facts.get("who", 0)) or "somebody",
            "user": self._people.get(facts.get("user", 0)) or "somebody",
        }


def _sentence(notice: Notification, names: _Names) -> str:
    verb, _, number = notice.rule.partition("/")
    rules = RULES.get(verb, ())
    if not number.isdigit() or int(number) >= len(rules):
        return UNKNOWN_RULE  # told under an earlier version of the market
    fields = {
        **dict.fromkeys(("amount", "net", "fee", "refund"), "the amount"),
        **notice.facts,
        **names.of(notice.facts),
    }
    try:
        sentence = rules[int(number)].says.format_map(fields)
    except (KeyError, IndexError):
        return UNKNOWN_RULE
    return sentence[:1].upper() + sentence[1:]
