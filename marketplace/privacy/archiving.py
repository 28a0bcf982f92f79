"""The archive: one JSON file a table, the files that rows name, and a page that opens in any browser, offline."""

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import IO, Any, Final

from django.db import models, transaction
from django.template.loader import render_to_string
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.accounts.speaking import in_words_of
from marketplace.audit.models import Entry, Wording
from marketplace.organizations.models import Membership
from marketplace.privacy import inventory, writing
from marketplace.privacy.inventory import Table
from marketplace.tenancy.scope import as_system, scope

SHOWN: Final = 200  # rows a table that the page shows; the JSON file has all


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose data: an organization's, or a person's."""

    org_id: int | None
    user_id: int

    @property
    def key(self) -> int:
        return self.org_id or self.user_id

    def tables(self) -> list[Table]:
        """The tables to be given out."""
        return inventory.exported_of_organizations() if self.org_id else inventory.exported_of_people()


@dataclass(slots=True)
class Page:
    """One table as the page shows it."""

    title: str
    file: str
    count: int
    columns: list[str]
    rows: list[list[str]]


def write(owner: Owner, target: IO[bytes], *, step: Callable[[], None]) -> None:
    """Write the archive of `owner`; `step` is called after each table.

    Each table is read in a transaction of its own, in the scope of the owner: the row policies of the database stand
    between the archive and everybody else's rows.
    """
    pages = []
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for table in owner.tables():
            with transaction.atomic(), _scope(owner):
                pages.append(_table(archive, table.label, lambda table=table: writing.rows(table, owner.key)))  # type: ignore[misc]
                _files(archive, table, owner.key)
            step()
        for label, rows in _beside(owner):
            pages.append(_table(archive, label, lambda rows=rows: iter(rows)))  # type: ignore[misc]
        archive.writestr("index.html", _index(owner, pages))


def _scope(owner: Owner) -> Any:
    return scope(org_id=owner.org_id) if owner.org_id else scope(user_id=owner.user_id)


def _table(archive: zipfile.ZipFile, label: str, rows: Callable[[], Iterator[dict[str, Any]]]) -> Page:
    name = f"{label.lower()}.json"
    count = 0

    def counted() -> Iterator[dict[str, Any]]:
        nonlocal count
        for row in rows():
            count += 1
            yield row

    with archive.open(name, "w", force_zip64=True) as file:
        for line in writing.json_lines(counted()):
            file.write(line)
    first = list(islice(rows(), SHOWN))
    columns = list(
        dict.fromkeys(column for row in first for column in row)
    )  # the two sides of an order see different ones
    return Page(label, name, count, columns, [[_cell(row.get(column)) for column in columns] for row in first])


def _cell(value: Any) -> str:
    if isinstance(value, dict) and "base_units" in value:
        return f"{value['amount']} {value['currency']}"
    return "" if value is None else str(value)


def _files(archive: zipfile.ZipFile, table: Table, key: int) -> None:
    fields = [field for field in table.model._meta.local_fields if isinstance(field, models.FileField)]
    for row in table.rows_of(key).iterator(chunk_size=writing.CHUNK) if fields else ():
        for field in fields:
            stored = getattr(row, field.name)
            if stored and stored.storage.exists(stored.name):
                with stored.open("rb") as source, archive.open(writing.file_name(row, field), "w") as target:
                    for piece in source.chunks():
                        target.write(piece)


def _beside(owner: Owner) -> list[tuple[str, list[dict[str, Any]]]]:
    """What no key points to: an organization's people by name; a person's own entries in the market's chain."""
    with transaction.atomic(), as_system("chosen by the owner's id, for nobody's key leads there"):
        if owner.org_id:
            ids = Membership.objects.for_org(owner.org_id).values("user_id")
            people = User.objects.filter(pk__in=ids).order_by("pk")
            return [("people", [{"id": one.pk, "name": one.name, "email": one.email} for one in people])]
        mine = Entry.objects.filter(org_id=None, actor_user_id=owner.user_id).order_by("sequence")
        words = Wording.objects.filter(entry__in=mine).order_by("pk")
        return [
            (model._meta.label, [writing.as_dict(row, owner.key) for row in found])
            for model, found in ((Entry, mine), (Wording, words))
        ]


def _index(owner: Owner, pages: list[Page]) -> str:
    words = {"pages": pages, "at": timezone.now(), "shown": SHOWN, "is_organization": bool(owner.org_id)}
    with in_words_of(User.objects.filter(pk=owner.user_id).first()):
        return render_to_string("privacy/index.html", words)
