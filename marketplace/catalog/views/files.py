"""A listing as one file: taken away, and brought in."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from marketplace.catalog.manifest import LONGEST, ListingInput, from_yaml, to_yaml
from marketplace.catalog.schemas import NotUsable
from marketplace.catalog.services import import_listing
from marketplace.catalog.views.own import latest_of, mine
from marketplace.lifecycle import Refused
from marketplace.organizations.access import EVERYBODY, MAY_SELL
from marketplace.tenancy import door
from marketplace.tenancy.door import ActedRequest


class FileForm(forms.Form):
    file = forms.FileField(
        required=False,
        label=gettext_lazy("YAML file"),
        widget=forms.ClearableFileInput(attrs={"accept": ".yaml,.yml,application/yaml"}),
    )
    text = forms.CharField(
        required=False,
        max_length=LONGEST,
        label=gettext_lazy("Or its text"),
        widget=forms.Textarea(attrs={"rows": 16, "spellcheck": "false", "class": "code"}),
    )

    def __init__(self, org_id: int, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.org_id = org_id

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        upload = cleaned.get("file")
        try:
            text = upload.read(LONGEST * 4).decode() if upload else cleaned.get("text", "")
        except UnicodeDecodeError:
            raise forms.ValidationError(_("This file is not text in UTF-8.")) from None
        if not text.strip():
            raise forms.ValidationError(_("Choose a file, or paste its text."))
        self.data = {**self.data, "text": text}  # what came in a file can be put right in the page
        cleaned["given"] = self._given(text)
        return cleaned

    def _given(self, text: str) -> dict[str, Any]:
        try:
            given = ListingInput(data=from_yaml(text), context={"org_id": self.org_id})
        except NotUsable as problem:
            raise forms.ValidationError(str(problem)) from None
        if not given.is_valid():
            raise forms.ValidationError(list(_sentences(given.errors)))
        return dict(given.validated_data)


def _sentences(errors: Any, where: str = "") -> list[str]:
    """What is wrong, each with the place where it stands: plans.1.price."""
    if isinstance(errors, dict):
        places = [(str(key + 1 if isinstance(key, int) else key), inner) for key, inner in errors.items()]
        pairs = [(f"{where}.{place}" if where else place, inner) for place, inner in places]
    elif isinstance(errors, list) and any(isinstance(inner, dict) for inner in errors):
        pairs = [(f"{where}.{number}", inner) for number, inner in enumerate(errors, start=1)]
    else:
        return [f"{where}: {error}" for error in errors]
    return [sentence for name, inner in pairs for sentence in _sentences(inner, name)]


@door.member(*EVERYBODY)
@require_safe
def export(request: ActedRequest, slug: str) -> HttpResponse:
    """The latest text with its plans as a file, which can be sent again here or to the API."""
    listing = mine(request, slug)
    reference = listing.reference or listing.slug
    answer = HttpResponse(to_yaml(latest_of(listing), reference), content_type="application/yaml; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{listing.slug}.yaml"'
    return answer


@door.member(*MAY_SELL)
@require_http_methods(["GET", "HEAD", "POST"])
def bring(request: ActedRequest) -> HttpResponse:
    """Write a listing from a file; one with the same reference gets it as its next text."""
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form = FileForm(request.org.pk, *sent)
    if form.is_bound and form.is_valid():
        try:
            done = import_listing(request.actor, **form.cleaned_data["given"])
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            said = _("The listing is new here.") if done.is_new else _("The listing is up to date.")
            messages.success(request, said)
            return redirect("catalog:preview", org=request.org.slug, slug=done.version.listing.slug)
    return render(request, "catalog/import.html", {"form": form}, status=422 if form.is_bound else 200)
