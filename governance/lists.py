"""The lists of proposals and of DAOs: filtered, searched, and read a page at a time from a place on."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from governance import discussions, doors
from governance.models import OPEN, TERMINAL, Check, Governor, Proposal, State
from governance.models.proposals import Place
from governance.power import checked_address
from governance.reading import Reading, for_show, governor_named, shown

PER_PAGE = 20
LONGEST_SEARCH = 100
LONGEST = 9_223_372_036_854_775_807


@dataclass(frozen=True)
class Wish:
    """What somebody wants to see: a kind of proposals, words, an account, from a place on."""

    show: str
    words: str
    address: str
    place: Place | None

    @classmethod
    def of(cls, request: HttpRequest) -> "Wish":
        given = request.GET
        show = given.get("show", "")
        words = " ".join(given.get("q", "").replace("\x00", "").split())[:LONGEST_SEARCH]
        show = show if show in SHOWN else ""
        return cls(show, words, given.get("address", "").strip()[:60], _place(given.get("after", "")))

    @property
    def account(self) -> str | None:
        """The address in its one form; None when it is none."""
        return checked_address(self.address)

    @property
    def is_plain(self) -> bool:
        return not self.show and not self.words

    def url(self, dao: Governor, **changes: str) -> str:
        """The same list with something else; what is empty is left out."""
        asked = {"show": self.show, "q": self.words, "address": self.address} | changes
        query = urlencode({name: value for name, value in asked.items() if value})
        return reverse("governance:proposals", args=[dao.slug]) + (f"?{query}" if query else "")

    def apply(self, dao: Governor) -> Any:
        """The proposals that are wanted, in the order of the list, before any place."""
        found = dao.proposals.by_urgency().saying(self.words)
        if self.show == "missing":
            return found.waiting_for(self.account) if self.account else found.none()
        return found.filter(state__in=SHOWN[self.show]) if self.show else found


SHOWN: dict[str, tuple[State, ...]] = {
    "": (),
    "active": (State.ACTIVE,),
    "missing": (State.ACTIVE,),
    "queued": (State.SUCCEEDED, State.QUEUED),
    "ended": TERMINAL,
}


def _place(text: str) -> Place | None:
    parts = text.split(".")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
        return None
    urgency, start, key = (min(int(part[:20]), LONGEST) for part in parts)
    return min(urgency, len(OPEN)), start, key


def governor_or_own(name: str | None) -> Governor | None:
    """The one that is named, or 404; without a name the market's own, or None before it is mirrored."""
    if name is not None:
        return get_object_or_404(governor_named(name))
    of_chain = Governor.objects.filter(chain=settings.CHAIN_ID).select_related("token")
    return of_chain.order_by("-is_own", "pk").first()


@doors.public
@require_safe
def proposals(request: HttpRequest, governor: str | None = None) -> HttpResponse:
    """What can be voted on, what waits, and what was decided."""
    dao = governor_or_own(governor)
    wish = Wish.of(request)
    context: dict[str, Any] = {"governor": dao, "wish": wish}
    if dao is not None:
        found = wish.apply(dao)
        after = found.below(wish.place) if wish.place else found
        rows = list(for_show(after)[: PER_PAGE + 1])
        context |= _page(dao, wish, rows[:PER_PAGE], more=len(rows) > PER_PAGE, total=found.count())
        if wish.is_plain and not wish.place:
            context["discussed"] = discussions.under_discussion(dao)
        context["several"] = Governor.objects.exclude(pk=dao.pk).exists()
        context["check"] = Check.objects.filter(governor=dao).first()
        context["reading"] = Reading.of(dao) if dao.caught_up_at is None else None
    return render(request, "governance/proposals.html", context)


def _page(dao: Governor, wish: Wish, rows: list[Proposal], *, more: bool, total: int) -> dict[str, Any]:
    found = shown(dao, rows)
    last = rows[-1] if rows else None
    following = f"{last.urgency}.{last.vote_start}.{last.pk}" if last and more else ""  # type: ignore[attr-defined]
    return {
        "open": [row for row in found if row.proposal.state in OPEN],
        "past": [row for row in found if row.proposal.state not in OPEN],
        "newest": found[0] if found else None,
        "shown_count": len(found),
        "total": total,
        "next_url": wish.url(dao, after=following) if following else "",
        "first_url": wish.url(dao) if wish.place else "",
        "tabs": _tabs(dao, wish),
    }


def _tabs(dao: Governor, wish: Wish) -> list[dict[str, Any]]:
    texts = {
        "": _("All"),
        "active": _("Voting open"),
        "missing": _("Your vote is missing"),
        "queued": _("Passed, waiting"),
        "ended": _("Ended"),
    }
    return [{"url": wish.url(dao, show=key), "text": text, "current": wish.show == key} for key, text in texts.items()]


@doors.public
@require_safe
def daos(request: HttpRequest) -> HttpResponse:
    """Every DAO that is mirrored, the market's own first."""
    counted = {
        "active": Count("proposals", filter=Q(proposals__state=State.ACTIVE)),
        "all_proposals": Count("proposals"),
    }
    rows = Governor.objects.select_related("token", "last_check").annotate(**counted).order_by("-is_own", "name", "pk")
    return render(request, "governance/daos.html", {"daos": rows})
