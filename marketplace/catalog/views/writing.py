"""A listing written step by step: saved at each, resumable, and saved by itself while somebody types.

Every step knows how often it was saved when it was opened. Who saves over somebody else's newer text is asked first,
and what did not fit yet is kept as it was typed.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from marketplace.catalog import prose, services
from marketplace.catalog.forms import BeginForm, CallsStep, DataStep, MediaStep, PlansStep, WhatStep
from marketplace.catalog.forms.planning import one_more
from marketplace.catalog.models import Listing, ListingVersion
from marketplace.catalog.views.own import latest_of, mine
from marketplace.catalog.wording import of_version
from marketplace.lifecycle import Refused
from marketplace.organizations.access import MAY_SELL
from marketplace.tenancy import door
from marketplace.tenancy.door import ActedRequest

OURS: Final = {"csrfmiddlewaretoken", "stamp", "tab", "more", "autosave", "then", "shape"}
LONGEST_TYPED: Final = 500_000


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its form, and which fields of a version it writes."""

    key: str
    title: Any
    form: Any
    fields: tuple[str, ...]
    url: str


STEPS: Final = {
    step.key: step
    for step in (
        Step(
            "what",
            gettext_lazy("What it does"),
            WhatStep,
            ("name", "summary", "description", "category", "kind_facts"),
            "catalog:edit",
        ),
        Step(
            "calls",
            gettext_lazy("How it is called"),
            CallsStep,
            ("endpoint", "input_schema", "output_schema", "example"),
            "catalog:edit_calls",
        ),
        Step("plans", gettext_lazy("Plans"), PlansStep, ("plans",), "catalog:edit_plans"),
        Step("media", gettext_lazy("Pictures"), MediaStep, ("media",), "catalog:edit_media"),
        Step("data", gettext_lazy("What happens to data"), DataStep, (), "catalog:edit_data"),
    )
}
ORDER: Final = tuple(STEPS)


@door.member(*MAY_SELL)
@require_http_methods(["GET", "POST"])
def create(request: ActedRequest) -> HttpResponse:
    """A new listing: its name, and then the steps."""
    form = BeginForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            draft = services.begin_listing(request.actor, name=form.cleaned_data["name"])
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            return redirect("catalog:edit", org=request.org.slug, slug=draft.listing.slug)
    status = 422 if request.method == "POST" else 200
    return render(request, "catalog/begin.html", {"form": form}, status=status)


@door.member(*MAY_SELL)
@require_http_methods(["GET", "POST"])
def edit(request: ActedRequest, slug: str, step: str) -> HttpResponse:
    """One step of the open draft, or of the next version of what is public."""
    listing = mine(request, slug)
    latest = latest_of(listing)
    if request.method == "GET":
        return page(request, STEPS[step], listing, latest, _opened(STEPS[step], latest))
    return _save(request, STEPS[step], listing, latest)


def _opened(step: Step, latest: ListingVersion) -> Any:
    """The form of a step: what was typed and did not fit, or else what is saved."""
    if latest.state in ListingVersion.OPEN and (typed := latest.typed.get(step.key)):
        data = QueryDict(mutable=True)
        for name, values in typed.items():
            data.setlist(name, values)
        return step.form(data)
    return step.form(initial=step.form.initial_of(latest))


def _save(request: ActedRequest, step: Step, listing: Listing, latest: ListingVersion) -> HttpResponse:
    if "more" in request.POST and step.key == "plans":
        return page(request, step, listing, latest, one_more(request.POST), stamp=stamp_of(request))
    if "shape" in request.POST and step.key == "calls":
        form = CallsStep(request.POST, files=request.FILES, wish=request.POST["shape"])
        return page(request, step, listing, latest, form, stamp=stamp_of(request))
    form, is_automatic = step.form(request.POST, files=request.FILES), "autosave" in request.POST
    given: dict[str, Any] = {
        "listing_id": listing.pk,
        "step": step.key,
        "stamp": stamp_of(request),
        "tab": tab_of(request),
    }
    is_valid = form.is_valid()
    try:
        if is_valid:
            columns = form.columns()
            saved = services.save_step(request.actor, columns=columns, is_automatic=is_automatic, **given)
        else:
            saved = services.keep_typed(request.actor, typed=_typed(request.POST), **given)
    except services.Stale as stale:
        if is_automatic:
            return said(request, step, latest, problem=str(stale), status=409)
        return page(request, step, listing, latest, form, stale=str(stale), status=409)
    except Refused as refused:
        if is_automatic:
            return said(request, step, latest, problem=str(refused), status=422)
        return page(request, step, listing, latest, form, refusal=str(refused), status=422)
    if is_automatic:
        return said(request, step, saved, form=form)
    if not is_valid:
        return page(request, step, listing, saved, form, status=422)
    messages.success(request, _("Saved."))
    return redirect(following(step, request.POST.get("then", "")), org=request.org.slug, slug=listing.slug)


def following(step: Step, wish: str) -> str:
    if wish == "stay":
        return step.url
    place = ORDER.index(step.key) + 1
    return STEPS[ORDER[place]].url if place < len(ORDER) else "catalog:preview"


def stamp_of(request: HttpRequest) -> int:
    text = request.POST.get("stamp", "")
    return int(text) if text.isdecimal() and len(text) < 9 else 0


def tab_of(request: HttpRequest) -> str:
    return request.POST.get("tab", "").replace("\x00", "")[:32]


def _typed(data: Mapping[str, Any]) -> dict[str, list[str]]:
    """What a browser sent of the step's own fields, as text; more than a form can hold is not kept."""
    assert isinstance(data, QueryDict)  # noqa: S101
    kept = {name: [text.replace("\x00", "") for text in data.getlist(name)] for name in data if name not in OURS}
    if sum(len(text) for values in kept.values() for text in values) > LONGEST_TYPED:
        raise Refused(_("This is more than a listing can hold. Shorten it and save again."))
    return kept


def said(
    request: ActedRequest,
    step: Step,
    version: ListingVersion,
    *,
    form: Any = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    """The line that says what became of saving by itself, with the stamp that the next save needs."""
    context = {
        "stamp": None if problem else services.stamp_of(version, step.key),
        "problem": problem,
        "errors": errors_of(form) if form else [],
        "form": form,
        "preview": isinstance(form, CallsStep) and form.made_of != request.POST.get("made-of", form.made_of),
        "again": request.get_full_path(),
    }
    return render(request, "catalog/saved.html", context, status=status)


def errors_of(form: Any) -> list[str]:
    """Everything that is wrong with a form, with the field's name where there is one."""
    if isinstance(form, PlansStep):
        return [str(error) for errors in form.errors for error in (errors if isinstance(errors, list) else [errors])]
    rows = [*form.input.problems(), *form.output.problems()] if isinstance(form, CallsStep) else []
    return rows + [
        f"{form.fields[name].label}: {' '.join(errors)}" for name, errors in form.errors.items() if name in form.fields
    ]


def page(
    request: ActedRequest,
    step: Step,
    listing: Listing,
    latest: ListingVersion,
    form: Any,
    *,
    stamp: int | None = None,
    status: int = 200,
    **more: str,
) -> HttpResponse:
    context = {
        "form": form,
        "step": step.key,
        "title": step.title,
        "tab": tab_of(request) or secrets.token_hex(8),
        "stamp": services.stamp_of(latest, step.key) if stamp is None else stamp,
        **around(listing, latest),
        **more,
    }
    return render(request, f"catalog/edit_{step.key}.html", context, status=status)


def around(listing: Listing, latest: ListingVersion) -> dict[str, Any]:
    """What the pages of all steps show: where one is, and what is still missing where."""
    problems = of_version(latest).problems() if latest.state in ListingVersion.OPEN else []
    bad = {name for name, _sentence in problems}
    steps = [
        {
            "key": step.key,
            "title": step.title,
            "url": step.url,
            "is_done": not bad & set(step.fields) and step.key not in latest.typed,
        }
        for step in STEPS.values()
    ]
    return {"listing": listing, "latest": latest, "steps": steps}


@door.member(*MAY_SELL)
@require_POST
def preview_prose(request: ActedRequest) -> HttpResponse:
    """Markdown as it will look, while it is typed."""
    text = request.POST.get("description", "")[:10_000]
    return render(request, "catalog/prose.html", {"text": prose.html(text.replace("\x00", ""))})
