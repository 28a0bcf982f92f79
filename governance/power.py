"""Who may vote with how much: balance → delegate → power at the snapshot → what the vote does, or how to get there."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from eth_utils.address import is_hex_address, to_checksum_address

from chain.client import CallRefused, NodeUnreachable, client
from governance.models import Governor, Proposal, Setting, State, Vote
from governance.projection import NOBODY
from governance.words import amount, short


def checked_address(text: str) -> str | None:
    """The EIP-55 form of an address that somebody typed; None when it is none."""
    text = text.strip()
    return to_checksum_address(text) if is_hex_address(text) and text.lower().startswith("0x") else None


def delegate_of(governor: Governor, account: str) -> str | None:
    """Whom the account's tokens count for; None while for nobody."""
    row = governor.delegations.filter(delegator=account).order_by("-log__number", "-log__log_index").first()
    return row.delegate if row and row.delegate != NOBODY else None


def power_at(governor: Governor, account: str, timepoint: int | None = None) -> int:
    """getPastVotes(account, timepoint), or the power now; from the mirror."""
    rows = governor.checkpoints.filter(account=account)
    if timepoint is not None:
        rows = rows.filter(timepoint__lte=timepoint)
    row = rows.order_by("-log__number", "-log__log_index").first()
    return row.power if row else 0


def threshold(governor: Governor) -> int:
    """What a proposer needs today."""
    rows = governor.settings.filter(name=Setting.Name.PROPOSAL_THRESHOLD)
    row = rows.order_by("-log__number", "-log__log_index").first()
    return row.value if row else int(governor.constants.get("proposal threshold", 0))


def balance_of(governor: Governor, account: str) -> int | None:
    """The tokens that the account holds: one call to the node; None when it does not answer."""
    try:
        found: int = client(governor.chain).read("GuildToken", "balanceOf", account, address=governor.token.address)
    except (CallRefused, NodeUnreachable):
        return None
    return found


@dataclass(frozen=True)
class Standing:
    """Where an account stands with a governor: what it holds, whom it counts for, its power now."""

    address: str
    balance: int | None
    delegate: str | None
    power_now: int
    holds: str
    counts_for: str
    power: str

    @classmethod
    def of(cls, governor: Governor, address: str) -> "Standing":
        balance, delegate = balance_of(governor, address), delegate_of(governor, address)
        power, token = power_at(governor, address), governor.token
        holds = _("not known at the moment: the chain does not answer") if balance is None else amount(balance, token)
        counts_for = _("nobody yet") if delegate is None else _("itself") if delegate == address else short(delegate)
        return cls(address, balance, delegate, power, holds, counts_for, amount(power, token))


@dataclass(frozen=True)
class Eligibility:
    """What one account can do on one proposal, in words, before it signs anything."""

    standing: Standing
    power: int
    power_is_fixed: bool
    power_text: str
    vote: Vote | None
    can_vote: bool
    sentence: str
    should_delegate: bool


def eligibility(proposal: Proposal, address: str) -> Eligibility:
    """One call to the node for the balance; all else from the mirror."""
    governor = proposal.governor
    standing = Standing.of(governor, address)
    fixed = proposal.quorum is not None
    power = power_at(governor, address, proposal.vote_start if fixed else None)
    vote = proposal.votes.filter(voter=address).first()
    can_vote = proposal.state == State.ACTIVE and vote is None and power > 0
    idle = standing.delegate is None and (standing.balance or 0) > 0
    return Eligibility(
        standing,
        power,
        fixed,
        amount(power, governor.token),
        vote,
        can_vote,
        _sentence(proposal, standing, power, vote),
        idle,
    )


def _sentence(proposal: Proposal, standing: Standing, power: int, vote: Vote | None) -> str:
    token = proposal.governor.token
    if vote is not None:
        words = {"side": vote.get_support_display(), "votes": amount(vote.weight, token)}
        return _("This account voted %(side)s with %(votes)s. A vote is final.") % words
    if proposal.state == State.PENDING:
        if power:
            sentence = _("When voting starts, this account can vote with %(votes)s if nothing moves until then.")
            return sentence % {"votes": amount(power, token)}
        return _("This account has no power yet. Delegate before voting starts, and it counts on this proposal.")
    if proposal.state != State.ACTIVE:
        return _("Voting on this proposal is over.")
    if power:
        sentence = _("Your vote adds %(votes)s to the side you choose. It cannot be changed afterwards.")
        return sentence % {"votes": amount(power, token)}
    return _why_no_power(standing, token.symbol)


def _why_no_power(standing: Standing, symbol: str) -> str:
    if standing.delegate not in {None, standing.address}:
        return _(
            "This account's tokens count for %(delegate)s, who votes with them. "
            "To vote yourself next time, delegate to yourself; it counts from the next proposal."
        ) % {"delegate": short(str(standing.delegate))}
    if standing.balance and standing.delegate is None:
        return _(
            "This account's tokens counted for nobody when voting started, so it cannot vote here. "
            "Delegate to yourself now: it counts from the next proposal."
        )
    sentence = _("This account had no %(token)s with votes when voting started, so it cannot vote here.")
    return sentence % {"token": symbol}
