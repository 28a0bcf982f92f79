"""What every address for programs shares: who may ask how often, pages from a place on, and the block they speak of."""

from __future__ import annotations

from typing import Any, Final

from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from governance.doors import place
from governance.models import Governor, Proposal
from governance.power import checked_address
from governance.reading import for_show, governor_named

PER_PAGE: Final = 50
LONGEST_NUMBER: Final = 78
AFTER: Final = OpenApiParameter("after", OpenApiTypes.STR, description="A place, as `next` names it.")


class Rate(SimpleRateThrottle):
    """So many requests from one place. Without its counters everybody is let in: they guard no secret."""

    scope = "governance"

    def get_cache_key(self, request: Request, view: APIView) -> str:
        return self.cache_format % {"scope": self.scope, "ident": place(request._request)}

    def allow_request(self, request: Request, view: APIView) -> bool:
        try:
            return super().allow_request(request, view)
        except (OSError, RedisError):
            return True


class HandingIn(Rate):
    """The same for what makes the market ask the node."""

    scope = "governance-ballots"


class Open(APIView):
    """A view for anybody; Django's own user stays on the request."""

    throttle_classes = (Rate,)

    def perform_authentication(self, request: Request) -> None:
        return


def dao_or_404(name: str) -> Governor:
    """The DAO of that slug or address."""
    return get_object_or_404(governor_named(name).select_related("token", "last_check"))


def proposal_or_404(governor: str, proposal_id: str) -> Proposal:
    """With all that is told of it; 404 also for what is no number of 256 bits."""
    if not proposal_id.isascii() or not proposal_id.isdigit() or len(proposal_id) > LONGEST_NUMBER:
        raise Http404("No such proposal.")
    named = Proposal.objects.filter(governor__in=governor_named(governor), proposal_id=int(proposal_id))
    return get_object_or_404(for_show(named))


def account_or_404(text: str) -> str:
    """The EIP-55 form of an address in an address."""
    found = checked_address(text)
    if found is None:
        raise Http404("No such account.")
    return found


def place_of(request: Request, parts: int) -> list[str] | None:
    """What `?after=` says, as so many parts; None where it says nothing usable."""
    found = request.query_params.get("after", "").split(".")
    usable = all(part.isascii() and part.isalnum() and len(part) <= LONGEST_NUMBER for part in found)
    return found if usable and len(found) == parts else None


def numbers_of(request: Request, parts: int) -> list[int] | None:
    """The same where all parts are numbers."""
    found = place_of(request, parts)
    return [int(part) for part in found] if found and all(part.isdigit() for part in found) else None


def as_of(governor: Governor) -> dict[str, Any] | None:
    """The newest block that was read; nothing before there is one."""
    block = governor.latest_block()
    if block is None:
        return None
    return {"number": block.number, "hash": block.hash, "at": block.timestamp, "final": block.is_final}


def paged(request: Request, governor: Governor | None, results: Any, following: str, **more: Any) -> Response:
    """A page of results, the address of the next one, and the block they were read at."""
    here = request.build_absolute_uri()
    following = replace_query_param(here, "after", following) if following else ""
    block = {"block": as_of(governor)} if governor else {}
    return Response({**block, **more, "next": following or None, "results": results})
