"""Make the exports that were asked for, in the background, and delete them when their time is over."""

import tempfile
from datetime import datetime
from typing import Final

from django.core.files import File
from django.db import transaction
from django.utils import timezone

from marketplace.audit.services import record
from marketplace.privacy import archiving
from marketplace.privacy.archiving import Owner
from marketplace.privacy.models import Export
from marketplace.tenancy.actor import SYSTEM
from marketplace.tenancy.scope import as_system

REASON: Final = "exports of every organization and person are made by the market's clock"


def make_waiting() -> int:
    """Make the exports that wait, one after the other; returns how many became ready."""
    made = 0
    while (export := _claim(timezone.now())) is not None:
        _make(export)
        made += 1
    return made


def _claim(now: datetime) -> Export | None:
    """Take the next one. Whoever dies over it leaves it to the next claim, after ten minutes of silence."""
    with transaction.atomic(), as_system(REASON):
        export = Export.objects.waiting(now).select_for_update(skip_locked=True).first()
        if export is None:
            return None
        total = len(_owner(export).tables())
        if export.state == Export.State.QUEUED:
            export.move(Export.State.RUNNING, heard_at=now, done=0, total=total)
        else:
            Export.objects.filter(pk=export.pk).update(heard_at=now, done=0, total=total)
    return export


def _owner(export: Export) -> Owner:
    return Owner(export.org_id, export.user_id)


def _make(export: Export) -> None:
    def step() -> None:
        export.done += 1
        with transaction.atomic(), as_system(REASON):
            Export.objects.filter(pk=export.pk).update(done=export.done, heard_at=timezone.now())

    export.done = 0
    with tempfile.TemporaryFile() as target:
        archiving.write(_owner(export), target, step=step)
        size = target.tell()
        target.seek(0)
        _finish(export, File(target), size)


def _finish(export: Export, content: "File[bytes]", size: int) -> None:
    """Store the file, then say that it is there. After a crash in between the next try replaces the file."""
    storage, name = Export._meta.get_field("file").storage, f"{export.public_id}.zip"
    storage.delete(name)
    storage.save(name, content)
    now = timezone.now()
    with transaction.atomic(), as_system(REASON):
        export = Export.objects.select_for_update().get(pk=export.pk)
        if export.state != Export.State.RUNNING:
            return
        export.move(Export.State.READY, file=name, size=size, expires_at=now + Export.KEPT)
        if export.org_id:
            record(SYSTEM, "export.ready", export, org_id=export.org_id, user_id=export.user_id)
        else:
            record(SYSTEM, "person.export_ready", export, user_id=export.user_id)


def delete_outdated() -> int:
    """Delete the files of exports that were kept for a week; the file first, so that a crash leaves none behind."""
    with transaction.atomic(), as_system(REASON):
        outdated = list(Export.objects.outdated(timezone.now()).select_for_update(skip_locked=True)[:100])
        for export in outdated:
            export.file.delete(save=False)
            export.move(Export.State.EXPIRED, file="")
    return len(outdated)
