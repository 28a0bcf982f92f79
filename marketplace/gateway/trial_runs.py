"""The worker's part of tries: take those that wait, call their providers, keep what came back.

Apart from the runs of those who pay, so that strangers' tries never take their places.
"""

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import Final

import httpcore
from asgiref.sync import sync_to_async
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from marketplace.catalog.models import Listing
from marketplace.gateway import trials, upstream
from marketplace.gateway.models import Trial, TrialCall, UsageRecord
from marketplace.gateway.runs import INTERRUPTED_AFTER, Ending, understood
from marketplace.gateway.services import way_to
from marketplace.lifecycle import Refused
from marketplace.tenancy.scope import as_system

BATCH: Final = 8
MAX_BATCHES: Final = 2
NOT_COUNTED: Final = (UsageRecord.Outcome.FAILED, UsageRecord.Outcome.TIMED_OUT)
REASON: Final = "the worker calls for whoever tries a tool"


@dataclass(frozen=True, slots=True)
class TrialGoing:
    """A try that may go out, and the record of its call."""

    trial: Trial
    call: TrialCall
    endpoint: str
    headers: dict[str, str]
    began: float = field(default_factory=time.monotonic)


def run_waiting() -> int:
    """Take waiting tries, call their providers side by side, keep what came back; the number of tries taken."""
    taken = _take()
    if taken:
        asyncio.run(_run_all(taken))
    return len(taken)


def _take() -> list[TrialGoing]:
    """Mark tries as running and write down their calls, in one commit: what was called is never called again."""
    taken = []
    with transaction.atomic(), as_system(REASON):
        now = timezone.now()
        running = Trial.objects.filter(state=Trial.State.RUNNING)
        for stuck in running.filter(started_at__lt=now - INTERRUPTED_AFTER).select_for_update(skip_locked=True):
            _end(stuck, error=_("This try was interrupted on our side. Please try again."), is_ours=True)
        if running.values("started_at").distinct().count() >= MAX_BATCHES:
            return []
        waiting = Trial.objects.waiting().select_for_update(skip_locked=True, of=("self",))
        for trial in waiting.select_related("listing")[:BATCH]:
            if trial.listing.state != Listing.State.PUBLIC:
                _end(trial, error=_("This tool has left the shop meanwhile."), is_ours=True)
                continue
            call = TrialCall.objects.create(
                provider_id=trial.listing.org_id, listing=trial.listing, bytes_in=len(json.dumps(trial.input))
            )
            try:
                endpoint, headers = way_to(trial.listing, call.request_id)
            except Refused as refused:
                call.delete()
                _end(trial, error=str(refused), is_ours=True)
                continue
            trial.move(Trial.State.RUNNING, started_at=now)
            taken.append(TrialGoing(trial, call, endpoint, {**headers, "X-Guildhall-Trial": "1"}))
    return taken


async def _run_all(taken: list[TrialGoing]) -> None:
    async with upstream.pool() as connections:
        await asyncio.gather(*(_run(connections, going) for going in taken))


async def _run(connections: httpcore.AsyncConnectionPool, going: TrialGoing) -> None:
    body = json.dumps(going.trial.input).encode()
    try:
        ending = understood(await upstream.post(connections, going.endpoint, body=body, headers=going.headers))
    except upstream.UpstreamFailed as problem:
        slow = isinstance(problem, upstream.UpstreamSlow)
        ending = Ending(NOT_COUNTED[slow], error=str(problem))
    await sync_to_async(_finish, thread_sensitive=False)(going, ending)


def _finish(going: TrialGoing, ending: Ending) -> None:
    milliseconds = int((time.monotonic() - going.began) * 1000)
    try:
        with transaction.atomic(), as_system(REASON):
            TrialCall.objects.filter(pk=going.call.pk).update(
                outcome=ending.outcome, status=ending.status, milliseconds=milliseconds, bytes_out=ending.size
            )
            kept = Trial.objects.select_for_update().filter(pk=going.trial.pk).first()
            if kept is None or kept.state != Trial.State.RUNNING:
                return  # it was given up, or forgotten, meanwhile
            if ending.outcome == UsageRecord.Outcome.ANSWERED:
                kept.move(Trial.State.DONE, result=ending.result, finished_at=timezone.now())
            else:
                _end(kept, error=ending.error, error_field=ending.field, is_ours=ending.outcome in NOT_COUNTED)
    finally:
        connection.close()


def _end(trial: Trial, *, error: str, is_ours: bool, error_field: str = "") -> None:
    """The try came to nothing; one that failed through no fault of who tried is given back."""
    if is_ours:
        trials.give_back(trial)
    trial.move(
        Trial.State.FAILED,
        error=error,
        error_field=error_field,
        is_given_back=trial.is_given_back,
        finished_at=timezone.now(),
    )
