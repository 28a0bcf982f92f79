"""Who votes for whom: delegates by power, and what one account did; all from the mirror, in few queries."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import Count, Q, QuerySet

from governance.models import Delegation, Governor, PowerCheckpoint, Proposal, State, Statement, Vote
from governance.power import delegate_of, power_at
from governance.projection import NOBODY
from governance.words import amount, share, tenths

LATELY = 10
SHOWN = 3


@dataclass(frozen=True)
class Delegate:
    """One row of the directory. `voted` of the `asked` last votes that were held; `lately` the newest votes first."""

    address: str
    power: str
    share: str
    delegators: int
    voted: int
    asked: int
    lately: list[Vote] = field(default_factory=list)
    statement: Statement | None = None


def powers(governor: Governor) -> QuerySet[PowerCheckpoint]:
    """The newest checkpoint of each account that has power, the most powerful first."""
    newest = governor.checkpoints.order_by("account", "-log__number", "-log__log_index").distinct("account")
    found = PowerCheckpoint.objects.filter(pk__in=newest.values("pk"), power__gt=0)
    return found.order_by("-power", "account")


def supply(governor: Governor) -> int:
    """All votes that there could be."""
    return int(sum(governor.supply_changes.values_list("delta", flat=True)))


def held(governor: Governor) -> list[int]:
    """The last proposals on which voting has begun, by their rows' ids, newest first."""
    begun = governor.proposals.exclude(state__in=[State.PENDING, State.CANCELED]).order_by("-vote_start")
    return list(begun.values_list("pk", flat=True)[:LATELY])


def directory(governor: Governor, rows: Sequence[PowerCheckpoint]) -> list[Delegate]:
    """Rows of the directory for these checkpoints; five queries however many."""
    accounts = [row.account for row in rows]
    counts, lately, last = _delegators(governor, accounts), _votes(governor, accounts), held(governor)
    total = supply(governor)
    spoken = {
        row.author: row for row in Statement.objects.filter(governor=governor, author__in=accounts, hidden_at=None)
    }
    return [
        Delegate(
            address=row.account,
            power=amount(row.power, governor.token),
            share=tenths(share(int(row.power), total)),
            delegators=counts[row.account],
            voted=sum(vote.proposal_id in last for vote in lately[row.account]),
            asked=len(last),
            lately=lately[row.account][:SHOWN],
            statement=spoken.get(row.account),
        )
        for row in rows
    ]


def _delegators(governor: Governor, accounts: list[str]) -> Counter[str]:
    newest = governor.delegations.order_by("delegator", "-log__number", "-log__log_index").distinct("delegator")
    rows = Delegation.objects.filter(pk__in=newest.values("pk"), delegate__in=accounts)
    return Counter(dict(rows.values_list("delegate").annotate(count=Count("pk")).order_by()))


def _votes(governor: Governor, accounts: list[str]) -> dict[str, list[Vote]]:
    found: dict[str, list[Vote]] = defaultdict(list)
    last = held(governor)
    votes = Vote.objects.filter(proposal__in=last, voter__in=accounts).select_related("proposal__governor")
    for vote in votes.order_by("-proposal__vote_start"):
        found[vote.voter].append(vote)
    return found


def to_judge(governor: Governor) -> QuerySet[Statement]:
    """Statements that somebody reported, and those that are hidden; the most reported first."""
    found = Statement.objects.filter(governor=governor).annotate(count=Count("reports")).prefetch_related("reports")
    return found.filter(Q(count__gt=0) | Q(hidden_at__isnull=False)).order_by("-count", "-said_at")[:100]


@dataclass(frozen=True)
class Voter:
    """What one account is and did with a governor."""

    address: str
    power: str
    counts_for: str | None
    is_own: bool
    delegators: list[str]
    delegator_count: int
    votes: list[Vote]
    proposed: list[Proposal]
    voted: int
    asked: int
    statement: Statement | None


def voter_of(governor: Governor, address: str) -> Voter:
    """Any account, also one of which nothing is known."""
    newest = governor.delegations.order_by("delegator", "-log__number", "-log__log_index").distinct("delegator")
    from_others = Delegation.objects.filter(pk__in=newest.values("pk"), delegate=address).exclude(delegator=address)
    votes = Vote.objects.filter(proposal__governor=governor, voter=address).select_related(
        "proposal__governor", "log__block"
    )
    newest_votes = list(votes.order_by("-proposal__vote_start")[:50])
    last, counts_for = held(governor), delegate_of(governor, address)
    proposed = governor.proposals.select_related("governor").filter(proposer=address).order_by("-vote_start")
    return Voter(
        address=address,
        power=amount(power_at(governor, address), governor.token),
        counts_for=counts_for,
        is_own=counts_for == address,
        delegators=list(from_others.exclude(delegator=NOBODY).values_list("delegator", flat=True)[:50]),
        delegator_count=from_others.count(),
        votes=newest_votes,
        proposed=list(proposed[:20]),
        voted=sum(vote.proposal_id in last for vote in newest_votes),
        asked=len(last),
        statement=Statement.objects.filter(governor=governor, author=address, hidden_at=None).first(),
    )
