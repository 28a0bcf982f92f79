"""The mark that every view carries. The market's own doors are named by settings, for we do not import the market."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.module_loading import import_string

View = Callable[..., HttpResponse]


def anybody(view: View) -> View:
    """Anybody. The view sees public rows only; the default when settings name no door."""

    @wraps(view)
    def inside(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return view(request, *args, **kwargs)

    inside.door = "public"  # type: ignore[attr-defined]
    return inside


def nobody(view: View) -> View:
    """Nobody: the default of what only operators do, when settings name no door for them."""

    @wraps(view)
    def inside(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        raise Http404("No such page.")

    inside.door = "moderator"  # type: ignore[attr-defined]
    return inside


public: Callable[[View], View] = import_string(getattr(settings, "GOVERNANCE_DOOR", "governance.doors.anybody"))
operator: Callable[[View], View] = import_string(
    getattr(settings, "GOVERNANCE_OPERATOR_DOOR", "governance.doors.nobody")
)
