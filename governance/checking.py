"""Ask the contract itself, now and then, and compare with what the mirror says of the same block.

Nothing that is shown comes from here: the mirror is counted from logs. A difference means that one of the two is wrong,
the mirror's rules or the node's answer; it is an alarm, and stands on the page until a later check finds none.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from chain import alarms, questions
from chain.client import Client, NodeRefused, NodeUnreachable, WrongChain, client
from chain.questions import Questions
from governance.models import NUMBERS, Check, Governor, Proposal, QuorumKind, State

log = structlog.get_logger(__name__)
DIFFERS = "governance differs"
AT_ONCE = 300
ABI = "GuildGovernor"  # whose view functions every governor has under the same names


class Compared(NamedTuple):
    """One proposal as it was counted at the block, and how the contract differs, in a sentence or none."""

    proposal: Proposal
    differs: str
    quorum: int | None


def check(chain: str | None = None) -> list[Check]:
    """Compare each governor of a chain whose past is read. Without an answer of the node the last check stands."""
    chain = chain or settings.CHAIN_ID
    done = []
    for governor in Governor.objects.filter(chain=chain, caught_up_at__isnull=False, counted_number__gte=0):
        try:
            found = _check_one(governor, client(chain))
        except (NodeUnreachable, NodeRefused, WrongChain) as problem:
            log.warning("governance.unchecked", governor=governor.address, problem=str(problem))
            continue
        if found is not None:
            done.append(found)
    return done


def _check_one(governor: Governor, node: Client) -> Check | None:
    """None where the node has another block there by now: the mirror is about to follow it."""
    with transaction.atomic():  # figures and the block that they were counted at, as one
        governor = Governor.objects.select_for_update(of=("self",)).select_related("token").get(pk=governor.pk)
        number, block_hash = governor.counted_number, governor.counted_hash
        proposals = list(governor.proposals.to_check().order_by("settled", "pk")[:AT_ONCE])
    asked = Questions()
    for proposal in proposals:
        for function in ("state", "proposalVotes", "proposalDeadline"):
            asked.ask((proposal.pk, function), ABI, function, proposal.proposal_id, address=governor.address)
        if proposal.quorum is not None:
            asked.ask((proposal.pk, "quorum"), ABI, "quorum", proposal.vote_start, address=governor.address)
    said = asked.answers(node, number) if asked else {}
    if questions.hash_of(node, number) != block_hash:
        return None
    compared = [_compare(governor, each, {name: said.get((each.pk, name)) for name in FIGURES}) for each in proposals]
    return _store(governor, number, block_hash, compared)


FIGURES = ("state", "proposalVotes", "proposalDeadline", "quorum")


def _compare(governor: Governor, proposal: Proposal, said: dict[str, Any]) -> Compared:
    # A number that was asked for is no claim of ours: the newest answer counts.
    asked = governor.quorum_kind == QuorumKind.ASKED
    quorum = said["quorum"] if asked else None
    sentences = list(
        _differences(proposal, {name: value for name, value in said.items() if not asked or name != "quorum"})
    )
    return Compared(proposal, " ".join(sentences), quorum)


def _differences(proposal: Proposal, said: dict[str, Any]) -> Iterator[str]:
    ours = {
        "state": NUMBERS[State(proposal.state)],
        "proposalVotes": (int(proposal.votes_against), int(proposal.votes_for), int(proposal.votes_abstain)),
        "proposalDeadline": proposal.deadline,
        "quorum": None if proposal.quorum is None else int(proposal.quorum),
    }
    for name, theirs in said.items():
        if theirs != ours[name]:
            yield f"Proposal {proposal.proposal_id}: {name} is {ours[name]} here and {_plain(theirs)} in the contract."


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, tuple) else "nothing" if value is None else value


def _store(governor: Governor, number: int, block_hash: str, compared: list[Compared]) -> Check:
    sentences = [each.differs for each in compared if each.differs]
    with transaction.atomic():
        # Rows that were counted anew meanwhile were compared as they were; the next check sees them as they are.
        mine = {row.pk: row for row in Proposal.objects.filter(pk__in=[each.proposal.pk for each in compared])}
        changed = []
        for proposal, differs, quorum in compared:
            row = mine.get(proposal.pk)
            if row is not None:
                row.checked_number, row.differs = number, bool(differs)
                row.check_due = bool(differs) or not (row.settled and proposal.settled)
                row.quorum_said = row.quorum_said if quorum is None else quorum
                changed.append(row)
        Proposal.objects.bulk_update(changed, ["checked_number", "differs", "check_due", "quorum_said"], batch_size=500)
        found, _ = Check.objects.update_or_create(
            governor=governor,
            defaults={
                "number": number,
                "block_hash": block_hash,
                "checked_at": timezone.now(),
                "proposals": len(compared),
                "differences": sentences,
            },
        )
    _tell(governor, number, sentences)
    return found


def _tell(governor: Governor, number: int, sentences: list[str]) -> None:
    if not sentences:
        alarms.end(DIFFERS, subject=governor.address, chain=governor.chain)
        return
    several = f" And {len(sentences) - 1} more proposals differ." if sentences[1:] else ""
    sentence = f"{governor.name} at {governor.address} says otherwise than its mirror at block {number}. {sentences[0]}"
    alarms.sound(DIFFERS, sentence + several, subject=governor.address, chain=governor.chain)
