"""Listings that an organization keeps in lists, for everybody in it."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from marketplace.catalog.models.listings import Listing
from marketplace.organizations.models import Organization

KEPT = models.Q(removed_at=None)


class SavedListQuerySet(models.QuerySet["SavedList"]):
    def for_org(self, org_id: int) -> "SavedListQuerySet":
        """The lists of one organization."""
        return self.filter(org_id=org_id)

    def kept(self) -> "SavedListQuerySet":
        """Those that were not taken away, by name."""
        return self.filter(removed_at=None).order_by(Lower("name"), "pk")


class SavedList(models.Model):
    """A list with a name. One that was taken away stays for a day, so that it can be put back."""

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="saved_lists")
    name = models.CharField(max_length=60)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    removed_at = models.DateTimeField(null=True)

    objects = SavedListQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint("org", Lower("name"), condition=KEPT, name="one_saved_list_per_name"),
        ]

    def __str__(self) -> str:
        return self.name


class SavedListingQuerySet(models.QuerySet["SavedListing"]):
    def for_org(self, org_id: int) -> "SavedListingQuerySet":
        """What one organization has saved."""
        return self.filter(org_id=org_id)

    def kept(self) -> "SavedListingQuerySet":
        """What was not taken off its list, latest first."""
        return self.filter(removed_at=None, saved_list__removed_at=None).order_by("-saved_at", "-pk")


class SavedListing(models.Model):
    """A listing on a list: who put it there, when, and what they noted."""

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    saved_list = models.ForeignKey(SavedList, on_delete=models.CASCADE, related_name="entries")
    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="+")
    note = models.CharField(max_length=500, blank=True)
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    saved_at = models.DateTimeField(default=timezone.now)
    removed_at = models.DateTimeField(null=True)

    objects = SavedListingQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["saved_list", "listing"], condition=KEPT, name="saved_once_on_a_list"),
        ]
