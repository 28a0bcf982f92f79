"""Files of pictures, as answers: shown as pictures and as nothing else."""

import structlog
from django.http import Http404, HttpResponse

from marketplace.catalog.models import PictureFile

log = structlog.get_logger(__name__)


def answer(file: PictureFile | None) -> HttpResponse:
    """The file, for whoever the view let in; raises Http404 when there is none, or none in the storage."""
    if file is None:
        raise Http404("There is no such picture.")
    try:
        with file.file.open("rb") as stored:
            found = HttpResponse(stored.read(), content_type="image/webp")
    except FileNotFoundError:
        log.exception("pictures.file_missing", file=file.pk)
        raise Http404("The file of this picture is not there any more.") from None
    found["Content-Security-Policy"] = "sandbox; default-src 'none'"
    found["X-Content-Type-Options"] = "nosniff"
    found["Cross-Origin-Resource-Policy"] = "cross-origin"
    found["ETag"] = f'"{file.sha256}"'
    return found
