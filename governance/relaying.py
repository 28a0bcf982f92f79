"""Hand in what voters signed, at the market's cost: once each, within a day's bounds, and early enough to count.

The node is asked before the transaction, never in it. What is left in the outbox survives our death and the node's.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from chain import abi, outbox, signatures
from chain.client import CallRefused, NodeRefused, NodeUnreachable, client
from chain.models import OutgoingTransaction, State
from governance.ballots import ballot_call, ballot_message, keyed_nonce
from governance.models import Ballot, ClockMode, Governor, Proposal, SignedDelegation, Vote
from governance.power import power_at
from governance.refusing import No
from governance.words import amount

RELAYED: tuple[type[Any], ...] = (Ballot, SignedDelegation)
OVER = (State.FAILED, State.REPLACED)
LONGEST_SIGNATURE = 4_096


def no_answer() -> str:
    return _("The chain does not answer at the moment. Nothing was sent; try again in a minute.")


def not_relayed(governor: Governor) -> str:
    """Why the market hands in nothing for this governor today, as a sentence; an empty text where it does."""
    ours = governor.is_own and governor.chain == settings.CHAIN_ID
    if not settings.VOTE_RELAY["a_day"] or not ours:
        return _("This market hands in no signed votes for this voting contract. Use your own wallet.")
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    spent = _(
        "The market has handed in as many votes as it pays for in a day. Use your own wallet, or come back tomorrow."
    )
    if sum(model.objects.filter(signed_at__gte=today).count() for model in RELAYED) >= settings.VOTE_RELAY["a_day"]:
        return spent
    most = settings.VOTE_RELAY["wei_a_day"]
    if most and _wei_since(today) >= most:
        return spent
    capacity = outbox.capacity(governor.chain)
    return _(capacity.problem) if capacity.budget_left == 0 else ""


def _wei_since(moment: datetime) -> int:
    """What was handed in since then has cost, or may still cost."""
    cost = Sum(Coalesce("sending__gas_spent", "sending__reserved"))
    since = (model.objects.filter(signed_at__gte=moment) for model in RELAYED)
    return sum(int(rows.aggregate(cost=cost)["cost"] or 0) for rows in since)


def too_late(proposal: Proposal) -> str:
    """Why a ballot would come too late, by the governor's own clock; an empty text while there is time."""
    governor, block = proposal.governor, proposal.governor.latest_block()
    blocks = governor.clock_mode == ClockMode.BLOCK_NUMBER
    margin = settings.VOTE_RELAY["closes_blocks" if blocks else "closes_seconds"]
    if block is None or proposal.deadline - governor.clock(block) >= margin:
        return ""
    return _("Voting ends too soon for the market to hand in your vote in time. Vote from your own wallet.")


def why_not(proposal: Proposal, voter: str) -> str:
    """Why the market would not hand in a vote of this account; an empty text where it would. Asks no node."""
    if why := not_relayed(proposal.governor) or too_late(proposal):
        return why
    least = settings.VOTE_RELAY["least_power"]
    if power_at(proposal.governor, voter, proposal.vote_start) >= least:
        return ""
    words = {"votes": amount(least, proposal.governor.token, None)}
    return _("The market hands in votes from %(votes)s on. Use your own wallet.") % words


def refuse_vain(proposal: Proposal, voter: str) -> None:
    """Raise No where `why_not` has a reason."""
    if why := why_not(proposal, voter):
        raise No(why)


def ballot_of(proposal: Proposal, voter: str) -> Ballot | None:
    """What the voter signed for this proposal, with its transaction."""
    found = Ballot.objects.select_related("sending", "governor__token")
    return found.filter(governor=proposal.governor, proposal_id=proposal.proposal_id, voter=voter).first()


def asked(proposal: Proposal, voter: str, support: int, reason: str) -> Any:
    """The typed data of a vote, once the contract has said that it takes such; raises No."""
    refuse_vain(proposal, voter)
    ballot = draft(proposal, voter, support, reason, b"")
    governor, node = proposal.governor, client(proposal.governor.chain)
    key = int(proposal.proposal_id) % (1 << 192)
    try:
        nonce = node.read("GuildGovernor", "nonces", voter, key, address=governor.address)
        domain = node.read("GuildGovernor", "eip712Domain", address=governor.address)
    except CallRefused as refused:
        raise No(_("This voting contract takes no signed votes. Use your own wallet.")) from refused
    except NodeUnreachable as problem:
        raise No(no_answer()) from problem
    typed = ballot_message(ballot)
    same = (domain.name, domain.version, domain.chainId, domain.verifyingContract) == tuple(typed["domain"].values())
    if nonce != keyed_nonce(int(proposal.proposal_id)) or not same:
        raise No(_("This voting contract takes no signed votes. Use your own wallet."))
    return typed


def draft(proposal: Proposal, voter: str, support: int, reason: str, signature: bytes) -> Ballot:
    """A ballot that is not saved."""
    return Ballot(
        governor=proposal.governor, proposal_id=proposal.proposal_id, voter=voter, support=support, reason=reason,
        signature=signature, signed_at=timezone.now(),
    )  # fmt: skip


def hand_in(proposal: Proposal, *, voter: str, support: int, reason: str, signature: str) -> Ballot:
    """Leave a signed vote to be sent. A second one of the same voter changes nothing while the first is on its way.

    Raises No for a signature of somebody else, and for what would not be counted.
    """
    before = ballot_of(proposal, voter)
    if before is not None and before.sending.state not in OVER:
        return before
    refuse_vain(proposal, voter)
    ballot = draft(proposal, voter, support, reason, raw_signature(signature))
    _check(ballot, signature)
    return _leave(ballot)


def send_again(proposal: Proposal, voter: str) -> Ballot:
    """Leave a ballot that failed once more; raises No when there is none, or when it would be in vain."""
    ballot = ballot_of(proposal, voter)
    if ballot is None or ballot.sending.state not in OVER:
        raise No(_("There is nothing to send again. Reload the page to see where your vote stands."))
    refuse_vain(proposal, voter)
    _try_out(ballot)
    return _leave(ballot)


def raw_signature(signature: str) -> bytes:
    """The bytes of what a wallet answered; raises No for what is no signature."""
    try:
        found = bytes.fromhex(signature.removeprefix("0x"))
    except ValueError:
        found = b""
    if not 0 < len(found) <= LONGEST_SIGNATURE:
        raise No(_("Your wallet gave no signature that is understood here. Nothing was sent; sign again."))
    return found


def _check(ballot: Ballot, signature: str) -> None:
    """The voter signed it: by their key, or by the word of their wallet contract (ERC-1271); raises No."""
    try:
        signed = signatures.is_valid(ballot.voter, ballot_message(ballot), signature, ballot.governor.chain)
    except (NodeUnreachable, NodeRefused) as problem:
        raise No(no_answer()) from problem
    if not signed:
        raise No(
            _("This signature is not from the account that votes. Nothing was sent; sign again with that account.")
        )
    _try_out(ballot)


def _try_out(ballot: Ballot) -> None:
    """Let the node try the call, within the gas that the market pays for one vote; raises No with the contract's no.

    While no node answers it is left for the outbox, which tries again before it pays.
    """
    most = settings.VOTE_RELAY["most_gas"]
    call = {"to": ballot.governor.address, "data": "0x" + ballot_call(ballot).hex(), "gas": hex(most)}
    try:
        client(ballot.governor.chain).rpc("eth_estimateGas", call)
    except NodeUnreachable:
        return
    except NodeRefused as refused:
        if sentence := abi.decode_error(refused.data):
            raise No(_(sentence)) from refused
        raise No(
            _("Your wallet contract needs more gas than the market pays for a vote. Vote from your wallet.")
        ) from refused


def _leave(ballot: Ballot) -> Ballot:
    """One at a time, so that neither two tabs nor the day's last place are served twice."""
    with transaction.atomic():
        one_at_a_time()
        named = {"governor": ballot.governor, "proposal_id": ballot.proposal_id, "voter": ballot.voter}
        before = Ballot.objects.select_related("sending", "governor__token").filter(**named).first()
        if before is not None and before.sending.state not in OVER:
            return before
        if why := not_relayed(ballot.governor):
            raise No(why)
        ballot.pk, ballot.tries = (before.pk, before.tries + 1) if before else (None, 1)
        ballot.signed_at = timezone.now()
        ballot.sending = _submit(ballot)
        ballot.save()
    return ballot


def one_at_a_time() -> None:
    """Whoever leaves something to be sent waits here for whoever is doing so, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('vote relay', 0))")


def _submit(ballot: Ballot) -> OutgoingTransaction:
    governor = ballot.governor
    key = f"ballot:{governor.pk}:{ballot.proposal_id}:{ballot.voter}:{ballot.tries}"
    return outbox.submit(key=key, to=governor.address, data=ballot_call(ballot), chain=governor.chain)


def vote_of(ballot: Ballot) -> Vote | None:
    """The vote of the same account on the same proposal, as the copied chain has it."""
    votes = Vote.objects.select_related("log__block", "proposal")
    named = {"proposal__governor": ballot.governor, "proposal__proposal_id": ballot.proposal_id, "voter": ballot.voter}
    return votes.filter(**named).first()
