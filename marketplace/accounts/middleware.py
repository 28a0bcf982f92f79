"""What was tried too often is answered with 429 and when to come back, whichever form it was."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

GetResponse = Callable[[HttpRequest], HttpResponse]
LONGEST = 900  # the period of every rate in ACCOUNT_RATE_LIMITS, in seconds


def tried_too_often(get_response: GetResponse) -> GetResponse:
    """Give the form that says so its status; what was typed stays in it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        seconds = getattr(request, "retry_after", None)
        if seconds:
            response.status_code = 429
            response["Retry-After"] = str(seconds)
        return response

    return middleware


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """The page for who floods an address."""
    response = render(request, "429.html", status=429)
    response["Retry-After"] = str(LONGEST)
    return response
