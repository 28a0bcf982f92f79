"""What a dispute would freeze, and how a share splits it, as the contract computes. Base units; pure functions."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from marketplace.escrow.models import Escrow
from marketplace.escrow.services.leaving import contested as in_question
from marketplace.subscriptions.models import MarketParams

ALL_BPS = 10_000


@dataclass(frozen=True, slots=True)
class Split:
    """A share of what is contested: `gross` of it is the provider's side, of which `fee` the market's."""

    contested: int
    gross: int
    fee: int
    refund: int

    @property
    def net(self) -> int:
        """What the provider gets."""
        return self.gross - self.fee


def split(escrow: Escrow, provider_bps: int, at: datetime) -> Split:
    """How the contract would split a frozen deposit at `at`: it divides what was earned and has not moved yet."""
    contested = max(escrow.earned(at) - escrow.gone, 0)
    gross = contested * provider_bps // ALL_BPS
    return Split(contested, gross, gross * escrow.fee_bps // ALL_BPS, escrow.remaining - gross)


@dataclass(frozen=True, slots=True)
class Opening:
    """What a dispute opened now would do. `released`: paid to the provider's side before anything is frozen."""

    released: int
    contested: int
    unearned: int
    rules_until: datetime | None
    answer_until: datetime | None
    silence: Split


def if_disputed(escrow: Escrow, at: datetime) -> Opening:
    """The contract pays what is older than its hold first, then freezes the rest."""
    matured = int(escrow.price) * escrow.matured_periods(at)
    released = min(max(matured - escrow.gone, 0), escrow.remaining)
    contested = in_question(escrow, at)
    fee = contested * escrow.fee_bps // ALL_BPS
    unearned = escrow.remaining - released - contested
    seconds = arbiter_seconds(escrow)
    until = at + timedelta(seconds=seconds) if seconds else None
    answer = answer_due(at, until) if until else None
    return Opening(released, contested, unearned, until, answer, Split(contested, contested, fee, unearned))


def arbiter_seconds(escrow: Escrow) -> int:
    """How long an arbiter has for this deposit: what a vote had set when it was funded. 0 when that is not known."""
    set_before = MarketParams.objects.filter(
        chain=escrow.chain, contract=escrow.contract, block_number__lte=escrow.funded_block
    )
    found = set_before.order_by("-seq").first()
    return found.arbiter_seconds if found else 0


def answer_due(opened_at: datetime, rules_until: datetime) -> datetime:
    """Until when an arbiter waits for the provider: half of the time, and at most a week."""
    return opened_at + min((rules_until - opened_at) / 2, timedelta(days=7))
