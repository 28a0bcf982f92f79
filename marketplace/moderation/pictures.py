"""Pictures as moderators see them: also those that the shop does not show, or not any more."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from marketplace.catalog.downloads import answer
from marketplace.catalog.models import PictureFile
from marketplace.tenancy import door


@door.moderator
@require_safe
def picture(request: HttpRequest, digest: str) -> HttpResponse:
    """A file of anybody's picture."""
    return answer(PictureFile.objects.filter(sha256=digest).first())


def pictures_at(sha256: str) -> str:
    """Where moderators find a picture by its hash."""
    return f"/console/pictures/{sha256}.webp"
