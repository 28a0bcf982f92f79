"""A service called by its own provider before anybody buys: the page leaves a test, a worker calls and says what it saw.

The address and the example are those of the latest version, submitted or not. The call goes through the client that
calls for buyers, and is never counted or billed.
"""

import asyncio
import json
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import httpcore
from asgiref.sync import sync_to_async
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from jsonschema import Draft202012Validator

from marketplace.audit import services as audit
from marketplace.catalog.endpoints import check_endpoint
from marketplace.catalog.models import Listing, ListingVersion
from marketplace.catalog.schemas import NotUsable, check_example, check_input
from marketplace.gateway import upstream
from marketplace.gateway.models import EndpointTest
from marketplace.gateway.runs import INTERRUPTED_AFTER
from marketplace.gateway.services import key_headers
from marketplace.lifecycle import Refused
from marketplace.organizations.access import org_of
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import as_system

AN_HOUR: Final = 30
KEPT: Final = timedelta(days=30)
SLOW: Final = 10_000  # milliseconds after which a person in front of a form is lost
MOST_SHOWN: Final = 20_000
MOST_PROBLEMS: Final = 5
BATCH: Final = 8
REASON: Final = "the worker calls the services that their own providers test"


@dataclass(frozen=True, slots=True)
class Going:
    """A test that may go out."""

    test: EndpointTest
    endpoint: str
    headers: dict[str, str]
    body: bytes
    output_schema: dict[str, Any]
    began: float = field(default_factory=time.monotonic)


def start_test(actor: Actor, *, listing_id: int) -> EndpointTest:
    """Leave a test of the latest version for a worker; while one is under way, that one is the answer."""
    with transaction.atomic():
        listing = Listing.objects.for_org(org_of(actor)).select_for_update().filter(pk=listing_id).first()
        if listing is None:
            raise Refused(_("This listing is not one of yours."))
        mine = EndpointTest.objects.for_org(listing.org_id).filter(listing=listing)
        if under_way := mine.unfinished().first():
            return under_way
        version = listing.versions.order_by("-number")[0]
        _look(version)
        if mine.filter(created_at__gte=timezone.now() - timedelta(hours=1)).count() >= AN_HOUR:
            raise Refused(_("You have tested this service often within an hour. Wait a little before the next test."))
        test = EndpointTest.objects.create(
            org_id=listing.org_id, listing=listing, user_id=actor.user_id, version_number=version.number
        )
        audit.record(actor, "listing.tested", listing, number=version.number)
    return test


def _look(version: ListingVersion) -> None:
    try:
        check_endpoint(version.endpoint)
        check_input(version.input_schema)
        check_example(version.input_schema, version.example)
    except NotUsable as problem:
        said = _("Complete the step “How it is called” first: its address, what goes in, and an example.")
        raise Refused(f"{said} {problem}") from None


def run_waiting() -> int:
    """Take waiting tests, call their services side by side, keep what was seen; the number of tests taken."""
    taken = _take()
    if taken:
        asyncio.run(_run_all(taken))
    return len(taken)


def _take() -> list[Going]:
    """Mark tests as running in one commit, so that what was called is not called again."""
    taken = []
    with transaction.atomic(), as_system(REASON):
        now = timezone.now()
        stuck = EndpointTest.objects.filter(state="running", started_at__lt=now - INTERRUPTED_AFTER)
        for test in stuck.select_for_update(skip_locked=True):
            problems = [_("This test was interrupted on our side. Please test again.")]
            test.move(EndpointTest.State.DONE, problems=problems, finished_at=now)
        waiting = EndpointTest.objects.filter(state="queued").order_by("pk").select_related("listing")
        for test in waiting.select_for_update(skip_locked=True, of=("self",))[:BATCH]:
            version = ListingVersion.objects.get(listing=test.listing, number=test.version_number)
            headers = key_headers(test.listing) if _may_have_key(test.listing, version) else {}
            test.move(EndpointTest.State.RUNNING, started_at=now, with_key=bool(headers))
            sent = {**headers, "X-Request-Id": str(test.public_id), "X-Guildhall-Test": "1"}
            body = json.dumps(version.example).encode()
            taken.append(Going(test, version.endpoint, sent, body, version.output_schema))
    return taken


def _may_have_key(listing: Listing, version: ListingVersion) -> bool:
    """Whether the address is one to which a moderator has let the key go, or there is none such yet."""
    approved = listing.versions.filter(number=listing.version_number or 0).values_list("endpoint", flat=True).first()
    return approved is None or urlsplit(approved)[:2] == urlsplit(version.endpoint)[:2]


async def _run_all(taken: list[Going]) -> None:
    async with upstream.pool() as connections:
        await asyncio.gather(*(_run(connections, going) for going in taken))


async def _run(connections: httpcore.AsyncConnectionPool, going: Going) -> None:
    answer, problems = None, []
    try:
        answer = await upstream.post(connections, going.endpoint, body=going.body, headers=going.headers)
    except upstream.UpstreamFailed as problem:
        problems = [str(problem), *_hint(problem)]
    milliseconds = int((time.monotonic() - going.began) * 1000)
    await sync_to_async(_finish, thread_sensitive=False)(going, answer, problems, milliseconds)


def _hint(problem: upstream.UpstreamFailed) -> list[str]:
    if isinstance(problem, upstream.UpstreamSlow):
        return [_("Connecting may take %(seconds)d seconds.") % {"seconds": upstream.CONNECT_SECONDS}]
    if isinstance(problem.__cause__, httpcore.NetworkError | OSError):
        return [_("Is the name right, is the service up, and is its certificate valid? (%(cause)s)")
                % {"cause": str(problem.__cause__)[:200] or type(problem.__cause__).__name__}]  # fmt: skip
    return []


def _finish(going: Going, answer: upstream.Answer | None, problems: list[str], milliseconds: int) -> None:
    try:
        if answer is not None:
            problems = seen(answer, going.output_schema, milliseconds)
        with transaction.atomic(), as_system(REASON):
            kept = EndpointTest.objects.select_for_update().filter(pk=going.test.pk).first()
            if kept is None or kept.state != EndpointTest.State.RUNNING:
                return  # it was given up meanwhile
            shown = answer.body[: 4 * MOST_SHOWN].decode(errors="replace").replace("\0", "�") if answer else ""
            kept.move(
                EndpointTest.State.DONE,
                status=answer.status if answer else None,
                bytes_out=len(answer.body) if answer else None,
                answer=shown[:MOST_SHOWN],
                milliseconds=milliseconds,
                problems=problems,
                finished_at=timezone.now(),
            )
    finally:
        connection.close()


def seen(answer: upstream.Answer, output_schema: dict[str, Any], milliseconds: int) -> list[str]:
    """What is wrong with an answer to the example, first what matters most; nothing when buyers would be served."""
    problems = []
    if answer.status in (401, 403):
        problems.append(_("Status %(status)d: the service wants a key. Store it on the page “Key of your service”.")
                        % {"status": answer.status})  # fmt: skip
    elif not 200 <= answer.status < 300:
        problems.append(_("Status %(status)d: a good answer has a status from 200 to 299.") % {"status": answer.status})
    try:
        content = json.loads(answer.body)
    except (ValueError, RecursionError):
        return [*problems, _("The answer is not JSON, so nothing of it could be shown to a buyer.")]
    if not problems and output_schema:
        found = Draft202012Validator(output_schema).iter_errors(content)
        for problem in sorted(found, key=lambda one: list(map(str, one.absolute_path)))[:MOST_PROBLEMS]:
            where = "/".join(map(str, problem.absolute_path)) or _("the answer")
            problems.append(
                _("“What comes out” does not fit: %(where)s: %(problem)s.")
                % {"where": where, "problem": problem.message[:200]}
            )
    if milliseconds > SLOW:
        problems.append(_("It took longer than ten seconds. People leave before that; answer sooner where you can."))
    return problems


def forget() -> int:
    """Delete tests older than thirty days; answers how many."""
    with transaction.atomic(), as_system(REASON):
        return EndpointTest.objects.filter(created_at__lt=timezone.now() - KEPT).delete()[0]
