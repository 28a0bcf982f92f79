"""What an organization paid and was paid in a month, as it was told when the month was over."""

from datetime import date
from typing import ClassVar

from django.db import models
from django.db.models.fields.json import KeyTransform

from marketplace.organizations.models import Organization


class Sums(models.Func):
    """The currencies of a statement without their lines, taken apart by the database."""

    template = (
        "(SELECT coalesce(jsonb_agg(section - '{bought,sold,taken}'::text[]), '[]'::jsonb) "
        "FROM jsonb_array_elements(%(expressions)s) AS section)"
    )
    output_field = models.JSONField()


class StatementQuerySet(models.QuerySet["Statement"]):
    def for_org(self, org_id: int) -> "StatementQuerySet":
        """The statements of one organization."""
        return self.filter(org_id=org_id)

    def with_sums(self) -> "StatementQuerySet":
        """With `sums`, what the content says of each currency, and without the content: its lines may be thousands."""
        return self.defer("content").annotate(sums=Sums(KeyTransform("currencies", "content")))


class Statement(models.Model):
    """The statement of one month, numbered within its organization without a gap, and never changed."""

    org = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="statements")
    month = models.DateField("its first day, in UTC")
    number = models.PositiveIntegerField()
    content = models.JSONField("amounts in base units, as text")
    issued_at = models.DateTimeField()

    objects = StatementQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-month"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["org", "month"], name="one_statement_per_month"),
            models.UniqueConstraint(fields=["org", "number"], name="one_statement_per_number"),
            models.CheckConstraint(condition=models.Q(month__day=1, number__gte=1), name="statement_begins_a_month"),
        ]

    def __str__(self) -> str:
        return f"statement {self.label}"

    @property
    def label(self) -> str:
        """Its number as it stands on it: S-000012."""
        return f"S-{self.number:06d}"


def following(month: date) -> date:
    """The first day of the month after."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)
