"""The stored files of pictures; which of them a listing shows, and in which order, its versions say."""

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.core.files.storage import Storage, storages
from django.db import models
from django.utils import timezone

from marketplace.organizations.models import Organization


def pictures_storage() -> Storage:
    """Where pictures lie: outside everything that a web server hands out."""
    return storages["pictures"]


class PictureFileQuerySet(models.QuerySet["PictureFile"]):
    def for_org(self, org_id: int) -> "PictureFileQuerySet":
        """The files of one organization's pictures."""
        return self.filter(org_id=org_id)

    def older_than(self, moment: datetime) -> "PictureFileQuerySet":
        """Those that were sent before a moment, and not again since."""
        return self.filter(added_at__lt=moment)


class PictureFile(models.Model):
    """A picture in one width, as WebP; its address is the hash of its bytes. A picture goes by its largest file."""

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    picture = models.CharField("SHA-256 of the largest file of the same picture", max_length=64)
    sha256 = models.CharField("SHA-256 of this file", max_length=64)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size = models.PositiveIntegerField("bytes")
    file = models.FileField(storage=pictures_storage, max_length=100)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    added_at = models.DateTimeField(default=timezone.now)

    objects = PictureFileQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["org", "picture", "sha256"], name="one_file_per_picture_and_width")
        ]
        indexes: ClassVar = [models.Index(fields=["sha256"], name="picture_by_hash")]

    def __str__(self) -> str:
        return f"{self.sha256[:12]} ({self.width} × {self.height})"
