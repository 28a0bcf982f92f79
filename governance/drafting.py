"""Write a proposal together: kept under a secret link, checked before a wallet is asked, forgotten when left alone."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final, NamedTuple

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from eth_abi.abi import encode as abi_encode
from eth_utils.crypto import keccak

from chain.client import NodeRefused, NodeUnreachable, client
from governance import simulating
from governance.models import Comment, Draft, Governor, Proposal
from governance.refusing import No

A_DAY: Final = 500
MOST_CALLS: Final = 20
KEPT: Final = timedelta(days=90)


class Wanted(NamedTuple):
    """A call that a proposal is to make; `value` in wei."""

    target: str
    value: int
    data: bytes


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def begin(governor: Governor, **also: Any) -> str:
    """A new draft; the key of its link, which is stored nowhere here. Raises No when too many were begun today."""
    if Draft.objects.filter(created_at__gt=timezone.now() - timedelta(days=1)).count() >= A_DAY:
        raise No(_("Too many drafts were begun in the last 24 hours. Please come back later."))
    key = secrets.token_urlsafe(24)
    Draft.objects.create(governor=governor, digest=_digest(key), **also)
    return key


def draft_of(governor: Governor, key: str) -> Draft | None:
    """The draft behind a link."""
    return Draft.objects.select_related("governor__token").filter(governor=governor, digest=_digest(key)).first()


def calls_of(draft: Draft) -> list[Wanted]:
    return [Wanted(target, int(value), bytes.fromhex(data[2:])) for target, value, data in draft.calls]


def write(draft: Draft, *, title: str, why: str) -> None:
    """Keep the words."""
    draft.title, draft.why = title, why
    draft.save(update_fields=["title", "why", "changed_at"])


def add(draft: Draft, calls: Iterable[Wanted]) -> None:
    """Put calls after those that are there; raises No beyond what a proposal can carry out."""
    with transaction.atomic():
        row = Draft.objects.select_for_update().get(pk=draft.pk)
        row.calls = [*row.calls, *([call.target, str(call.value), "0x" + call.data.hex()] for call in calls)]
        if len(row.calls) > MOST_CALLS:
            raise No(_("A proposal here has at most %(most)s calls.") % {"most": MOST_CALLS})
        row.save(update_fields=["calls", "changed_at"])


def remove(draft: Draft, place: int) -> None:
    """Take one call out; nothing where there is none."""
    with transaction.atomic():
        row = Draft.objects.select_for_update().get(pk=draft.pk)
        row.calls = [call for number, call in enumerate(row.calls) if number != place]
        row.save(update_fields=["calls", "changed_at"])


def text_of(draft: Draft, proposer: str = "") -> str:
    """As it goes on the chain; with a proposer, bound to it by the suffix that the Governor checks."""
    title = " ".join(draft.title.split())
    body = f"# {title}\n\n{draft.why.strip()}"
    return f"{body}\n\n#proposer={proposer.lower()}" if proposer else body


def same_as(draft: Draft, proposer: str) -> Proposal | None:
    """The proposal that has these very calls and words already: the contract would take no second one."""
    calls = calls_of(draft)
    arrays: list[Any] = [[call.target for call in calls], [call.value for call in calls], [call.data for call in calls]]
    kinds = ["address[]", "uint256[]", "bytes[]", "bytes32"]
    digest = keccak(text=text_of(draft, proposer))
    number = int.from_bytes(keccak(abi_encode(kinds, [*arrays, digest])))
    return Proposal.objects.select_related("governor").filter(governor=draft.governor, proposal_id=number).first()


def proposal_of(draft: Draft) -> Proposal | None:
    """The proposal with the very calls and words of the draft, whoever made it; once followed it stays that one."""
    made = Proposal.objects.filter(governor=draft.governor).select_related("governor")
    if draft.proposed is not None:
        return made.filter(proposal_id=draft.proposed).first()
    calls = calls_of(draft)
    if not calls or not draft.title:
        return None
    text = text_of(draft)
    alike = made.filter(text__startswith=text, targets=[call.target for call in calls]).order_by("pk")
    return next((each for each in alike if _is_it(each, text, calls)), None)


def _is_it(proposal: Proposal, text: str, calls: list[Wanted]) -> bool:
    """The same calls, and the same words but for the suffix that names the proposer."""
    rest = proposal.description.removeprefix(text).strip()
    same_words = not rest or rest == f"#proposer={proposal.proposer.lower()}"
    data = [bytes.fromhex(each.removeprefix("0x")) for each in proposal.calldatas]
    same_calls = data == [call.data for call in calls] and proposal.amounts == [call.value for call in calls]
    return same_words and same_calls


def follow(draft: Draft, proposal: Proposal) -> None:
    """Keep which proposal a draft became, whatever is written into the draft later."""
    if draft.proposed is None:
        Draft.objects.filter(pk=draft.pk).update(proposed=proposal.proposal_id)


def tried(draft: Draft) -> dict[str, Any]:
    """What the chain says of the calls now, and as of which block; raises No without an answer."""
    node = client(draft.governor.chain)
    try:
        block = node.head()
        return {**simulating.tried(node, draft.governor, calls_of(draft), block), "block": block}
    except (NodeUnreachable, NodeRefused) as problem:
        raise No(_("The chain does not answer at the moment. Nothing was sent; try again in a minute.")) from problem


def forget() -> int:
    """Delete what nobody has touched for three months, with what was said of it; how many rows.

    Kept is what has been discussed since, and what became a proposal.
    """
    since = timezone.now() - KEPT
    discussed = Comment.objects.filter(written_at__gte=since).values("discussion__draft")
    stale = Draft.objects.filter(changed_at__lt=since, proposed=None).exclude(pk__in=discussed)
    return stale.delete()[1].get(Draft._meta.label, 0)
