"""Proposals and their votes."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from governance import doors, simulating
from governance.api import samples
from governance.api.base import AFTER, PER_PAGE, Open, as_of, dao_or_404, numbers_of, paged, proposal_or_404
from governance.api.pages import of_block, page_of
from governance.api.shapes import (
    CallSerializer,
    ProposalDetailSerializer,
    ProposalSerializer,
    SimulationSerializer,
    StepSerializer,
    VoteSerializer,
    call_told,
)
from governance.lists import SHOWN, Wish
from governance.models import Proposal, Support, Vote
from governance.power import checked_address
from governance.presentation import Shown
from governance.reading import for_show, shown

SIDES = {side.name.lower(): side.value for side in Support}


class ProposalList(Open):
    """The proposals of a DAO, in the order of its page: what one can vote on first."""

    @extend_schema(
        operation_id="governance_proposals_list",
        summary="Proposals: what one can vote on first, then what waits, then what is over; newest first.",
        parameters=[
            OpenApiParameter(
                "show",
                OpenApiTypes.STR,
                enum=[key for key in SHOWN if key],
                description="Voting open; open without a vote of `address`; passed and waiting; ended.",
            ),
            OpenApiParameter("q", OpenApiTypes.STR, description="Words, or the beginning of a proposer's address."),
            OpenApiParameter("address", OpenApiTypes.STR, description="The account that `show=missing` is about."),
            AFTER,
        ],
        responses=page_of(ProposalSerializer, **of_block()),
        examples=samples.pages(samples.ROW, block=samples.BLOCK),
    )
    def get(self, request: Request, governor: str) -> Response:
        dao, wish = dao_or_404(governor), Wish.of(request._request)
        found = wish.apply(dao)
        rows = list(for_show(found.below(wish.place) if wish.place else found)[: PER_PAGE + 1])
        kept, last = rows[:PER_PAGE], rows[PER_PAGE - 1] if len(rows) > PER_PAGE else None
        results = ProposalSerializer(shown(dao, kept), many=True, context={"request": request}).data
        following = f"{last.urgency}.{last.vote_start}.{last.pk}" if last else ""  # type: ignore[attr-defined]
        return paged(request, dao, results, following)


class ProposalDetail(Open):
    """One proposal."""

    @extend_schema(
        operation_id="governance_proposal_retrieve",
        summary="One proposal: its words and calls, how the vote stands, what happened, and what a trial said.",
        description="Sentences are in the language that `Accept-Language` asks for.",
        responses=ProposalDetailSerializer,
        examples=samples.answer(samples.DETAIL),
    )
    def get(self, request: Request, governor: str, proposal_id: str) -> Response:
        proposal = proposal_or_404(governor, proposal_id)
        (row,) = shown(proposal.governor, [proposal])
        steps = sorted(proposal.steps.all(), key=lambda step: (step.log.number, step.log.log_index))
        trial = simulating.of(proposal)
        told = {
            **ProposalSerializer(row, context={"request": request}).data,
            "block": as_of(proposal.governor),
            "description": proposal.description,
            "operation": proposal.operation_id,
            "calls": CallSerializer(_calls(proposal, row), many=True).data,
            "timeline": StepSerializer(steps, many=True).data,
            "simulation": SimulationSerializer(trial).data if trial else None,
        }
        return Response(told)


def _calls(proposal: Proposal, row: Shown) -> list[dict[str, Any]]:
    """As they were proposed, and as they are read."""
    calls = zip(proposal.targets, proposal.amounts, proposal.calldatas, row.effects, strict=True)
    return [call_told(*each) for each in calls]


class VoteList(Open):
    """The votes on a proposal."""

    @extend_schema(
        operation_id="governance_votes_list",
        summary="Votes on a proposal, heaviest first.",
        parameters=[
            OpenApiParameter("support", OpenApiTypes.STR, enum=sorted(SIDES), description="One side alone."),
            OpenApiParameter("voter", OpenApiTypes.STR, description="The vote of one account."),
            AFTER,
        ],
        responses=page_of(VoteSerializer, **of_block()),
        examples=samples.pages(samples.VOTE, block=samples.BLOCK),
    )
    def get(self, request: Request, governor: str, proposal_id: str) -> Response:
        proposal = proposal_or_404(governor, proposal_id)
        votes = Vote.objects.filter(proposal=proposal, **_only(request))
        if place := numbers_of(request, 2):
            weight, key = place
            # the first bound is what the index is entered by
            votes = votes.filter(weight__lte=weight).filter(Q(weight__lt=weight) | Q(pk__gt=min(key, 2**63 - 1)))
        rows = list(votes.select_related("log__block").order_by("-weight", "id")[: PER_PAGE + 1])
        last = rows[PER_PAGE - 1] if len(rows) > PER_PAGE else None
        results = VoteSerializer(rows[:PER_PAGE], many=True).data
        return paged(request, proposal.governor, results, f"{last.weight}.{last.pk}" if last else "")


def _only(request: Request) -> dict[str, Any]:
    """What narrows the votes; a side or an account that there is not finds none."""
    side, voter = request.query_params.get("support", ""), request.query_params.get("voter", "").strip()
    narrowed: dict[str, Any] = {"support": SIDES.get(side, -1)} if side else {}
    return narrowed | ({"voter": checked_address(voter) or "nobody"} if voter else {})


proposal_list = doors.public(ProposalList.as_view())
proposal_detail = doors.public(ProposalDetail.as_view())
vote_list = doors.public(VoteList.as_view())
