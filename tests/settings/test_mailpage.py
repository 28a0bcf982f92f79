"""The page that shows, on a developer's machine, what would have been sent."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.mail import EmailMultiAlternatives, get_connection
from django.http import Http404
from django.test import RequestFactory
from django.urls import NoReverseMatch, reverse

from settings import mailpage


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.EMAIL_FILE_PATH = str(tmp_path)
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    return tmp_path


def visit() -> Any:
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    return request


def send(subject: str, html: str, connection: Any = None) -> None:
    mail = EmailMultiAlternatives(subject, f"{subject} in words: ü", to=["ada@example.com"], connection=connection)
    mail.attach_alternative(html, "text/html")
    mail.send()


@pytest.mark.django_db
@pytest.mark.urls("settings.urls_dev")
def test_mails_are_read_back_newest_first_in_both_forms(folder: Path) -> None:
    with get_connection() as connection:  # two of one connection share a file
        send("First", "<p>one</p>", connection)
        send("Second", "<p>two</p>", connection)
    found = mailpage.mails()
    assert [mail.message["subject"] for mail in found] == ["Second", "First"]
    assert found[1].part("plain").strip() == "First in words: ü"
    assert found[1].part("html").strip() == "<p>one</p>"
    at = found[0].at
    assert at is not None and at.tzinfo is not None


def test_a_mail_cannot_run_anything_in_the_browser(folder: Path) -> None:
    send("Evil", "<script>alert(1)</script>")
    answer = mailpage.html(visit(), name=mailpage.mails()[0].name)
    assert "sandbox" in answer["Content-Security-Policy"]
    assert (
        "script-src" not in answer["Content-Security-Policy"]
        and "default-src 'none'" in answer["Content-Security-Policy"]
    )
    assert answer["X-Frame-Options"] == "SAMEORIGIN"


def test_a_name_leads_to_no_other_file(folder: Path) -> None:
    (folder.parent / "secret.log").write_text("Subject: secret\n\nx")
    for name in ("../secret-0", "secret-0", ""):
        with pytest.raises(Http404):
            mailpage.one(visit(), name=name)


def test_it_is_there_in_development_only() -> None:
    with pytest.raises(NoReverseMatch):
        reverse("mails")
