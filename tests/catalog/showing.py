"""Pictures as a provider sends them, for listings of the tests' world."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from marketplace.catalog import media
from marketplace.catalog.drawing import drawn
from marketplace.catalog.services.picturing import _kept
from marketplace.tenancy.actor import Actor
from tests.organizations import bombs


def pictures(actor: Actor) -> list[dict[str, Any]]:
    """A wide picture and a tall one of the actor's organization, as the column of a version holds them."""
    sent = [SimpleUploadedFile("a.png", bombs.picture("PNG", size)) for size in ((1200, 800), (500, 900))]
    named = [{"sha256": _kept(actor, drawn(file)), "alt": f"Picture of {file.size} bytes"} for file in sent]
    return media.resolved(actor.org_id or 0, named)
