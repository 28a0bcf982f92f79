"""Documents leave only as downloads that a browser neither shows nor runs."""

from django.http import HttpResponse
from django.utils.http import content_disposition_header

from marketplace.organizations.models import Document


def download(document: Document) -> HttpResponse:
    """The document, for whoever the view let in."""
    with document.file.open("rb") as file:
        answer = HttpResponse(file.read(), content_type=document.kind)
    answer["Content-Disposition"] = content_disposition_header(True, document.name)
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cross-Origin-Resource-Policy"] = "same-origin"
    answer["Cache-Control"] = "private, no-store"
    return answer
