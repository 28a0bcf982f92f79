"""Answers that are the same for everybody."""

from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.template.loader import render_to_string
from django.utils.translation import get_language


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """There is no such page, or none that this person may know of: both look the same, and cost next to nothing."""
    page = _not_found.__wrapped__ if settings.DEBUG else _not_found
    return HttpResponseNotFound(page(get_language()))


@lru_cache(maxsize=64)
def _not_found(language: str | None) -> str:
    # Without the request: whoever guesses addresses by the thousand must not make us look up anything.
    return render_to_string("404.html")
