"""Notices as sentences: the names are looked up when they are shown."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace.accounts.models import User
from marketplace.catalog.models import Listing
from marketplace.notifications.context import AMOUNTS
from marketplace.notifications.models import Notification
from marketplace.notifications.rules import RULES
from marketplace.organizations.models import Organization
from marketplace.subscriptions.words import NARROW, amount, day

UNKNOWN_RULE = gettext_lazy("Something changed. Open it to see what.")


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
            "org": self.org(facts.get("org")) or _("an organization"),
            "other": self.org(facts.get("other")) or _("an organization"),
            "listing": self._listings.get(facts.get("listing", 0)) or _("a tool"),
            "who": self._people.get(facts.get("who", 0)) or _("somebody"),
            "user": self._people.get(facts.get("user", 0)) or _("somebody"),
        }


def _money(kept: Any) -> str:
    """An amount as the reader's language writes it; notices told before it was kept as a figure hold it in words."""
    if not isinstance(kept, dict):
        return str(kept)
    return f"{amount(int(kept['units']), kept['decimals'])}{NARROW}{kept['symbol']}"


def _sentence(notice: Notification, names: _Names) -> str:
    verb, _slash, number = notice.rule.partition("/")
    rules = RULES.get(verb, ())
    if not number.isdigit() or int(number) >= len(rules):
        return str(UNKNOWN_RULE)  # told under an earlier version of the market
    fields = {
        **dict.fromkeys(AMOUNTS, _("the amount")),
        **notice.facts,
        **{name: _money(notice.facts[name]) for name in AMOUNTS if name in notice.facts},
        **names.of(notice.facts),
    }
    if "until" in notice.facts:
        fields["until"] = day(datetime.fromisoformat(notice.facts["until"]))
    try:
        sentence = _(rules[int(number)].says).format_map(fields)
    except (KeyError, IndexError):
        return str(UNKNOWN_RULE)
    return sentence[:1].upper() + sentence[1:]
