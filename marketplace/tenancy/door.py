"""The only way into a view: who may come in, and whose rows it sees inside.

Every view carries the mark of exactly one door; a guard test walks the URLs and fails on one without.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any, Protocol, TypeVar

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import as_system, scope

View = Callable[..., HttpResponse]
V = TypeVar("V")


class Organization(Protocol):
    pk: int
    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class Member:
    """What the membership hook answers: the organization and what the person is in it."""

    org: Organization
    role: str


class ActedRequest(HttpRequest):
    """A request behind a door: who acts, and for which organization if it has one."""

    actor: Actor
    org: Any
    htmx: Any


def marked(view: V, mark: str) -> V:
    """Put a door's mark on a view, for views whose door is in their own first lines (the gateway's key)."""
    view.door = mark  # type: ignore[attr-defined]
    return view


def public(view: View) -> View:
    """Anybody. The view sees public rows only."""

    @wraps(view)
    def inside(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        request.actor = Actor(user_id=request.user.pk if request.user.is_authenticated else None)  # type: ignore[attr-defined]
        return view(request, *args, **kwargs)

    return marked(inside, "public")


def person(view: View) -> View:
    """Anybody who is signed in; sees the rows that are the person's own."""

    @wraps(view)
    def inside(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        request.actor = Actor(user_id=request.user.pk)  # type: ignore[attr-defined]
        with transaction.atomic(), scope(user_id=request.user.pk):
            return view(request, *args, **kwargs)

    return marked(inside, "person")


def member(*roles: str) -> Callable[[View], View]:
    """Members of the organization named in the URL, with one of `roles` (any role when none is given).

    A stranger gets 404, as if the organization did not exist; a member without the role gets 403.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def inside(request: HttpRequest, org: str, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            user_id = request.user.pk
            find: Callable[[int, str], Member | None] = import_string(settings.MEMBERSHIP_HOOK)
            with transaction.atomic(), scope(user_id=user_id):
                found = find(user_id, org)
                if found is None:
                    raise Http404("No such organization.")
                if roles and found.role not in roles:
                    raise PermissionDenied(f"This needs the role {' or '.join(roles)}; yours is {found.role}.")
                request.org = found.org  # type: ignore[attr-defined]
                request.actor = Actor(user_id, found.org.pk, found.role)  # type: ignore[attr-defined]
                with scope(org_id=found.org.pk, user_id=user_id):
                    return view(request, *args, **kwargs)

        return marked(inside, "member:" + ",".join(roles))

    return decorate


def moderator(view: View) -> View:
    """The market's moderators, who see every organization's rows. Who lacks the second factor is sent for it."""

    @wraps(view)
    def inside(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not request.user.is_moderator:
            raise Http404("No such page.")
        ask: Callable[[HttpRequest], HttpResponse | None] = import_string(settings.SECOND_FACTOR_HOOK)
        if (elsewhere := ask(request)) is not None:
            return elsewhere
        request.actor = Actor(user_id=request.user.pk, role="moderator")  # type: ignore[attr-defined]
        with transaction.atomic(), as_system("moderators decide about every organization"):
            return view(request, *args, **kwargs)

    return marked(inside, "moderator")


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """What the key hook answers: for whom a program acts; `role` is empty when its key is for something else."""

    user_id: int | None
    org_id: int
    role: str


class KeyRefused(Exception):
    """A key opens nothing here: an HTTP status, and a sentence for who wrote the program."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


@contextmanager
def by_key(request: HttpRequest, *roles: str) -> Iterator[Actor]:
    """Inside a view for programs: who acts by the key in the header, in one transaction and the organization's scope.

    The program may do what the member who made the key may do today. Raises KeyRefused, 401 or 403.
    """
    scheme, _space, text = request.headers.get("Authorization", "").partition(" ")
    find: Callable[[str], KeyHolder | None] = import_string(settings.KEY_HOOK)
    with transaction.atomic():
        found = find(text.strip()) if scheme.lower() == "bearer" else None
        if found is None:
            raise KeyRefused(401, _("Send a key of your organization in the header: Authorization: Bearer gh_…"))
        if found.role not in roles:
            raise KeyRefused(403, _("This key may not do this, or whoever made it may not any more. Make a new one."))
        with scope(org_id=found.org_id, user_id=found.user_id):
            yield Actor(found.user_id, found.org_id, found.role)


def be_fresh(request: HttpRequest) -> None:
    """Inside a view, before what moves money or shuts somebody out: the person proved a moment ago who they are.

    Who did not is asked, and what was sent is carried on with afterwards.
    """
    import_string(settings.FRESH_HOOK)(request)


def fresh(view: View) -> View:
    """The same for whatever a view changes; stands below its door."""

    @wraps(view)
    def inside(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method not in ("GET", "HEAD", "OPTIONS"):
            be_fresh(request)
        return view(request, *args, **kwargs)

    return inside
