"""An export holds all that is the owner's, and nothing that is anybody else's (target S26)."""

import json
import zipfile
from contextlib import nullcontext
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import models, transaction
from django.test import Client
from django.utils import timezone

from marketplace.accounts.models import Wallet
from marketplace.audit.models import Entry
from marketplace.lifecycle import Refused
from marketplace.notifications import reading
from marketplace.notifications.models import Notification
from marketplace.organizations.models import Document
from marketplace.privacy import archiving, exporting, inventory, services
from marketplace.privacy.archiving import Owner
from marketplace.privacy.models import Export
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import as_system, scope
from tests import world
from tests.isolation.conftest import Trade, trade

pytestmark = pytest.mark.django_db


@pytest.fixture
def two() -> tuple[Trade, Trade]:
    north, south = trade("North"), trade("South")
    world.written(lambda: Export.objects.all().delete())()
    return north, south


def archive(owner: Owner) -> dict[str, bytes]:
    target = BytesIO()
    archiving.write(owner, target, step=lambda: None)
    with zipfile.ZipFile(target) as found:
        return {name: found.read(name) for name in found.namelist()}


def holds(files: dict[str, bytes], text: str) -> list[str]:
    return [name for name, content in files.items() if text.encode() in content]


@pytest.mark.parametrize("side", ["buyer", "provider"])
def test_it_holds_every_row_of_every_table_of_the_owner(side: str, two: tuple[Trade, Trade]) -> None:
    org = getattr(two[0], side)
    files = archive(Owner(org.pk, 0))
    for table in inventory.exported_of_organizations():
        found = json.loads(files[f"{table.label.lower()}.json"])
        with transaction.atomic(), as_system("the test counts"):
            assert len(found) == table.rows_of(org.pk).count(), table.label
    assert len(holds(files, two[0].canary)) >= 3
    assert two[0].canary in files["audit.wording.json"].decode() or side == "provider"
    assert org.name in files["index.html"].decode()


@pytest.mark.parametrize("side", ["buyer", "provider"])
def test_nothing_of_anybody_else_is_in_it(side: str, two: tuple[Trade, Trade]) -> None:
    files = archive(Owner(getattr(two[0], side).pk, 0))
    south = two[1]
    for foreign in (south.canary, "South", south.buyer_owner.email, south.provider_owner.email):
        assert holds(files, foreign) == [], foreign


def test_the_databases_walls_stand_behind_a_forgotten_filter(
    two: tuple[Trade, Trade], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the control: without the walls, the same mistake gives away the stranger's rows."""
    monkeypatch.setattr(inventory.Table, "rows_of", lambda table, owner_id: table.model._default_manager.order_by("pk"))
    assert holds(archive(Owner(two[0].buyer.pk, 0)), two[1].canary) == []
    monkeypatch.setattr(archiving, "_scope", lambda owner: nullcontext())
    with transaction.atomic(), as_system("the control"):
        assert len(holds(archive(Owner(two[0].buyer.pk, 0)), two[1].canary)) > 5


def test_neither_side_of_an_order_learns_of_the_others_people(two: tuple[Trade, Trade]) -> None:
    north = two[0]
    world.written(lambda: type(north.order).objects.filter(pk=north.order.pk).update(placed_by=north.buyer_owner))()
    mine = json.loads(archive(Owner(north.buyer.pk, 0))["subscriptions.order.json"])[0]
    theirs = json.loads(archive(Owner(north.provider.pk, 0))["subscriptions.order.json"])[0]
    assert mine["placed_by"] == north.buyer_owner.pk
    assert "placed_by" not in theirs
    assert holds(archive(Owner(north.provider.pk, 0)), north.buyer_owner.email) == []


def test_money_is_exact_text_with_its_currency(two: tuple[Trade, Trade]) -> None:
    order = json.loads(archive(Owner(two[0].buyer.pk, 0))["subscriptions.order.json"])[0]
    assert order["price"] == {"amount": "29.00", "currency": "TUSD", "base_units": "29000000"}


def test_no_secret_is_given_out(two: tuple[Trade, Trade]) -> None:
    files = archive(Owner(two[0].buyer.pk, 0)) | archive(Owner(None, two[0].buyer_owner.pk))
    text = b"".join(files.values()).decode()
    for secret in (two[0].key.digest, two[0].buyer_owner.password):
        assert secret not in text


def test_a_person_gets_what_is_their_own(two: tuple[Trade, Trade]) -> None:
    ada = two[0].buyer_owner
    world.written(lambda: Wallet.objects.create(user=ada, address=world.ADA_ADDRESS))()
    with transaction.atomic(), scope(user_id=ada.pk):
        services.ask_for_export(Actor(ada.pk))
    files = archive(Owner(None, ada.pk))
    assert json.loads(files["accounts.user.json"])[0]["email"] == ada.email
    assert json.loads(files["accounts.wallet.json"])[0]["address"] == world.ADA_ADDRESS
    assert len(json.loads(files["organizations.membership.json"])) == 1
    assert len(json.loads(files["notifications.notification.json"])) == 1
    assert [row["verb"] for row in json.loads(files["audit.entry.json"])] == ["export.asked"]
    for foreign in (two[1].canary, two[1].buyer_owner.email, two[0].provider_owner.email):
        assert holds(files, foreign) == []


def test_the_page_inside_runs_nothing_and_shows_names_as_text(two: tuple[Trade, Trade]) -> None:
    org = two[0].buyer
    world.written(lambda: type(org).objects.filter(pk=org.pk).update(name="<script>alert(1)</script>"))()
    page = archive(Owner(org.pk, 0))["index.html"].decode()
    assert "<script" not in page and "&lt;script&gt;" in page
    assert "http://" not in page.replace("http://127.0.0.1:9/review-mood", "")


def ask(of: Trade) -> Actor:
    actor = Actor(of.buyer_owner.pk, of.buyer.pk, "owner")
    with transaction.atomic(), world_scope(of):
        services.ask_for_export(actor)
    return actor


def world_scope(of: Trade) -> Any:
    return scope(org_id=of.buyer.pk, user_id=of.buyer_owner.pk)


@world.written
def only() -> Export:
    return Export.objects.get()


def test_it_is_made_in_the_background_told_and_downloaded(two: tuple[Trade, Trade], client: Client) -> None:
    north = two[0]
    client.force_login(north.buyer_owner)
    assert client.post(f"/o/{north.buyer.slug}/data/export/").status_code == 302
    assert "It begins in a few seconds" in client.get(f"/o/{north.buyer.slug}/data/").content.decode()
    assert client.post(f"/o/{north.buyer.slug}/data/export/").status_code == 422, "one at a time"
    assert exporting.make_waiting() == 1
    made = only()
    assert (made.state, made.done) == ("ready", made.total)
    reading.read_entries()
    with transaction.atomic(), as_system("the test looks"):
        told = Notification.objects.get(rule="export.ready/0", user=north.buyer_owner)
        assert told.mail_due_at
    where = f"/o/{north.buyer.slug}/data/exports/{made.public_id}/"
    answer: Any = client.get(where)
    content = b"".join(answer.streaming_content)
    assert answer["Content-Type"] == "application/zip" and "attachment" in answer["Content-Disposition"]
    assert "no-store" in answer["Cache-Control"]
    assert zipfile.ZipFile(BytesIO(content)).testzip() is None
    with transaction.atomic(), as_system("the test looks"):
        assert Entry.objects.filter(verb="export.taken", org_id=north.buyer.pk).exists()


def test_only_those_who_manage_it_and_nobody_who_has_left_can_have_it(two: tuple[Trade, Trade], client: Client) -> None:
    north = two[0]
    ask(north)
    exporting.make_waiting()
    where = f"/o/{north.buyer.slug}/data/exports/{only().public_id}/"
    viewer = world.person("Viewer")
    world.member(north.buyer, viewer, "viewer")
    client.force_login(viewer)
    assert client.get(where).status_code == 403
    client.force_login(two[1].buyer_owner)
    assert client.get(where).status_code == 404
    assert client.get(f"/o/{two[1].buyer.slug}/data/exports/{only().public_id}/").status_code == 422
    client.force_login(north.buyer_owner)
    world.written(lambda: north.buyer.memberships.all().delete())()
    assert client.get(where).status_code == 404
    assert client.get(f"/accounts/data/exports/{only().public_id}/").status_code == 422


def test_who_dies_over_it_leaves_it_to_the_next(two: tuple[Trade, Trade], monkeypatch: pytest.MonkeyPatch) -> None:
    ask(two[0])
    with monkeypatch.context() as crash:
        crash.setattr(exporting, "record", lambda *args, **kwargs: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            exporting.make_waiting()
    assert only().state == "running"
    assert exporting.make_waiting() == 0, "it may still be at work"
    world.written(lambda: Export.objects.update(heard_at=timezone.now() - timedelta(minutes=11)))()
    assert exporting.make_waiting() == 1
    assert only().state == "ready"


def test_after_a_week_the_file_is_gone(two: tuple[Trade, Trade]) -> None:
    actor = ask(two[0])
    exporting.make_waiting()
    made = only()
    assert made.file.storage.exists(made.file.name)
    assert exporting.delete_outdated() == 0
    world.written(lambda: Export.objects.update(expires_at=timezone.now()))()
    assert exporting.delete_outdated() == 1
    assert not made.file.storage.exists(made.file.name)
    with transaction.atomic(), world_scope(two[0]), pytest.raises(Refused, match="not there any more"):
        services.take_export(actor, public_id=made.public_id)


@world.written
def paper(org: Any, text: bytes) -> Document:
    stored = ContentFile(text, name=f"{org.pk}.pdf")
    return Document.objects.create(org=org, name="x", kind="application/pdf", size=1, sha256="0" * 64, file=stored)


def test_files_of_the_owner_are_in_it_and_no_others(two: tuple[Trade, Trade]) -> None:
    mine, theirs = paper(two[0].buyer, b"%PDF mine"), paper(two[1].buyer, b"%PDF theirs")
    files = archive(Owner(two[0].buyer.pk, 0))
    assert files[f"files/organizations.document/{mine.pk}-file.pdf"] == b"%PDF mine"
    assert b"%PDF theirs" not in files.values()
    for document in (mine, theirs):
        document.file.delete(save=False)


def test_a_field_that_may_be_a_secret_is_hidden_or_known_to_be_none() -> None:
    """A new column that sounds like a secret, or holds bytes, has to be looked at."""
    known = {
        "audit.Wording.salt": "the owner's own words are beside it",
        "disputes.Dispute.salt": "with it the hash on the chain can be checked",
        "disputes.Ruling.salt": "with it the hash on the chain can be checked",
        "organizations.DomainCheck.token": "stands in the public DNS",
    }
    suspects = ("password", "digest", "secret", "salt", "token", "nonce", "ciphertext", "private")
    for table in (*inventory.of_organizations(), *inventory.of_people()):
        for field in inventory.fields_of(table.model):
            name = f"{table.label}.{field.name}"
            sounds = isinstance(field, models.BinaryField) or any(word in field.name for word in suspects)
            assert not sounds or name in known, f"{name}: hide it in privacy/inventory.py, or say here why not"
