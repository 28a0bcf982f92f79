"""Runs started in the browser: a form leaves a row, a worker takes it, calls the provider and keeps the result."""

import asyncio
import json
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpcore
from asgiref.sync import sync_to_async
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace.accounts.speaking import in_words_of
from marketplace.audit import services as audit
from marketplace.catalog.models import Listing
from marketplace.gateway import upstream
from marketplace.gateway.models import ToolRun, UsageRecord
from marketplace.gateway.services import Call, begin_run_call, finish_call
from marketplace.lifecycle import Refused
from marketplace.subscriptions.services import entitlement
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import as_system

Outcome = UsageRecord.Outcome
BATCH = 8
MAX_BATCHES = 2  # at once, so that slow providers never take every thread of the worker
INTERRUPTED_AFTER = timedelta(seconds=upstream.TOTAL_SECONDS + 30)
INTERRUPTED = gettext_lazy(
    "This run was interrupted on our side. It was counted once; nothing else changed. Please run it again."
)
AGAIN = gettext_lazy("Nothing else changed; you can run it again.")


@dataclass(frozen=True, slots=True)
class Ending:
    """How a call ended: for the usage record, and for the person who waits."""

    outcome: str
    status: int | None = None
    size: int = 0
    result: Any = None
    error: str = ""
    field: str = ""


def start_run(actor: Actor, *, listing: Listing, payload: dict[str, Any], form_key: uuid.UUID) -> ToolRun:
    """Leave a run of `listing` for a worker; a second submit of the same form gives the same run."""
    if actor.org_id is None:
        raise Refused(_("Choose an organization first."))
    right = entitlement(actor.org_id, listing)
    if not right.allowed or right.subscription is None:
        raise Refused(right.reason)
    try:
        with transaction.atomic():
            run = ToolRun.objects.create(
                org_id=actor.org_id,
                user_id=actor.user_id,
                subscription=right.subscription,
                listing=listing,
                input=payload,
                form_key=form_key,
            )
            audit.record(actor, "tool.run", run, listing=listing.slug)
    except IntegrityError:
        return ToolRun.objects.for_org(actor.org_id).get(form_key=form_key)
    return run


def run_waiting() -> int:
    """Take waiting runs, call their providers side by side, keep what came back; the number of runs taken."""
    taken = _take()
    if taken:
        asyncio.run(_run_all(taken))
    return len(taken)


def _take() -> list[tuple[ToolRun, Call]]:
    """Mark runs as running and count their calls, in one commit: a run that was counted is never taken again."""
    taken = []
    with transaction.atomic(), as_system("the worker runs every organization's tools"):
        now = timezone.now()
        for stuck in ToolRun.objects.filter(state=ToolRun.State.RUNNING, started_at__lt=now - INTERRUPTED_AFTER):
            with in_words_of(stuck.user):
                stuck.move(ToolRun.State.FAILED, error=str(INTERRUPTED), finished_at=now)
        under_way = ToolRun.objects.filter(state=ToolRun.State.RUNNING).values("started_at").distinct()
        if under_way.count() >= MAX_BATCHES:
            return []
        waiting = ToolRun.objects.waiting().select_for_update(skip_locked=True, of=("self",))
        for run in waiting.select_related("listing", "user")[:BATCH]:
            size = len(json.dumps(run.input))
            try:
                with transaction.atomic(), in_words_of(run.user):
                    call = begin_run_call(buyer_id=run.org_id, listing=run.listing, user_id=run.user_id, size=size)
            except Refused as refused:
                run.move(ToolRun.State.FAILED, error=str(refused), finished_at=now)
                continue
            run.move(ToolRun.State.RUNNING, started_at=now)
            taken.append((run, call))
    return taken


async def _run_all(taken: list[tuple[ToolRun, Call]]) -> None:
    async with upstream.pool() as connections:
        await asyncio.gather(*(_run(connections, run, call) for run, call in taken))


async def _run(connections: httpcore.AsyncConnectionPool, run: ToolRun, call: Call) -> None:
    body = json.dumps(run.input).encode()
    with in_words_of(run.user):
        try:
            ending = understood(await upstream.post(connections, call.endpoint, body=body, headers=call.headers))
        except upstream.UpstreamFailed as problem:
            outcome = Outcome.TIMED_OUT if isinstance(problem, upstream.UpstreamSlow) else Outcome.FAILED
            ending = Ending(outcome, error=f"{problem} {AGAIN}")
    await sync_to_async(_finish, thread_sensitive=False)(run, call, ending)


def understood(answer: upstream.Answer) -> Ending:
    """What an answer means: 2xx with JSON is a result, 400, 413 and 422 say what is wrong with the input."""
    try:
        content = json.loads(answer.body)
    except ValueError:
        content = None
    facts: dict[str, Any] = {"status": answer.status, "size": len(answer.body)}
    if 200 <= answer.status < 300 and content is not None:
        return Ending(Outcome.ANSWERED, result=content, **facts)
    error = content.get("error") if isinstance(content, dict) else None
    if answer.status in {400, 413, 422} and isinstance(error, dict):
        sentence, field = str(error.get("message", "")), str(error.get("field") or "")
        return Ending(Outcome.REFUSED, error=sentence[:500], field=field[:80], **facts)
    sentence = _("The provider's service failed (status %(number)s).") % {"number": answer.status}
    return Ending(Outcome.FAILED, error=f"{sentence} {AGAIN}", **facts)


def _finish(run: ToolRun, call: Call, ending: Ending) -> None:
    try:
        finish_call(call, outcome=ending.outcome, status=ending.status, size=ending.size)
        with transaction.atomic(), as_system("the worker keeps what came of every organization's runs"):
            kept = ToolRun.objects.select_for_update().get(pk=run.pk)
            state = ToolRun.State.DONE if ending.outcome == Outcome.ANSWERED else ToolRun.State.FAILED
            if kept.can_move(state):
                now = timezone.now()
                kept.move(state, result=ending.result, error=ending.error, error_field=ending.field, finished_at=now)
    finally:
        connection.close()
