"""Your data: have it all, or have it erased. The same pages for an organization and for a person."""

import uuid
from dataclasses import dataclass
from typing import Any, cast

from django.contrib import messages
from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marketplace.accounts.acting import person_of
from marketplace.lifecycle import Refused
from marketplace.organizations.access import MAY_MANAGE, Role
from marketplace.privacy import services, standing
from marketplace.privacy.forms import EraseForm
from marketplace.privacy.models import Erasure, Export
from marketplace.tenancy import door
from marketplace.tenancy.door import ActedRequest


@dataclass(frozen=True, slots=True)
class Side:
    """Whose pages: an organization's or a person's own."""

    kind: str
    name: str
    arguments: list[str]

    def url(self, what: str = "") -> str:
        return reverse(f"privacy:{self.kind}{what}", args=self.arguments)


def _side(request: ActedRequest) -> Side:
    if request.actor.org_id:
        return Side("organization", request.org.name, [request.org.slug])
    return Side("person", request.user.email, [])  # type: ignore[union-attr]


def _page(request: ActedRequest) -> HttpResponse:
    org_id, user_id = request.actor.org_id, person_of(request.actor)
    exports = Export.objects.for_org(org_id) if org_id else Export.objects.of_person(user_id)
    erasures = Erasure.objects.for_org(org_id) if org_id else Erasure.objects.of_person(user_id)
    side = _side(request)
    latest, erasure = exports.first(), erasures.waiting().first()
    context: dict[str, Any] = {
        "shell": "shells/workspace.html" if org_id else "shells/storefront.html",
        "export": latest,
        "download": "",
        "erasure": erasure,
        "matters": standing.open_matters(org_id, user_id) if erasure and erasure.held_up_by else [],
        "may_erase": not org_id or request.actor.role == Role.OWNER,
        "is_organization": bool(org_id),
        "page_url": side.url(),
        "export_url": side.url("_export"),
        "erase_url": side.url("_erase"),
        "keep_url": side.url("_keep"),
    }
    if latest and latest.state == Export.State.READY:
        context["download"] = reverse(f"privacy:{side.kind}_download", args=[*side.arguments, latest.public_id])
    part = "#export" if request.htmx else ""
    return render(request, f"privacy/page.html{part}", context)


def _export(request: ActedRequest) -> HttpResponse:
    services.ask_for_export(request.actor)
    messages.success(request, _("We collect it now. You are told by e-mail and in your inbox when it is ready."))
    return redirect(_side(request).url())


def _download(request: ActedRequest, public_id: uuid.UUID) -> HttpResponse:
    export = services.take_export(request.actor, public_id=public_id)
    name = f"guildhall-{_side(request).arguments[0] if request.actor.org_id else 'me'}-{export.asked_at:%Y-%m-%d}.zip"
    content: Any = FileResponse(
        export.file.open("rb"), as_attachment=True, filename=name, content_type="application/zip"
    )
    return cast(HttpResponse, content)  # it streams, and is an answer like any other


def _erase(request: ActedRequest) -> HttpResponse:
    side = _side(request)
    form = EraseForm(side.name, *([request.POST] if request.method == "POST" else []))
    if request.method == "POST" and form.is_valid():
        try:
            erasure = services.ask_for_erasure(request.actor)
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(
                request,
                _("Noted. Until %(day)s you can take it back.")
                % {"day": formats.date_format(erasure.due_at, "DAY_AND_MONTH_FORMAT")},
            )
            return redirect(side.url())
    ids = request.actor.org_id, person_of(request.actor)
    context = {
        "shell": "shells/workspace.html" if request.actor.org_id else "shells/storefront.html",
        "form": form,
        "name": side.name,
        "lines": standing.consequences(*ids),
        "matters": standing.open_matters(*ids),
        "is_organization": bool(request.actor.org_id),
        "days": Erasure.TIME_TO_THINK.days,
        "back": side.url(),
    }
    return render(request, "privacy/erase.html", context, status=422 if request.method == "POST" else 200)


def _keep(request: ActedRequest) -> HttpResponse:
    services.withdraw_erasure(request.actor)
    messages.success(request, _("Taken back. Nothing is erased."))
    return redirect(_side(request).url())


BOTH = require_http_methods(["GET", "POST"])
person = door.person(require_GET(_page))
person_export = door.person(door.fresh(require_POST(_export)))
person_download = door.person(require_GET(_download))
person_erase = door.person(door.fresh(BOTH(_erase)))
person_keep = door.person(require_POST(_keep))
organization = door.member(*MAY_MANAGE)(require_GET(_page))
organization_export = door.member(*MAY_MANAGE)(door.fresh(require_POST(_export)))
organization_download = door.member(*MAY_MANAGE)(require_GET(_download))
organization_erase = door.member(Role.OWNER)(door.fresh(BOTH(_erase)))
organization_keep = door.member(Role.OWNER)(require_POST(_keep))
