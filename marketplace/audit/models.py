"""Entries, each carrying the hash of the one before it in the same organization's chain."""

from typing import ClassVar

from django.db import models
from django.utils import timezone


class EntryQuerySet(models.QuerySet["Entry"]):
    def for_org(self, org_id: int) -> "EntryQuerySet":
        """The entries of one organization."""
        return self.filter(org_id=org_id)


class WordingQuerySet(models.QuerySet["Wording"]):
    def for_org(self, org_id: int) -> "WordingQuerySet":
        """The words of one organization's entries."""
        return self.filter(org_id=org_id)


class Entry(models.Model):
    """One thing that was done. Rows are never changed or deleted: the database refuses both."""

    org_id = models.BigIntegerField(null=True)
    sequence = models.PositiveBigIntegerField()
    at = models.DateTimeField(default=timezone.now)
    actor_user_id = models.BigIntegerField(null=True)
    actor_role = models.CharField(max_length=20, blank=True)
    verb = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=66)
    facts = models.JSONField("facts; words are digests, see Wording", default=dict)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "entries"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["org_id", "sequence"], nulls_distinct=False, name="one_entry_per_place_in_the_chain"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["subject_type", "subject_id"], name="entry_subject")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.verb} {self.subject_type} {self.subject_id}"


class Wording(models.Model):
    """The words of an entry, kept apart so that they can be forgotten. Never changed; deleted by the system only."""

    entry = models.OneToOneField(Entry, primary_key=True, on_delete=models.PROTECT, related_name="wording")
    org_id = models.BigIntegerField(null=True, db_index=True)
    salt = models.CharField(max_length=64)
    words = models.JSONField()

    objects = WordingQuerySet.as_manager()
