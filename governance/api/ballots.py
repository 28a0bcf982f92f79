"""Vote from a script: what is to be signed, the signed vote handed in at the market's cost, and how far it has come."""

from __future__ import annotations

from typing import Any, NoReturn

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from governance import doors, relaying, voting
from governance.api import samples
from governance.api.base import HandingIn, Open, account_or_404, proposal_or_404
from governance.api.shapes import BallotSerializer, LifeSerializer, SignedBallotSerializer, TypedSerializer
from governance.following import life_of
from governance.forms import BallotForm
from governance.models import Proposal
from governance.refusing import No, cleaned


class Refusal(APIException):
    """The no of the votes: a sentence for whoever wrote the program."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY


def _refuse(no: No) -> NoReturn:
    raise Refusal(str(no)) from no


def _values(body: Any) -> dict[str, Any]:
    """Voter, side and reason as the page's form would have them; raises No."""
    if not isinstance(body, dict):
        raise No(_("Send a JSON object."))
    form = BallotForm({"address": body.get("voter"), "support": body.get("support"), "reason": body.get("reason", "")})
    return cleaned(form)


def _fits(body: dict[str, Any], proposal: Proposal) -> None:
    """Raise No for the file of a vote on another proposal, contract or chain."""
    governor = proposal.governor
    named = {"chain": governor.chain, "governor": governor.address, "proposalId": str(proposal.proposal_id)}
    if any(name in body and str(body[name]).lower() != value.lower() for name, value in named.items()):
        raise No(_("This vote was signed for another proposal, voting contract or chain."))


class Ballots(Open):
    """Signed votes on a proposal."""

    throttle_classes = (HandingIn,)

    @extend_schema(
        operation_id="governance_ballot_submit",
        summary="Hand in a signed vote. The market sends it and pays the fee; the same again changes nothing.",
        description="Takes the file that a page gives of a signed vote, or its fields. Nobody needs a key: what counts "
        "is the signature of `typed-data`. 422 with a sentence where the vote would not be taken or counted.",
        request=SignedBallotSerializer,
        responses={202: LifeSerializer, 404: None, 422: None, 429: None},
        examples=[samples.sent(samples.SIGNED), *samples.answer(samples.LIFE)],
    )
    def post(self, request: Request, governor: str, proposal_id: str) -> Response:
        proposal = proposal_or_404(governor, proposal_id)
        try:
            body: Any = request.data
            values = _values(body)
            _fits(body, proposal)
            ballot = voting.take(proposal, values, str(body.get("signature", "")))
        except No as no:
            _refuse(no)
        return Response(LifeSerializer(life_of(ballot)).data, status=status.HTTP_202_ACCEPTED)


class TypedData(Open):
    """What is to be signed."""

    throttle_classes = (HandingIn,)

    @extend_schema(
        operation_id="governance_ballot_typed_data",
        summary="The EIP-712 data of a vote, for a wallet to sign; changes nothing.",
        request=BallotSerializer,
        responses={200: TypedSerializer, 404: None, 422: None, 429: None},
        examples=[samples.sent(samples.BALLOT)],
    )
    def post(self, request: Request, governor: str, proposal_id: str) -> Response:
        proposal = proposal_or_404(governor, proposal_id)
        try:
            values = _values(request.data)
            if voting.on_its_way(proposal, values["address"]):
                raise No(voting.signed_already())
            voting.may_vote(proposal, values["address"], values["support"], values["reason"])
            typed = relaying.asked(proposal, values["address"], values["support"], values["reason"])
        except No as no:
            _refuse(no)
        return Response({"typed_data": typed})


class BallotDetail(Open):
    """One signed vote."""

    @extend_schema(
        operation_id="governance_ballot_retrieve",
        summary="How far a signed vote has come, by the market's rows and the copied chain.",
        responses={200: LifeSerializer, 404: None},
        examples=samples.answer(samples.LIFE),
    )
    def get(self, request: Request, governor: str, proposal_id: str, voter: str) -> Response:
        proposal, address = proposal_or_404(governor, proposal_id), account_or_404(voter)
        ballot = relaying.ballot_of(proposal, address)
        if ballot is None:
            raise Http404("No such ballot.")
        return Response(LifeSerializer(life_of(ballot)).data)


ballots = doors.public(Ballots.as_view())
typed_data = doors.public(TypedData.as_view())
ballot_detail = doors.public(BallotDetail.as_view())
