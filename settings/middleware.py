"""What every answer passes through."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.cache import patch_cache_control, patch_vary_headers

from marketplace.lifecycle import Refused

GetResponse = Callable[[HttpRequest], HttpResponse]


def private_answers(get_response: GetResponse) -> GetResponse:
    """Mark each signed-in answer as nobody's to keep but the person's own browser's, and not even its.

    What is everybody's alike has an address that never shows anything else, and may be kept.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.user.is_authenticated and not _is_everybodys(response):
            patch_cache_control(response, private=True, no_store=True)
        return response

    return middleware


def _is_everybodys(response: HttpResponse) -> bool:
    """Whether the view says that it answers this to everybody, in all languages, for ever: the file of a picture."""
    return getattr(response, "is_everybodys", False)


def languages(get_response: GetResponse) -> GetResponse:
    """Answer in the language that the address names (?lang=de), else the person's, the cookie's or the browser's.

    What a stranger gets may be kept by a cache: it varies by the two headers that decide.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        language = _language_of(request)
        request.LANGUAGE_CODE = language
        with translation.override(language):
            response = get_response(request)
        if _is_everybodys(response):
            request.session.accessed = False  # looked at, and nothing came of it: no cache has to mind the cookie
            return response
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        response.headers.setdefault("Content-Language", language)
        return response

    return middleware


def _language_of(request: HttpRequest) -> str:
    known = dict(settings.LANGUAGES)
    if "lang=" in request.META.get("QUERY_STRING", "") and (asked := request.GET.get("lang")) in known:
        return str(asked)
    if request.user.is_authenticated and request.user.language in known:
        return request.user.language
    return translation.get_language_from_request(request)


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
