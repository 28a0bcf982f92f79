"""The mark that every view carries, and where a request comes from.

The market's own doors are named by settings, for we do not import the market.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.module_loading import import_string

View = Callable[..., HttpResponseBase]


def anybody(view: View) -> View:
    """Anybody. The view sees public rows only; the default when settings name no door."""

    @wraps(view)
    def inside(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return view(request, *args, **kwargs)

    inside.door = "public"  # type: ignore[attr-defined]
    return inside


def nobody(view: View) -> View:
    """Nobody: the default of what only operators do, when settings name no door for them."""

    @wraps(view)
    def inside(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        raise Http404("No such page.")

    inside.door = "moderator"  # type: ignore[attr-defined]
    return inside


def address_of(request: HttpRequest) -> str:
    """The address of the connection: the default of `place`."""
    return str(request.META.get("REMOTE_ADDR", ""))


public: Callable[[View], View] = import_string(getattr(settings, "GOVERNANCE_DOOR", "governance.doors.anybody"))
operator: Callable[[View], View] = import_string(
    getattr(settings, "GOVERNANCE_OPERATOR_DOOR", "governance.doors.nobody")
)
place: Callable[[HttpRequest], str] = import_string(
    getattr(settings, "GOVERNANCE_PLACE", "governance.doors.address_of")
)
