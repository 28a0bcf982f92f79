"""What people signed for the market to hand in. These rows are ours: the chain knows nothing of them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from chain.fields import Uint256Field
from chain.models import OutgoingTransaction
from governance.models.governors import Governor
from governance.models.proposals import Support
from governance.models.shapes import ADDRESS


class Ballot(models.Model):
    """A signed vote, one for each voter and proposal; `tries` counts how often it was left to be sent.

    It names its proposal by number, for a reorg may take the proposal's row away and bring it back.
    """

    governor = models.ForeignKey(Governor, on_delete=models.CASCADE, related_name="ballots")
    proposal_id = Uint256Field()
    voter = models.CharField(max_length=42)
    support = models.PositiveSmallIntegerField(choices=Support.choices)
    reason = models.TextField(blank=True, default="")
    signature = models.BinaryField()
    tries = models.PositiveSmallIntegerField(default=1)
    sending = models.OneToOneField(OutgoingTransaction, on_delete=models.PROTECT, related_name="+")
    signed_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["governor", "proposal_id", "voter"], name="ballot_once"),
            CheckConstraint(condition=Q(support__in=Support.values), name="ballot_support"),
            CheckConstraint(condition=Q(voter__regex=ADDRESS), name="ballot_voter_is_hex"),
            CheckConstraint(condition=Q(tries__gte=1), name="ballot_tries"),
        ]
        indexes: ClassVar = [models.Index(fields=["signed_at"], name="ballot_of_day")]

    def __str__(self) -> str:
        return f"{self.voter} {self.get_support_display()} on {self.proposal_id}"
