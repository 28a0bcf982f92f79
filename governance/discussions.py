"""Read what was said of a draft: its comments in threads, with what each account could vote with when it wrote."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.core.cache import cache
from django.core.paginator import Page, Paginator
from django.db.models import Count, OuterRef, Q, Subquery
from django.utils.safestring import SafeString

from governance import drafting
from governance.effects import Effect, effect_of
from governance.facts import Facts
from governance.markdown import rendered
from governance.models import Comment, Discussion, Draft, Governor
from governance.models.discussions import DiscussionQuerySet
from governance.refusing import No
from governance.words import amount

PER_PAGE: Final = 50
ON_THE_LIST: Final = 5
TRIED_FOR: Final = 60  # seconds that a trial on the chain is shown to whoever asks next


@dataclass(frozen=True)
class Said:
    """A comment as it is shown; what was hidden or taken back has no words."""

    row: Comment
    html: SafeString | str
    power: str
    answers: list[Said]


def discussed(governor: Governor) -> DiscussionQuerySet:
    """The visible discussions of a DAO, newest first; `said` counts what can be read in each."""
    readable = Q(comments__withdrawn_at=None, comments__hidden_at=None)
    counted = Discussion.objects.of_governor(governor).visible().annotate(said=Count("comments", filter=readable))
    return counted.order_by("-opened_at", "-pk")


def under_discussion(governor: Governor) -> list[Discussion]:
    """The newest that are open and no proposals yet, for the list of proposals."""
    return list(discussed(governor).undecided().filter(closed_at=None)[:ON_THE_LIST])


def comments_of(discussion: Discussion, number: str | None) -> Page[Comment]:
    """A page of what was said first-hand, oldest first."""
    first = discussion.comments.filter(answers=None).order_by("written_at", "pk")
    return Paginator(first, PER_PAGE).get_page(number)


def address_of(comment: Comment, **also: str) -> str:
    """Where a comment stands: its page and its place there; `also` goes into the query."""
    first = comment.discussion.comments.filter(answers=None, pk__lt=comment.answers_id or comment.pk)
    query = urlencode({"page": first.count() // PER_PAGE + 1, **also})
    return f"{comment.discussion.get_absolute_url()}?{query}#comment-{comment.pk}"


def threads(discussion: Discussion, page: Page[Comment]) -> list[Said]:
    """The comments of a page, each with its answers."""
    token = discussion.draft.governor.token
    below: dict[int, list[Said]] = {}
    rows = discussion.comments.filter(answers__in=list(page.object_list)).order_by("written_at", "pk")
    for row in rows:
        below.setdefault(row.answers_id or 0, []).append(_said(row, token, []))
    return [_said(row, token, below.get(row.pk, [])) for row in page.object_list]


def _said(row: Comment, token: Any, answers: list[Said]) -> Said:
    html = rendered(row.text) if row.is_readable else ""
    return Said(row, html, amount(row.power, token), answers)


def effects_of(draft: Draft) -> list[Effect]:
    """The calls of a draft as sentences."""
    facts = Facts.of(draft.governor)
    return [effect_of(facts, call.target, call.value, call.data) for call in drafting.calls_of(draft)]


def tried(draft: Draft) -> dict[str, Any]:
    """What the chain says of the calls, asked at most once a minute however many ask; {silent} without an answer."""
    key = f"draft-tried:{draft.pk}:{draft.changed_at.timestamp()}"
    found: dict[str, Any] | None = cache.get(key)
    if found is None:
        try:
            found = {"tried": drafting.tried(draft)}
        except No as no:
            found = {"silent": str(no)}
        cache.set(key, found, TRIED_FOR)
    return found


def discussed_at() -> Subquery:
    """For proposals: the public id of the discussion of the draft that each was, or none."""
    of_draft = Discussion.objects.visible().filter(
        draft__governor=OuterRef("governor"), draft__proposed=OuterRef("proposal_id")
    )
    return Subquery(of_draft.order_by("pk").values("public_id")[:1])
