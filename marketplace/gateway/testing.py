"""A service called by its own provider before anybody buys: the page leaves a test, a worker calls.

The address and the schemas are those of the latest version, submitted or not. The call goes through the client that
calls for buyers, and is never counted or billed.
"""

import asyncio
import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from marketplace.accounts.speaking import in_words_of
from marketplace.audit import services as audit
from marketplace.catalog.endpoints import check_endpoint
from marketplace.catalog.models import Listing, ListingVersion
from marketplace.catalog.schemas import NotUsable, check_input
from marketplace.gateway import explaining, upstream
from marketplace.gateway.models import EndpointTest, UpstreamSecret
from marketplace.gateway.runs import INTERRUPTED_AFTER
from marketplace.gateway.services import key_headers, origin
from marketplace.lifecycle import Refused
from marketplace.organizations.access import org_of
from marketplace.organizations.models import Organization
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import as_system

AN_HOUR: Final = 30
LATEST: Final = 5  # of a listing that its page shows; of those before, what was sent and came back is not kept
KEPT: Final = timedelta(days=30)
MOST_SHOWN: Final = 20_000
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
    trail: upstream.Trail = field(default_factory=upstream.Trail)


def start_test(actor: Actor, *, listing_id: int, payload: dict[str, Any]) -> EndpointTest:
    """Leave a test of the latest version for a worker; while one is under way, that one is the answer."""
    with transaction.atomic():
        listing = Listing.objects.for_org(org_of(actor)).select_for_update().filter(pk=listing_id).first()
        if listing is None:
            raise Refused(_("This listing is not one of yours."))
        # all tests of an organization stand in line here, or two listings would share the last one of an hour
        Organization.objects.select_for_update().get(pk=listing.org_id)
        mine = EndpointTest.objects.for_org(listing.org_id)
        if under_way := mine.unfinished().filter(listing=listing).first():
            return under_way
        version = listing.versions.order_by("-number")[0]
        if problem := obstacle(version):
            raise Refused(problem)
        if mine.filter(created_at__gte=timezone.now() - timedelta(hours=1)).count() >= AN_HOUR:
            raise Refused(
                _("Your organization has made %(number)d tests within an hour. Wait a little before the next one.")
                % {"number": AN_HOUR}
            )
        test = EndpointTest.objects.create(
            org_id=listing.org_id,
            listing=listing,
            user_id=actor.user_id,
            version_number=version.number,
            endpoint=version.endpoint,
            input=payload,
        )
        before = mine.filter(listing=listing).order_by("-pk").values_list("pk", flat=True)[LATEST:]
        mine.filter(pk__in=list(before)).exclude(input={}).update(input={}, answer="")
        audit.record(actor, "listing.tested", listing, number=version.number)
    return test


def obstacle(version: ListingVersion) -> str:
    """Why a version's service cannot be called yet; empty when it can."""
    try:
        check_endpoint(version.endpoint)
        check_input(version.input_schema)
    except NotUsable as problem:
        said = _("Complete the step “How it is called” first: the address of your service, and what goes in.")
        return f"{said} {problem}"
    return ""


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
        for test in stuck.select_related("user").select_for_update(skip_locked=True, of=("self",)):
            with in_words_of(test.user):
                problems = [_("This test was interrupted on our side. Please test again.")]
            test.move(EndpointTest.State.DONE, problems=problems, finished_at=now)
        waiting = EndpointTest.objects.filter(state="queued").order_by("pk").select_related("listing", "user")
        for test in waiting.select_for_update(skip_locked=True, of=("self",))[:BATCH]:
            version = ListingVersion.objects.get(listing=test.listing, number=test.version_number)
            try:
                with in_words_of(test.user):
                    headers = key_headers(test.listing) if may_have_key(test.listing, test.endpoint) else {}
            except Refused as refused:
                test.move(EndpointTest.State.DONE, problems=[str(refused)], finished_at=now)
                continue
            test.move(EndpointTest.State.RUNNING, started_at=now, with_key=bool(headers))
            sent = {**headers, "X-Request-Id": str(test.public_id), "X-Guildhall-Test": "1"}
            taken.append(Going(test, test.endpoint, sent, json.dumps(test.input).encode(), version.output_schema))
    return taken


def may_have_key(listing: Listing, endpoint: str) -> bool:
    """Whether the stored key may go there: where the listing led when it was stored, or where a moderator let it go.

    Anywhere else a draft could carry off a key that whoever writes it was never told.
    """
    wanted = origin(endpoint)
    approved = listing.versions.filter(number=listing.version_number or 0).values_list("endpoint", flat=True).first()
    stored = UpstreamSecret.objects.filter(listing=listing).values_list("origin", flat=True).first()
    return bool(wanted) and wanted in {origin(approved or ""), stored}


async def _run_all(taken: list[Going]) -> None:
    await asyncio.gather(*(_run(going) for going in taken))


async def _run(going: Going) -> None:
    """Each test opens a connection of its own, so that its way there is seen from the beginning."""
    answer, problem, trail = None, None, going.trail
    async with upstream.pool(trail) as connections:
        try:
            answer = await upstream.post(
                connections, going.endpoint, body=going.body, headers=going.headers, trail=trail
            )
        except upstream.UpstreamFailed as failed:
            problem = failed
    await sync_to_async(_finish, thread_sensitive=False)(going, answer, problem, trail.elapsed())


def _finish(
    going: Going, answer: upstream.Answer | None, problem: upstream.UpstreamFailed | None, milliseconds: int
) -> None:
    try:
        with in_words_of(going.test.user):
            if answer is not None:
                problems = explaining.seen(answer, going.output_schema)
            else:
                problems = [explaining.failed(going.endpoint, going.trail, problem or upstream.UpstreamFailed())]
        with transaction.atomic(), as_system(REASON):
            kept = EndpointTest.objects.select_for_update().filter(pk=going.test.pk).first()
            if kept is None or kept.state != EndpointTest.State.RUNNING:
                return  # it was given up meanwhile
            shown = answer.body[: 4 * MOST_SHOWN].decode(errors="replace").replace("\0", "�") if answer else ""
            kept.move(
                EndpointTest.State.DONE,
                address=going.trail.address[:64],
                steps=going.trail.steps,
                status=answer.status if answer else None,
                bytes_out=len(answer.body) if answer else None,
                answer=shown[:MOST_SHOWN],
                fits=explaining.fits(answer, going.output_schema) if answer else None,
                milliseconds=milliseconds,
                problems=problems,
                finished_at=timezone.now(),
            )
    finally:
        connection.close()


def forget() -> int:
    """Delete tests older than thirty days; answers how many."""
    with transaction.atomic(), as_system(REASON):
        return EndpointTest.objects.filter(created_at__lt=timezone.now() - KEPT).delete()[0]
