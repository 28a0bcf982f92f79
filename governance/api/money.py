"""What is told of a treasury. Amounts are decimal text, in base units."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from governance.api.shapes import Shape


class PositionSerializer(Shape[Any]):
    """What an account has of a token: itself, or (with `escrow`) credited there and not paid out. `moved`: what all
    movements that were read add up to; `difference`: what none of them accounts for."""

    account = serializers.CharField()
    role = serializers.CharField()
    escrow = serializers.CharField(allow_blank=True)
    token = serializers.CharField(source="token.address", allow_blank=True)
    symbol = serializers.CharField(source="token.symbol")
    decimals = serializers.IntegerField(source="token.decimals")
    amount = serializers.CharField()
    moved = serializers.CharField()
    difference = serializers.CharField()


class MoveSerializer(Shape[Any]):
    """What came to an account or, below zero, left it, in a final block; `proposal`: by which it was decided."""

    kind = serializers.CharField(source="move.kind")
    account = serializers.CharField(source="move.account")
    escrow = serializers.CharField(source="move.escrow", allow_blank=True)
    token = serializers.CharField(source="token.address", allow_blank=True)
    symbol = serializers.CharField(source="token.symbol")
    decimals = serializers.IntegerField(source="token.decimals")
    amount = serializers.CharField(source="move.amount")
    other = serializers.CharField(source="move.other", allow_blank=True)
    proposal = serializers.SerializerMethodField()
    block = serializers.IntegerField(source="move.number")
    transaction = serializers.CharField(source="move.tx_hash", allow_blank=True)
    at = serializers.IntegerField(source="move.at")

    def get_proposal(self, row: Any) -> str | None:
        return str(row.proposal.proposal_id) if row.proposal else None


class FeesSerializer(Shape[Any]):
    """The fees of one month that the escrow credited to an account, of so many payments; `block`: the last of them."""

    month = serializers.DateTimeField(format="%Y-%m")
    account = serializers.CharField()
    token = serializers.CharField(source="token.address")
    symbol = serializers.CharField(source="token.symbol")
    decimals = serializers.IntegerField(source="token.decimals")
    amount = serializers.CharField()
    payments = serializers.IntegerField(source="count")
    block = serializers.IntegerField()
