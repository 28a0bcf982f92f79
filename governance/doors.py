"""The mark that every view carries. The market's own door is named by settings, for we do not import the market."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string

View = Callable[..., HttpResponse]


def anybody(view: View) -> View:
    """Anybody. The view sees public rows only; the default when settings name no door."""

    @wraps(view)
    def inside(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return view(request, *args, **kwargs)

    inside.door = "public"  # type: ignore[attr-defined]
    return inside


public: Callable[[View], View] = import_string(getattr(settings, "GOVERNANCE_DOOR", "governance.doors.anybody"))
