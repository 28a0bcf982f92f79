"""What every answer passes through."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control

from marketplace.lifecycle import Refused

GetResponse = Callable[[HttpRequest], HttpResponse]


def private_answers(get_response: GetResponse) -> GetResponse:
    """Mark each signed-in answer as nobody's to keep but the person's own browser's, and not even its."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.user.is_authenticated:
            patch_cache_control(response, private=True, no_store=True)
        return response

    return middleware


class Refusals:
    """Show a Refused that no view caught as a page with its sentence, status 422."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, Refused):
            return None
        return render(request, "422.html", {"sentence": str(exception)}, status=422)
