"""What the pages show, for programs: votes as CSV and JSON, proposals as Atom, deadlines as a calendar."""

import csv
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from governance import doors
from governance.markdown import rendered
from governance.models import ClockMode, Comment, Proposal, Support, Vote
from governance.reading import for_show, governor_named, shown
from governance.views import proposal_or_404
from governance.words import moment

COLUMNS = ("voter", "support", "weight", "reason", "block", "transaction", "final")
NEWEST = 50
FOLDED = 73


class Echo:
    """A file that gives back what is written into it."""

    def write(self, value: str) -> str:
        return value


def _votes(proposal: Proposal) -> Iterator[dict[str, Any]]:
    """All votes in the order of the chain, weights in base units as text; not held in memory."""
    rows = Vote.objects.filter(proposal=proposal).select_related("log__block").order_by("log__number", "log__log_index")
    for row in rows.iterator(chunk_size=1_000):
        yield {
            "voter": row.voter,
            "support": Support(row.support).name.lower(),
            "weight": str(row.weight),
            "reason": row.reason,
            "block": row.log.number,
            "transaction": row.log.tx_hash,
            "final": row.log.block.is_final,
        }


def cell(value: object) -> str:
    """Text that no spreadsheet takes for a formula."""
    text = str(value)
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


@doors.public
@require_safe
def votes_csv(request: HttpRequest, governor: str, proposal_id: str) -> HttpResponseBase:
    """Every vote on a proposal, one a line."""
    proposal = proposal_or_404(governor, proposal_id)
    writer = csv.writer(Echo())

    def lines() -> Iterator[str]:
        yield writer.writerow(COLUMNS)
        for vote in _votes(proposal):
            yield writer.writerow([cell(vote[name]) for name in COLUMNS])

    return _file(lines(), "text/csv; charset=utf-8", f"votes-{str(proposal.proposal_id)[:12]}.csv")


@doors.public
@require_safe
def votes_json(request: HttpRequest, governor: str, proposal_id: str) -> HttpResponseBase:
    """The same as JSON, with where and as of which block they were read."""
    proposal = proposal_or_404(governor, proposal_id)
    dao = proposal.governor
    head = dao.latest_block()
    about: dict[str, Any] = {"chain": dao.chain, "governor": dao.address, "proposalId": str(proposal.proposal_id)}
    about |= {"token": dao.token.address, "decimals": dao.token.decimals, "asOfBlock": head.number if head else None}

    def parts() -> Iterator[str]:
        yield json.dumps(about)[:-1] + ', "votes": ['
        for number, vote in enumerate(_votes(proposal)):
            yield (",\n" if number else "\n") + json.dumps(vote)
        yield "\n]}\n"

    return _file(parts(), "application/json", f"votes-{str(proposal.proposal_id)[:12]}.json")


def _file(parts: Iterator[str], kind: str, name: str) -> StreamingHttpResponse:
    answer = StreamingHttpResponse(parts, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@doors.public
@require_safe
def feed(request: HttpRequest, governor: str) -> HttpResponse:
    """The newest proposals and how they stand, as Atom."""
    dao = get_object_or_404(governor_named(governor))
    here = request.build_absolute_uri()
    made = Atom1Feed(
        title=f"{dao.name}: {_('Proposals')}", link=request.build_absolute_uri("../"), description="", feed_url=here
    )
    rows = for_show(dao.proposals.order_by("-vote_start")[:NEWEST])
    for row in shown(dao, rows):
        steps = [step.log.block.timestamp for step in row.proposal.steps.all()]
        place = request.build_absolute_uri(row.proposal.get_absolute_url())
        made.add_item(
            title=row.proposal.title,
            link=place,
            unique_id=f"urn:{dao.chain}:{dao.address}:{row.proposal.proposal_id}",
            description=f"{row.label}. {row.headline} {row.outcome}",
            author_name=row.proposal.proposer,
            pubdate=moment(row.proposal.log.block.timestamp),
            updateddate=moment(max([row.proposal.log.block.timestamp, *steps])),
        )
    return HttpResponse(made.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8")


@doors.public
@require_safe
def discussion_feed(request: HttpRequest, governor: str) -> HttpResponse:
    """The newest comments on drafts, as Atom."""
    dao = get_object_or_404(governor_named(governor))
    here = request.build_absolute_uri()
    title = f"{dao.name}: {_('Drafts under discussion')}"
    made = Atom1Feed(title=title, link=request.build_absolute_uri("../"), description="", feed_url=here)
    rows = Comment.objects.filter(discussion__draft__governor=dao, discussion__hidden_at=None)
    rows = rows.filter(withdrawn_at=None, hidden_at=None).select_related("discussion__draft__governor")
    for row in rows.order_by("-written_at", "-pk")[:NEWEST]:
        made.add_item(
            title=row.discussion.draft.title,
            link=request.build_absolute_uri(f"{row.discussion.get_absolute_url()}#comment-{row.pk}"),
            unique_id=f"urn:{dao.chain}:{dao.address}:comment:{row.pk}",
            description=str(rendered(row.text)),
            author_name=row.author,
            pubdate=row.written_at,
            updateddate=row.written_at,
        )
    return HttpResponse(made.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8")


@doors.public
@require_safe
def calendar(request: HttpRequest, governor: str) -> HttpResponse:
    """When votes begin and end, and when what passed can be carried out (RFC 5545)."""
    dao = get_object_or_404(governor_named(governor))
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Guildhall//Votes//EN", f"NAME:{_escaped(dao.name)}"]
    dated = dao.clock_mode == ClockMode.TIMESTAMP
    for row in dao.proposals.select_related("governor", "log__block").order_by("-vote_start")[:NEWEST]:
        place = request.build_absolute_uri(row.get_absolute_url())
        if dated:
            title = _("Vote: %(title)s") % {"title": row.title}
            lines += _event(row, "vote", (row.vote_start, row.deadline), title, place)
        if row.eta is not None:
            title = _("Can be carried out: %(title)s") % {"title": row.title}
            lines += _event(row, "eta", (row.eta, row.eta), title, place)
    text = "\r\n".join(_folded(line) for line in [*lines, "END:VCALENDAR", ""])
    return HttpResponse(text, content_type="text/calendar; charset=utf-8")


def _event(row: Proposal, what: str, at: tuple[int, int], title: str, place: str) -> list[str]:
    return [
        "BEGIN:VEVENT",
        f"UID:{what}-{row.proposal_id}@{row.governor.address.lower()}",
        f"DTSTAMP:{_stamp(row.log.block.timestamp)}",
        f"DTSTART:{_stamp(at[0])}",
        f"DTEND:{_stamp(at[1])}",
        f"SUMMARY:{_escaped(title)}",
        f"URL:{place}",
        "END:VEVENT",
    ]


def _stamp(seconds: int) -> str:
    return datetime.fromtimestamp(min(seconds, 253_402_300_799), UTC).strftime("%Y%m%dT%H%M%SZ")


def _escaped(text: str) -> str:
    """A value on one line, as the standard wants it."""
    text = "".join(sign if sign.isprintable() else " " for sign in text)
    for sign in ("\\", ";", ","):
        text = text.replace(sign, f"\\{sign}")
    return text


def _folded(line: str) -> str:
    """No more than 75 bytes a line, never within a character."""
    parts, now = [], ""
    for sign in line:
        if len((now + sign).encode()) > FOLDED:
            parts.append(now)
            now = ""
        now += sign
    return "\r\n ".join([*parts, now])
