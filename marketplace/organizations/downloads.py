"""Documents leave only as downloads that a browser neither shows nor runs."""

from typing import Any

import structlog
from django.http import Http404, HttpResponse
from django.utils.http import content_disposition_header

log = structlog.get_logger(__name__)


def download(document: Any) -> HttpResponse:
    """What a row keeps, with its `name`, `kind` and `file`, for whoever the view let in; Http404 when it is gone."""
    try:
        with document.file.open("rb") as file:
            answer = HttpResponse(file.read(), content_type=document.kind)
    except FileNotFoundError:
        log.exception("documents.file_missing", document=document.pk)
        raise Http404("The file of this document is not there any more. Please add it again.") from None
    answer["Content-Disposition"] = content_disposition_header(True, document.name)
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cross-Origin-Resource-Policy"] = "same-origin"
    answer["Cache-Control"] = "private, no-store"
    return answer
