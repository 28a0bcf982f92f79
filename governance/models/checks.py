"""When the mirror was last compared with the contract, and how they differed."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import CheckConstraint, Q

from governance.models.governors import Governor


class Check(models.Model):
    """The last comparison of one governor: at which block, of how many proposals, and a sentence a difference."""

    governor = models.OneToOneField(Governor, on_delete=models.CASCADE, related_name="last_check")
    number = models.BigIntegerField()
    block_hash = models.CharField(max_length=66)
    checked_at = models.DateTimeField()
    proposals = models.IntegerField()
    differences = ArrayField(models.TextField(), default=list)

    class Meta:
        constraints: ClassVar = [CheckConstraint(condition=Q(proposals__gte=0), name="check_counts")]

    def __str__(self) -> str:
        return f"{self.governor} at {self.number}: {'equal' if self.is_equal else 'differs'}"

    @property
    def is_equal(self) -> bool:
        """Whether the contract said the same of every proposal."""
        return not self.differences
