"""Comments that people report: told once by each network, seen first by the moderators, ended by what they decide.

Nothing is hidden by itself, however many report it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from governance.models import Comment, CommentReport, Discussion, Governor
from governance.refusing import No

Category = CommentReport.Category
MOST_A_DAY: Final = 10  # of one network
MOST_OF_ONE: Final = 100  # open reports of one comment: more say nothing new
DAY: Final = timedelta(days=1)
TO_JUDGE: Final = 100


class Later(No):
    """Too many for today; `seconds` until the next one is taken."""

    def __init__(self, sentence: str, seconds: int) -> None:
        super().__init__(sentence)
        self.seconds = seconds


@dataclass(frozen=True)
class Told:
    """What the open reports of one comment say: how many in all, how many of each kind, and their words."""

    count: int
    kinds: list[tuple[str, int]]
    words: list[str]


def report(comment: Comment, *, category: str, text: str, place: str) -> None:
    """Tell the moderators about a comment; `place` is the network of who does. Raises No, or Later."""
    source, now = _digest(place), timezone.now()
    with transaction.atomic():
        _one_at_a_time(source)
        row = Comment.objects.select_for_update(of=("self",)).select_related("discussion").get(pk=comment.pk)
        if not row.is_readable or row.discussion.hidden_at is not None:
            raise No(_("This comment is not shown any more."))
        reports = row.reports.unanswered()
        if reports.filter(source=source).exists():
            raise No(_("It was reported from here already. A moderator looks at it; you need not do anything."))
        latest = CommentReport.objects.filter(source=source, reported_at__gt=now - DAY).order_by("-reported_at")
        times = list(latest.values_list("reported_at", flat=True)[:MOST_A_DAY])
        if len(times) == MOST_A_DAY:
            seconds = int((times[-1] + DAY - now).total_seconds()) + 1
            raise Later(_("That is as many reports as we take from one place in a day. Come back later."), seconds)
        if reports.count() < MOST_OF_ONE:
            CommentReport.objects.create(comment=row, category=category, text=text, source=source)


def _digest(place: str) -> str:
    told = f"comment report:{place}".encode()
    return hmac.new(settings.SECRET_KEY.encode(), told, hashlib.sha256).hexdigest()


def _one_at_a_time(source: str) -> None:
    """Reports of one network wait for each other, so that none slips past the count."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"reports of {source}"])


def answer(row: Comment | Discussion) -> None:
    """End the open reports of a comment: a moderator has decided, or its author took it back. Their words go."""
    if isinstance(row, Comment):
        row.reports.unanswered().update(answered_at=timezone.now(), text="")


def reported_first(comments: QuerySet[Comment]) -> QuerySet[Comment]:
    """With `reported`, how many open reports each has; the most reported first, then the newest."""
    opened = Count("reports", filter=Q(reports__answered_at=None))
    return comments.annotate(reported=opened).order_by("-reported", "-written_at", "-pk")


def to_judge(governor: Governor) -> list[Comment]:
    """The comments on a DAO's drafts that are reported and shown, the most reported first."""
    shown = Comment.objects.filter(discussion__draft__governor=governor, discussion__hidden_at=None)
    found = shown.filter(Exists(CommentReport.objects.unanswered().filter(comment=OuterRef("pk"))))
    return list(reported_first(found.select_related("discussion__draft__governor"))[:TO_JUDGE])


def told(comments: Iterable[Comment]) -> dict[int, Told]:
    """What the open reports of these comments say, by comment; one query."""
    rows: dict[int, list[CommentReport]] = {}
    for each in CommentReport.objects.unanswered().filter(comment__in=list(comments)).order_by("reported_at", "pk"):
        rows.setdefault(each.comment_id, []).append(each)
    return {key: _told(found) for key, found in rows.items()}


def _told(rows: list[CommentReport]) -> Told:
    counts = [(kind, sum(row.category == kind for row in rows)) for kind in Category]
    kinds = [(str(kind.label), count) for kind, count in counts if count]
    return Told(len(rows), sorted(kinds, key=lambda kind: -kind[1]), [row.text for row in rows if row.text])


def forget() -> int:
    """Delete what was answered and no longer counts for today; how many rows."""
    since = timezone.now() - DAY
    return CommentReport.objects.filter(answered_at__isnull=False, reported_at__lt=since).delete()[0]
