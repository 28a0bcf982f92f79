"""Drafts under discussion, and what is said of them."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from governance import discussions, doors
from governance.api import samples
from governance.api.base import AFTER, PER_PAGE, Open, dao_or_404, numbers_of, paged
from governance.api.pages import page_of
from governance.api.shapes import CallSerializer, Shape, call_told
from governance.models import Comment, Discussion, Governor

FURTHEST = 2**63 - 1


class DiscussionSerializer(Shape[Any]):
    """A draft that everybody may read, who opened it and with what power then. `proposal`: the one that it became."""

    id = serializers.CharField(source="public_id")
    title = serializers.CharField(source="draft.title")
    account = serializers.CharField()
    power = serializers.CharField()
    opened = serializers.DateTimeField(source="opened_at")
    changed = serializers.DateTimeField(source="draft.changed_at")
    closed = serializers.DateTimeField(source="closed_at", allow_null=True)
    proposal = serializers.CharField(source="draft.proposed", allow_null=True)
    comments = serializers.IntegerField(source="said")
    page = serializers.SerializerMethodField()

    def get_page(self, row: Discussion) -> str:
        return str(self.context["request"].build_absolute_uri(row.get_absolute_url()))


class DiscussionDetailSerializer(DiscussionSerializer):
    """With its words and calls as they stand now; the author may still change them."""

    description = serializers.CharField(source="draft.why")
    calls = CallSerializer(many=True)


class CommentSerializer(Shape[Any]):
    """What an account said, signed as EIP-712 `DraftComment` at `at` (Unix seconds). `answers`: the comment above it.

    `text` and `signature` are null where its author has taken it back or a moderator has hidden it, with the reason.
    """

    id = serializers.IntegerField(source="pk")
    answers = serializers.IntegerField(source="answers_id", allow_null=True)
    author = serializers.CharField()
    power = serializers.CharField()
    at = serializers.IntegerField(source="said_at")
    text = serializers.SerializerMethodField()
    signature = serializers.SerializerMethodField()
    taken_back = serializers.DateTimeField(source="withdrawn_at", allow_null=True)
    hidden = serializers.CharField(source="hidden_why", allow_blank=True)

    def get_text(self, row: Comment) -> str | None:
        return row.text if row.is_readable else None

    def get_signature(self, row: Comment) -> str | None:
        return "0x" + bytes(row.signature).hex() if row.is_readable else None


def _row_or_404(dao: Governor, public_id: str) -> Discussion:
    row = discussions.discussed(dao).filter(public_id=public_id).first()
    if row is None:
        raise Http404("No such discussion.")
    return row


class DiscussionList(Open):
    """The drafts of a DAO that are or were discussed."""

    @extend_schema(
        operation_id="governance_discussions_list",
        summary="Drafts that everybody may read, newest first.",
        parameters=[AFTER],
        responses=page_of(DiscussionSerializer),
        examples=samples.pages(samples.DISCUSSION),
    )
    def get(self, request: Request, governor: str) -> Response:
        dao = dao_or_404(governor)
        found = discussions.discussed(dao).order_by("-pk")
        if place := numbers_of(request, 1):
            found = found.filter(pk__lt=min(place[0], FURTHEST))
        rows = list(found[: PER_PAGE + 1])
        following = str(rows[PER_PAGE - 1].pk) if len(rows) > PER_PAGE else ""
        shown = DiscussionSerializer(rows[:PER_PAGE], many=True, context={"request": request}).data
        return paged(request, None, shown, following)


class DiscussionDetail(Open):
    """One draft under discussion."""

    @extend_schema(
        operation_id="governance_discussion_retrieve",
        summary="One draft under discussion: its words, and its calls as they would be proposed.",
        responses=DiscussionDetailSerializer,
        examples=samples.answer(samples.DISCUSSION_DETAIL),
    )
    def get(self, request: Request, governor: str, discussion: str) -> Response:
        row = _row_or_404(dao_or_404(governor), discussion)
        told = {
            **DiscussionSerializer(row, context={"request": request}).data,
            "description": row.draft.why,
            "calls": CallSerializer(_calls(row), many=True).data,
        }
        return Response(told)


def _calls(row: Discussion) -> list[dict[str, Any]]:
    calls = zip(row.draft.calls, discussions.effects_of(row.draft), strict=True)
    return [call_told(target, value, data, effect) for (target, value, data), effect in calls]


class CommentList(Open):
    """What is said of a draft."""

    @extend_schema(
        operation_id="governance_comments_list",
        summary="What is said of a draft, oldest first; answers name what they answer.",
        parameters=[AFTER],
        responses=page_of(CommentSerializer),
        examples=samples.pages(samples.COMMENT),
    )
    def get(self, request: Request, governor: str, discussion: str) -> Response:
        row = _row_or_404(dao_or_404(governor), discussion)
        found = row.comments.order_by("pk")
        if place := numbers_of(request, 1):
            found = found.filter(pk__gt=min(place[0], FURTHEST))
        rows = list(found[: PER_PAGE + 1])
        following = str(rows[PER_PAGE - 1].pk) if len(rows) > PER_PAGE else ""
        return paged(request, None, CommentSerializer(rows[:PER_PAGE], many=True).data, following)


discussion_list = doors.public(DiscussionList.as_view())
discussion_detail = doors.public(DiscussionDetail.as_view())
comment_list = doors.public(CommentList.as_view())
