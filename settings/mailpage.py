"""The mails that a developer's market would have sent: Django's file backend keeps them, this page shows them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET

from marketplace.tenancy import door

MOST: Final = 200
END: Final = b"\n" + b"-" * 79 + b"\n"  # what the file backend writes after each mail
# The mail's own styles, and nothing else: no script, no picture from elsewhere, no form.
INSIDE_A_FRAME: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail of the folder; `name` stands in its address."""

    name: str
    message: EmailMessage

    @property
    def at(self) -> datetime | None:
        """When it was sent."""
        header = self.message["date"]
        moment = header.datetime if header else None
        return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment  # "-0000" is read as naive

    def part(self, kind: str) -> str:
        """Its words as `plain` or `html`; empty when it has no such form."""
        found = self.message.get_body((kind,))
        return found.get_content() if found else ""

    def headers(self) -> list[tuple[str, str]]:
        """What a mail program shows only when asked."""
        return [(name, str(value)) for name, value in self.message.items()]


def mails() -> list[Mail]:
    """The mails of the folder, newest first, at most two hundred."""
    folder = Path(settings.EMAIL_FILE_PATH)
    files = sorted(folder.glob("*.log"), key=lambda path: (path.stat().st_mtime_ns, path.name), reverse=True)
    return [mail for path in files[:MOST] for mail in reversed(_read(path))]


def _read(path: Path) -> list[Mail]:
    """All mails of one file: a connection that sent several wrote them one after the other."""
    texts = [text for text in path.read_bytes().split(END) if text.strip()]
    parsed = (message_from_bytes(text, policy=policy.default) for text in texts)
    return [Mail(f"{path.stem}-{place}", message) for place, message in enumerate(parsed)]


def _named(name: str) -> Mail:
    """Looked for among what is there, so that a name cannot lead to another folder."""
    for mail in mails():
        if mail.name == name:
            return mail
    raise Http404("No such mail.")


@door.public
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """All mails."""
    return render(request, "mail/index.html", {"mails": mails()})


@door.public
@require_GET
def one(request: HttpRequest, name: str) -> HttpResponse:
    """One mail, as text and as HTML."""
    return render(request, "mail/one.html", {"mail": _named(name), "text": _named(name).part("plain")})


@door.public
@require_GET
@xframe_options_sameorigin
def html(request: HttpRequest, name: str) -> HttpResponse:
    """The HTML form of a mail by itself, under a policy that lets nothing run."""
    answer = HttpResponse(_named(name).part("html"))
    answer["Content-Security-Policy"] = INSIDE_A_FRAME
    return answer
