"""What a node said would happen if a proposal's calls ran now. These rows are ours."""

from typing import ClassVar

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from chain.fields import Uint256Field
from governance.models.governors import Governor


class Simulation(models.Model):
    """The newest trial of one proposal, as of a block. `failing` is the place of the first call that fails.

    `together`: the calls saw what those before them did; else each was tried alone. Reasons are in English.
    """

    class Outcome(models.TextChoices):
        SUCCEEDS = "succeeds"
        FAILS = "fails"
        UNKNOWN = "unknown"

    governor = models.ForeignKey(Governor, on_delete=models.CASCADE, related_name="simulations")
    proposal_id = Uint256Field()
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    failing = models.PositiveSmallIntegerField(null=True)
    reason = models.TextField(blank=True, default="")
    together = models.BooleanField(default=False)
    block_number = models.BigIntegerField()
    block_hash = models.CharField(max_length=66)
    tried_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["governor", "proposal_id"], name="simulation_once"),
            CheckConstraint(condition=Q(outcome__in=["succeeds", "fails", "unknown"]), name="simulation_outcome"),
            CheckConstraint(
                condition=~Q(outcome="fails") | Q(failing__isnull=False), name="simulation_says_what_fails"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.proposal_id} {self.outcome} at block {self.block_number}"
