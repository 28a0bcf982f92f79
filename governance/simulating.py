"""Try a proposal's calls as the timelock, on the chain as it is now, and keep what the node said.

All together where the node offers eth_simulateV1, so that calls see each other; else each alone. Nothing is sent. What
the governor calls of itself runs only inside of its own execution, which notes the call's hash first: the note is put
into the trial's state where the contract's storage is known, and otherwise nothing is claimed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

import msgspec
import structlog
from django.conf import settings
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext_noop as noop
from eth_abi.abi import encode as abi_encode
from eth_utils.crypto import keccak

from chain import abi, rpc
from chain.client import Client, NodeRefused, NodeUnreachable, client
from chain.questions import hash_of
from governance.models import OPEN, Governor, Proposal, Simulation

log = structlog.get_logger(__name__)
AGAIN = timedelta(minutes=1)
AT_ONCE = 5
GAS = 15_000_000
CALLS_SLOT = 5  # of our governor: where OpenZeppelin's Governor keeps the hashes of its own calls
NO_REASON = noop("The contract refused without a reason.")
CANNOT = noop("A call of this voting contract to itself cannot be tried from outside.")
NOT_OFFERED = (-32601, -32600, -32602, -32004)
Outcome = Simulation.Outcome


class Trial(NamedTuple):
    """One call's end; no text where it succeeds."""

    refused: bool
    reason: str = ""


def simulate_due() -> int:
    """Try open proposals that were not tried lately, the newest first; returns how many."""
    lately = Simulation.objects.filter(
        governor=OuterRef("governor"), proposal_id=OuterRef("proposal_id"), tried_at__gt=timezone.now() - AGAIN
    )
    chosen = Proposal.objects.filter(~Exists(lately), state__in=OPEN, governor__chain__in=settings.CHAINS)
    due = list(chosen.select_related("governor").order_by("-vote_start")[:AT_ONCE])
    for proposal in due:
        try:
            simulate(proposal)
        except (NodeUnreachable, NodeRefused) as problem:
            log.warning("governance.simulate", proposal=proposal.pk, problem=str(problem))
    return len(due)


def simulate(proposal: Proposal) -> Simulation:
    """Try one proposal at the newest block and keep the outcome; raises what the node raises."""
    node = client(proposal.governor.chain)
    block = node.head()
    outcome = tried(node, proposal.governor, _calls(proposal), block)
    row, _ = Simulation.objects.update_or_create(
        governor=proposal.governor,
        proposal_id=proposal.proposal_id,
        defaults={**outcome, "block_number": block, "block_hash": hash_of(node, block), "tried_at": timezone.now()},
    )
    return row


def of(proposal: Proposal) -> Simulation | None:
    """The newest trial of a proposal."""
    return Simulation.objects.filter(governor=proposal.governor, proposal_id=proposal.proposal_id).first()


def _calls(proposal: Proposal) -> list[tuple[str, int, bytes]]:
    calls = zip(proposal.targets, proposal.amounts, proposal.calldatas, strict=True)
    return [(target, int(value), bytes.fromhex(data[2:])) for target, value, data in calls]


def tried(node: Client, governor: Governor, calls: Sequence[tuple[str, int, bytes]], block: int) -> dict[str, Any]:
    """Outcome, failing call, reason and whether they were tried together, as of `block`."""
    override = _notes(governor, calls)
    own = any(target == governor.address for target, _, _ in calls)
    if own and override is None:
        return {"outcome": Outcome.UNKNOWN, "failing": None, "reason": CANNOT, "together": False}
    asked = [
        {"from": governor.timelock, "to": target, "value": hex(value), "data": "0x" + data.hex(), "gas": hex(GAS)}
        for target, value, data in calls
    ]
    trials, together = _together(node, asked, override or {}, block), True
    if trials is None:
        trials, together = [_alone(node, call, override or {}, block) for call in asked], False
    failing = next((place for place, trial in enumerate(trials) if trial.refused), None)
    if failing is None:
        return {"outcome": Outcome.SUCCEEDS, "failing": None, "reason": "", "together": together}
    return {"outcome": Outcome.FAILS, "failing": failing, "reason": trials[failing].reason, "together": together}


def _together(node: Client, calls: list[dict[str, str]], override: dict[str, Any], block: int) -> list[Trial] | None:
    """All calls in one simulated block; None where the node offers no such thing."""
    wish = {"blockStateCalls": [{"calls": calls, "stateOverrides": override}], "validation": False}
    answer = node.node.batch([("eth_simulateV1", [wish, hex(block)])])[0]
    if isinstance(answer, NodeRefused):
        if answer.code in NOT_OFFERED or "method" in answer.message.lower():
            return None
        raise answer
    try:
        found = msgspec.json.decode(answer)[0]["calls"]
        return [_trial(each) for each in found]
    except (LookupError, TypeError, AttributeError) as error:
        raise NodeUnreachable(f"The node's simulation has a wrong shape: {error}.") from error


def _trial(result: dict[str, Any]) -> Trial:
    if int(result["status"], 16) == 1:
        return Trial(False)
    error = result.get("error") or {}
    data = rpc.revert_data(error.get("data")) or result.get("returnData")
    return Trial(True, abi.decode_error(data) or error.get("message") or NO_REASON)


def _alone(node: Client, call: dict[str, str], override: dict[str, Any], block: int) -> Trial:
    params = [call, hex(block), override] if override else [call, hex(block)]
    try:
        node.rpc("eth_call", *params)
    except NodeRefused as refused:
        if not refused.reverted:
            raise
        return Trial(True, abi.decode_error(refused.data) or refused.message or NO_REASON)
    return Trial(False)


def _notes(governor: Governor, calls: Sequence[tuple[str, int, bytes]]) -> dict[str, Any] | None:
    """State in which our governor awaits its own calls; empty without any, None where its storage is unknown."""
    own = [keccak(data) for target, _, data in calls if target == governor.address]
    if not own:
        return {}
    if not governor.is_own:
        return None
    slots = {_word(CALLS_SLOT): _word(len(own) << 128)}
    for place, digest in enumerate(own):
        slots["0x" + keccak(abi_encode(["uint256", "uint256"], [place, CALLS_SLOT + 1])).hex()] = "0x" + digest.hex()
    return {governor.address: {"stateDiff": slots}}


def _word(value: int) -> str:
    return f"0x{value:064x}"
