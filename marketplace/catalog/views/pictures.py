"""Files of pictures: to everybody while the shop shows them, and before that to those whose they are."""

from typing import Final

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from marketplace.catalog.downloads import answer
from marketplace.catalog.models import Listing, PictureFile
from marketplace.organizations.access import EVERYBODY
from marketplace.tenancy import door
from marketplace.tenancy.door import ActedRequest
from marketplace.tenancy.scope import as_system

FOR_EVER: Final = "public, max-age=31536000, immutable"


@door.public
@require_safe
def picture(request: HttpRequest, digest: str) -> HttpResponse:
    """A file of a picture that a public listing shows; its address never shows anything else."""
    with transaction.atomic(), as_system("a picture that the shop shows is for everybody, whoever's it is"):
        for file in PictureFile.objects.filter(sha256=digest)[:20]:
            shown = Listing.objects.public().for_org(file.org_id)
            if shown.filter(media__contains=[{"sha256": file.picture}]).exists():
                found = answer(file)
                found["Cache-Control"] = FOR_EVER
                found.is_everybodys = True  # type: ignore[attr-defined]
                return found
    raise Http404("The shop shows no such picture.")


@door.member(*EVERYBODY)
@require_safe
def own(request: ActedRequest, digest: str) -> HttpResponse:
    """A file of one of the organization's pictures, shown or not."""
    return answer(PictureFile.objects.for_org(request.org.pk).filter(sha256=digest).first())
