"""What a DAO holds, and what came in and went out."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from governance import doors
from governance.api import samples
from governance.api.base import AFTER, PER_PAGE, Open, dao_or_404, paged
from governance.api.money import FeesSerializer, MoveSerializer, PositionSerializer
from governance.api.pages import page_of
from governance.api.shapes import BlockSerializer
from governance.models import Treasury
from governance.treasuries import reading


class TreasuryDetail(Open):
    """The treasury of one DAO."""

    @extend_schema(
        operation_id="governance_treasury_retrieve",
        summary="What the DAO's accounts hold at a final block, and the movements, newest first.",
        description="`block` is null until something was read and without a timelock. With `level` false the "
        "past is still being read. The token without an address is the chain's own coin: what comes in of it "
        "says no log. A movement of kind `coin` was found by comparing balances: it has no `transaction`, and "
        "`block` is the one in which the balance changed. What is not found yet, or cannot be because the node "
        "keeps no old states, is in the difference.",
        parameters=[AFTER],
        responses=page_of(
            MoveSerializer,
            block=BlockSerializer(allow_null=True),
            level=serializers.BooleanField(),
            positions=PositionSerializer(many=True),
            fees=FeesSerializer(many=True),
        ),
        examples=samples.pages(
            samples.MOVE, block={**samples.BLOCK, "final": True}, level=True, positions=[samples.POSITION],
            fees=[samples.FEES],
        ),
    )  # fmt: skip
    def get(self, request: Request, governor: str) -> Response:
        row = reading.treasury_of(dao_or_404(governor))
        if row is None:
            return paged(request, None, [], "", block=None, level=False, positions=[], fees=[])
        found = list(reading.moves(row, reading.place_of(request.query_params.get("after", "")))[: PER_PAGE + 1])
        following = reading.place(found[PER_PAGE - 1]) if len(found) > PER_PAGE else ""
        results = MoveSerializer(reading.lines(row, found[:PER_PAGE]), many=True).data
        return paged(request, None, results, following, **_about(row))


def _about(row: Treasury) -> dict[str, Any]:
    return {
        "block": {"number": row.number, "hash": row.block_hash, "at": row.block_at, "final": True},
        "level": row.is_level,
        "positions": PositionSerializer(reading.positions(row), many=True).data,
        "fees": FeesSerializer(reading.months(row), many=True).data,
    }


treasury = doors.public(TreasuryDetail.as_view())
