"""The switch of languages: a cookie for a stranger, the account for a person."""

from typing import Final
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from marketplace.accounts import services
from marketplace.tenancy import door
from marketplace.tenancy.door import ActedRequest
from marketplace.tenancy.scope import scope

KEPT_SECONDS: Final = 365 * 86_400


@csrf_exempt
@door.public
@require_POST
def language(request: ActedRequest) -> HttpResponse:
    """Keep the choice, and go back to the page that it was made on.

    The form stands on every page and carries no token, which would be a cookie for each stranger; a form of another
    site is told by the origin that every browser sends with it.
    """
    if not _is_ours(request):
        raise PermissionDenied("This form came from another site.")
    wanted = services.checked_language(request.POST.get("language", ""))
    if request.user.is_authenticated:
        with transaction.atomic(), scope(user_id=request.user.pk):
            services.choose_language(request.actor, language=wanted)
    answer = redirect(_back(request))
    answer.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        wanted,
        max_age=KEPT_SECONDS,
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
    )
    return answer


def _is_ours(request: HttpRequest) -> bool:
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.get_host()


def _back(request: HttpRequest) -> str:
    """The page that the form stood on, without a language of its own; the front page if it is not one of ours."""
    page = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(page, {request.get_host()}, require_https=request.is_secure()):
        return resolve_url("landing")
    parts = urlsplit(page)
    kept = "&".join(part for part in parts.query.split("&") if part and not part.startswith("lang="))
    return urlunsplit(parts._replace(query=kept, fragment=""))
