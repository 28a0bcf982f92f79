"""DAOs, who votes in them, and what one account is."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from governance import delegates as reading
from governance import doors
from governance.api import samples
from governance.api.base import (
    AFTER,
    PER_PAGE,
    Open,
    account_or_404,
    as_of,
    dao_or_404,
    numbers_of,
    paged,
    place_of,
)
from governance.api.pages import of_block, page_of
from governance.api.shapes import (
    DaoDetailSerializer,
    DaoSerializer,
    DelegateSerializer,
    SettingSerializer,
    VoterSerializer,
)
from governance.models import OPEN, Governor, PowerCheckpoint, Setting
from governance.power import power_at
from governance.projection import address_of


class DaoList(Open):
    """The DAOs that are followed."""

    @extend_schema(
        operation_id="governance_daos_list",
        summary="The DAOs that are followed here, in the order in which they were added.",
        parameters=[AFTER],
        responses=page_of(DaoSerializer),
        examples=samples.pages(samples.DAO),
    )
    def get(self, request: Request) -> Response:
        found = Governor.objects.select_related("token", "last_check").order_by("pk")
        if place := numbers_of(request, 1):
            found = found.filter(pk__gt=min(place[0], 2**63 - 1))
        rows = list(found[: PER_PAGE + 1])
        following = str(rows[PER_PAGE - 1].pk) if len(rows) > PER_PAGE else ""
        return paged(request, None, DaoSerializer(rows[:PER_PAGE], many=True).data, following)


class DaoDetail(Open):
    """One DAO."""

    @extend_schema(
        operation_id="governance_dao_retrieve",
        summary="One DAO, by slug or address: its contracts, its rules, and how far it is read.",
        responses=DaoDetailSerializer,
        examples=samples.answer(samples.DAO_DETAIL),
    )
    def get(self, request: Request, governor: str) -> Response:
        dao = dao_or_404(governor)
        told = {
            **DaoSerializer(dao).data,
            "block": as_of(dao),
            "rules": SettingSerializer(_rules(dao), many=True).data,
            "votes_that_could_be": str(reading.supply(dao)),
            "proposals": dao.proposals.count(),
            "open_proposals": dao.proposals.filter(state__in=OPEN).count(),
        }
        return Response(told)


def _rules(dao: Governor) -> list[dict[str, Any]]:
    """The newest value of each, with its log; what is fixed in the contract has none."""
    newest = dao.settings.order_by("name", "-log__number", "-log__log_index").distinct("name")
    rows = [{"name": row.name, "value": _value(row), "log": row.log} for row in newest.select_related("log__block")]
    said = {row["name"] for row in rows}
    fixed = [{"name": name, "value": value, "log": None} for name, value in sorted(dao.constants.items())]
    return rows + [row for row in fixed if row["name"] not in said]


def _value(row: Setting) -> str:
    return address_of(int(row.value)) if row.name == Setting.Name.TIMELOCK else str(row.value)


class DelegateList(Open):
    """Who can vote."""

    @extend_schema(
        operation_id="governance_delegates_list",
        summary="Accounts with votes, the most powerful first.",
        parameters=[AFTER],
        responses=page_of(DelegateSerializer, votes_that_could_be=serializers.CharField(), **of_block()),
        examples=samples.pages(samples.DELEGATE, votes_that_could_be="1000000000000000000000000", block=samples.BLOCK),
    )
    def get(self, request: Request, governor: str) -> Response:
        dao = dao_or_404(governor)
        found = reading.powers(dao).select_related("log__block")
        place = place_of(request, 2)
        if place and place[0].isdigit():
            power, account = int(place[0]), place[1]
            found = found.filter(Q(power__lt=power) | Q(power=power, account__gt=account))
        rows = list(found[: PER_PAGE + 1])
        following = f"{rows[PER_PAGE - 1].power}.{rows[PER_PAGE - 1].account}" if len(rows) > PER_PAGE else ""
        results = DelegateSerializer(_delegates(dao, rows[:PER_PAGE]), many=True).data
        return paged(request, dao, results, following, votes_that_could_be=str(reading.supply(dao)))


def _delegates(dao: Governor, rows: list[PowerCheckpoint]) -> list[dict[str, Any]]:
    told = reading.directory(dao, rows)
    return [
        {
            "address": row.account,
            "power": row.power,
            "log": row.log,
            "delegators": each.delegators,
            "voted": each.voted,
            "asked": each.asked,
            "statement": each.statement.text if each.statement else None,
        }
        for row, each in zip(rows, told, strict=True)
    ]


class VoterDetail(Open):
    """One account."""

    @extend_schema(
        operation_id="governance_voter_retrieve",
        summary="One account in a DAO, also one of which nothing is known: power, delegate, votes, proposals.",
        responses=VoterSerializer,
        examples=samples.answer(samples.VOTER),
    )
    def get(self, request: Request, governor: str, voter: str) -> Response:
        dao, address = dao_or_404(governor), account_or_404(voter)
        found = reading.voter_of(dao, address)
        told = {
            "block": as_of(dao),
            "address": address,
            "power": power_at(dao, address),
            "delegate": found.counts_for,
            "delegator_count": found.delegator_count,
            "delegators": found.delegators,
            "voted": found.voted,
            "asked": found.asked,
            "votes": found.votes,
            "proposed": [str(row.proposal_id) for row in found.proposed],
            "statement": found.statement.text if found.statement else None,
        }
        return Response(VoterSerializer(told).data)


dao_list = doors.public(DaoList.as_view())
dao_detail = doors.public(DaoDetail.as_view())
delegate_list = doors.public(DelegateList.as_view())
voter_detail = doors.public(VoterDetail.as_view())
