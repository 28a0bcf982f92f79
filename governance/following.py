"""Where a signed vote stands: queued, sent, in a block, final, failed, not known; by our rows and the copied chain."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from chain.models import State
from governance.models import Ballot, Delegation, SignedDelegation, Vote
from governance.relaying import OVER, vote_of
from governance.words import whole

PATIENCE = timedelta(minutes=1)


@dataclass(frozen=True)
class Life:
    """Where something signed is on its way, with the transaction and block by which it is known, and a sentence."""

    ballot: Ballot | SignedDelegation
    state: str
    sentence: str
    tx_hash: str = ""
    block: int | None = None
    problem: str = ""

    @property
    def moves(self) -> bool:
        """Whether it may change by itself, so that the page asks again."""
        return self.state != "final" and not self.problem

    @property
    def waits(self) -> bool:
        """Whether no block has it yet, so that the voter may still hand it in alone."""
        return self.state not in {"seen", "mined", "final"}


def life_of(ballot: Ballot) -> Life:
    """The chain's word counts first; then what the outbox says."""
    vote = vote_of(ballot)
    return _counted(ballot, vote) if vote else _under_way(ballot)


def _counted(ballot: Ballot, vote: Vote) -> Life:
    log = vote.log
    if vote.support != ballot.support:
        sentence = _("Another vote of this account counts already: %(side)s.") % {"side": vote.get_support_display()}
        return Life(ballot, "final", sentence, log.tx_hash, log.number)
    if log.block.is_final:
        return Life(ballot, "final", _("Your vote counts, and is final."), log.tx_hash, log.number)
    sentence = _("Seen in block %(block)s. It counts, and is final a few blocks later.") % {"block": whole(log.number)}
    return Life(ballot, "seen", sentence, log.tx_hash, log.number)


def _under_way(ballot: Ballot) -> Life:
    sending = ballot.sending
    tx_hash = sending.tx_hash or ""
    if sending.state in OVER:
        problem = _("Your vote was not counted: %(reason)s") % {"reason": _(sending.refusal)}
        return Life(ballot, "failed", "", tx_hash, problem=problem)
    if sending.state == State.UNKNOWN:
        return Life(
            ballot, sending.state, _("It is not known yet whether your vote went through. We keep looking."), tx_hash
        )
    if sending.state in (State.MINED, State.FINAL):
        return Life(ballot, "seen", _("Your vote is in a block. We are reading it."), tx_hash, sending.mined_number)
    if timezone.now() - ballot.signed_at > PATIENCE:
        waits = _("It takes longer than usual. We keep trying; you can also hand it in yourself, below.")
        return Life(ballot, sending.state, waits, tx_hash)
    if sending.state in (State.QUEUED, State.SIGNED):
        return Life(
            ballot, sending.state, _("You have signed. The market hands your vote in; this takes a few seconds.")
        )
    return Life(ballot, sending.state, _("Your vote is sent and waits for its block."), tx_hash)


def delegation_life(row: SignedDelegation) -> Life:
    """The same for a change of delegate."""
    sending = row.sending
    tx_hash = sending.tx_hash or ""
    said = Delegation.objects.filter(governor=row.governor, delegator=row.delegator, log__tx_hash=tx_hash)
    found = said.select_related("log__block").first() if tx_hash else None
    if found is not None:
        final = found.log.block.is_final
        sentence = _("It counts from the next proposal on.")
        return Life(row, "final" if final else "seen", sentence, tx_hash, found.log.number)
    if sending.state in OVER:
        problem = _("The change was not made: %(reason)s") % {"reason": _(sending.refusal)}
        return Life(row, "failed", "", tx_hash, problem=problem)
    if sending.state in (State.QUEUED, State.SIGNED):
        return Life(row, sending.state, _("You have signed. The market hands it in; this takes a few seconds."))
    if sending.state in (State.MINED, State.FINAL):
        return Life(row, "seen", _("It is in a block. We are reading it."), tx_hash, sending.mined_number)
    return Life(row, sending.state, _("It is sent and waits for its block."), tx_hash)
