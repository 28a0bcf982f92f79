"""An organization shows who it is; what is claimed of it can be looked at again."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from PIL import Image

from marketplace.audit.models import Entry
from marketplace.lifecycle import Refused
from marketplace.moderation.models import ReviewCase
from marketplace.moderation.tasks import open_cases
from marketplace.organizations import services
from marketplace.organizations.models import Document, Organization, Verification
from marketplace.organizations.papers import vetted
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import as_system, scope
from tests import world
from tests.organizations import bombs

pytestmark = pytest.mark.django_db
PAGE = "/o/ada-bakery/verification/"
ASK = {"registration_number": "Hamburg HRB 4711", "website": "https://ada.example", "note": ""}


@pytest.fixture
def cast() -> world.Cast:
    return world.cast()


@pytest.fixture
def ada(client: Client, cast: world.Cast) -> Client:
    client.force_login(cast.ada)
    return client


@pytest.fixture
def actor(cast: world.Cast) -> Iterator[Actor]:
    with scope(org_id=cast.bakery.pk, user_id=cast.ada.pk):
        yield world.actor(cast.ada, cast.bakery)


def body(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status, answer.content.decode()[:500]
    return answer.content.decode()


def send(browser: Client, name: str = "Auszug.pdf", content: bytes = bombs.PDF) -> Any:
    return browser.post(f"{PAGE}documents/", {"document": SimpleUploadedFile(name, content)})


def kept() -> list[Document]:
    with as_system("look"):
        return list(Document.objects.order_by("pk"))


def test_verification_is_asked_for_and_its_answer_stands_there(ada: Client, cast: world.Cast) -> None:
    page = body(ada.post(f"{PAGE}ask/", {**ASK, "registration_number": ""}), 422)
    assert 'value="https://ada.example"' in page
    ada.post(f"{PAGE}ask/", ASK)
    assert "Waiting for a moderator" in body(ada.get(PAGE))
    assert "asked already" in body(ada.post(f"{PAGE}ask/", ASK), 422)
    with as_system("a moderator decides"):
        Organization.objects.filter(pk=cast.bakery.pk).update(state="refused")
        Verification.objects.update(outcome="refused", reason="Number not found.")
    assert "Number not found." in body(ada.get(PAGE))
    assert "Number not found." in body(ada.get("/o/ada-bakery/"))
    assert 'value="Hamburg HRB 4711"' in body(ada.get(PAGE)), "what was typed is there for the next time"


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"registration_number": "HRB 4711"}, "for example Hamburg HRB 4711"),
        ({"vat_number": "DE136695977"}, "A digit is wrong"),
        ({"website": "no site"}, "Enter a valid URL"),
    ],
)
def test_what_is_wrong_with_a_request_stands_beside_it(ada: Client, typed: dict[str, str], says: str) -> None:
    page = body(ada.post(f"{PAGE}ask/", {**ASK, **typed}), 422)
    assert says in page
    (value,) = typed.values()
    assert f'value="{value}"' in page


def test_who_is_in_no_register_gives_the_vat_number_instead(ada: Client) -> None:
    ada.post(f"{PAGE}ask/", {**ASK, "registration_number": "DE 136695976"})
    with as_system("look"):
        asked = Verification.objects.get()
        assert (asked.registration_number, asked.vat_number) == ("", "136695976")
        assert services.checkable(asked) == ["vat"]


def test_a_document_goes_with_the_request_and_stays_with_it(ada: Client) -> None:
    assert send(ada)["Location"] == PAGE
    assert send(ada, "photo.png", bombs.picture("PNG")).status_code == 302
    assert "Auszug.pdf" in body(ada.get(PAGE))
    ada.post(f"{PAGE}ask/", ASK)
    first, second = kept()
    assert first.verification_id == second.verification_id is not None
    assert "stays with it" in body(ada.post(f"{PAGE}documents/{first.pk}/remove/"), 422)
    assert "reading what you sent" in body(send(ada, "late.png", bombs.picture("PNG", (9, 9))), 422)


def test_a_document_that_was_not_sent_is_deleted_with_its_file(
    ada: Client, django_capture_on_commit_callbacks: Any
) -> None:
    send(ada)
    (document,) = kept()
    assert storages["documents"].exists(document.file.name)
    with django_capture_on_commit_callbacks(execute=True):
        assert ada.post(f"{PAGE}documents/{document.pk}/remove/").status_code == 302
    assert kept() == []
    assert not storages["documents"].exists(document.file.name)


def test_a_refused_document_says_why_beside_the_field(ada: Client) -> None:
    page = body(send(ada, "a.zip", bombs.archive()), 422)
    assert "Archives such as ZIP are not taken" in page
    assert 'aria-invalid="true"' in page
    assert "is here already" in body([send(ada), send(ada)][1], 422)
    assert len(kept()) == 1


def test_ten_documents_are_enough(actor: Actor) -> None:
    for i in range(11):
        paper = vetted(SimpleUploadedFile(f"{i}.png", bombs.picture("PNG", (i + 1, 1))))
        if i < 10:
            services.add_document(actor, paper=paper)
    with pytest.raises(Refused, match="10 documents are enough"):
        services.add_document(actor, paper=paper)


def test_a_file_lies_under_a_random_name_that_nobody_else_may_read(ada: Client) -> None:
    send(ada, "Geheim.pdf")
    (document,) = kept()
    place = Path(storages["documents"].path(document.file.name))
    assert "Geheim" not in str(place)
    assert place.suffix == ""
    assert place.stat().st_mode & 0o077 == 0
    assert place.parent.stat().st_mode & 0o077 == 0
    for address in (document.file.url, f"/static/{document.file.name}", f"/media/{document.file.name}"):
        assert ada.get(address).status_code == 404


def test_a_document_comes_back_only_as_a_download(ada: Client) -> None:
    send(ada, "Größe.pdf")
    (document,) = kept()
    answer: Any = ada.get(f"{PAGE}documents/{document.pk}/")
    assert answer.content == bombs.PDF
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"].startswith("attachment;")
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]


def test_a_document_is_for_its_owners_and_moderators(ada: Client, cast: world.Cast) -> None:
    send(ada)
    (document,) = kept()
    url = f"documents/{document.pk}/"
    for role, status in (("billing", 403), ("developer", 403), ("viewer", 403), ("admin", 200)):
        person, browser = world.person(f"The {role}"), Client()
        world.member(cast.bakery, person, role)
        browser.force_login(person)
        assert browser.get(PAGE + url).status_code == status
    ben = Client()
    ben.force_login(cast.ben)
    assert ben.get(PAGE + url).status_code == 404
    assert ben.get(f"/o/ben-workshop/verification/{url}").status_code == 404
    assert Client().get(PAGE + url).status_code == 302


def asked_with_a_document(ada: Client) -> tuple[Document, str]:
    """A document that was sent, and the page of the case."""
    send(ada)
    ada.post(f"{PAGE}ask/", ASK)
    open_cases()
    (document,) = kept()
    with as_system("look"):
        return document, f"/console/cases/{ReviewCase.objects.get(version=None).pk}/"


def test_moderators_read_documents_and_it_is_on_record(ada: Client, cast: world.Cast) -> None:
    document, case = asked_with_a_document(ada)
    assert ada.get(f"{case}documents/{document.pk}/").status_code == 404
    mia = Client()
    mia.force_login(cast.mia)
    assert "Auszug.pdf" in body(mia.get(case))
    assert mia.get(f"{case}documents/{document.pk}/").content == bombs.PDF
    with as_system("look at the record"):
        entry = Entry.objects.for_org(cast.bakery.pk).get(verb="document.read")
    assert entry.actor_user_id == cast.mia.pk


def test_a_case_does_not_open_the_documents_of_another_organization(ada: Client, cast: world.Cast) -> None:
    _, case = asked_with_a_document(ada)
    with as_system("another organization's request"):
        asked = Verification.objects.create(org=cast.workshop, registration_number="1")
        other = Document.objects.create(
            org=cast.workshop, verification=asked, name="x", kind="image/png", size=1, sha256="0" * 64, file="x"
        )
    mia = Client()
    mia.force_login(cast.mia)
    assert mia.get(f"{case}documents/{other.pk}/").status_code == 404


def test_a_verified_organization_shows_what_was_checked_and_when(ada: Client, cast: world.Cast) -> None:
    _, case = asked_with_a_document(ada)
    mia = Client()
    mia.force_login(cast.mia)
    decision = {"outcome": "approve", "text": "Read it.", "checked": ["documents", "register"]}
    assert mia.post(case, decision).status_code == 302
    cast.bakery.refresh_from_db()
    assert cast.bakery.checked == "register documents"
    page = body(ada.get(PAGE))
    assert "Entry in the company register, Documents: checked by a moderator on" in page
    with as_system("what stands in the shop"):
        world.listing(cast.bakery, "Bread counter")
    when = cast.bakery.verified_at
    assert when
    assert f"Verified {when:%b %Y}" in body(Client().get("/browse/"))
    assert "Entry in the company register, Documents" in body(Client().get("/tools/bread-counter/"))


@pytest.mark.parametrize("claimed", [[], ["vat"], ["documents"], ["register", "vat"], ["everything"]])
def test_nothing_is_claimed_without_something_to_look_at_again(
    cast: world.Cast, actor: Actor, claimed: list[str]
) -> None:
    services.request_verification(actor, registration_number="HRB 1", website="https://ada.example")
    with as_system("moderators decide"), pytest.raises(Refused, match=r"Say what you checked|has shown"):
        services.decide_verification(
            Actor(cast.mia.pk, role="moderator"),
            org_id=cast.bakery.pk, outcome="verified", reason="Fine.", checked=claimed,
        )  # fmt: skip
    cast.bakery.refresh_from_db()
    assert cast.bakery.state == "submitted"


def test_the_database_itself_keeps_verified_from_meaning_nothing(cast: world.Cast) -> None:
    for change in ({"state": "verified", "checked": ""}, {"domain": "a.example", "domain_checked_at": None}):
        with pytest.raises(IntegrityError), transaction.atomic(), as_system("somebody forgot"):
            Organization.objects.filter(pk=cast.workshop.pk).update(**change)


def test_a_picture_is_stored_without_what_the_camera_wrote(ada: Client) -> None:
    where = Image.Exif()
    where[0x010E] = "canary-place"
    send(ada, "a.jpg", bombs.picture("JPEG", exif=where.tobytes()))
    (document,) = kept()
    with document.file.open("rb") as file:
        content = file.read()
    assert b"canary" not in content
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.format == "JPEG"
