"""Rulings of arbiters.

A ruling names neither side until it was handed to the contract, so that neither can read what is proposed.
"""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chain.fields import Uint256Field
from chain.models import OutgoingTransaction
from marketplace.disputes.models.disputes import Dispute
from marketplace.lifecycle import Lifecycle, only_states, table
from marketplace.organizations.models import Organization


class RulingQuerySet(models.QuerySet["Ruling"]):
    def for_org(self, org_id: int) -> "RulingQuerySet":
        """The rulings on the disputes of an organization, as far as they were handed to the contract."""
        return self.filter(models.Q(buyer_id=org_id) | models.Q(provider_id=org_id))


class Ruling(Lifecycle):
    """How an arbiter splits what is contested, and why. `provider_bps`: the provider's share, in 1/10,000."""

    class State(models.TextChoices):
        PROPOSED = "proposed", _("proposed")
        WITHDRAWN = "withdrawn", _("withdrawn")
        DECIDED = "decided", _("decided, and waiting for an arbiter's wallet")
        SENT = "sent", _("handed to the contract")
        DONE = "done", _("carried out")
        FAILED = "failed", _("not carried out")

    STANDING = (State.PROPOSED, State.DECIDED, State.SENT, State.DONE)
    # What was taken back or failed is done when its hash is in a final log after all: a wallet may have kept it.
    moves = table(
        proposed="decided sent withdrawn",
        decided="sent done failed withdrawn",
        sent="done failed",
        withdrawn="done",
        failed="done",
    )

    dispute = models.ForeignKey(Dispute, on_delete=models.PROTECT, related_name="rulings")
    buyer = models.ForeignKey(Organization, null=True, on_delete=models.PROTECT, related_name="+")
    provider = models.ForeignKey(Organization, null=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=20, choices=State, default=State.PROPOSED)
    provider_bps = models.PositiveSmallIntegerField()
    reasons = models.TextField(max_length=4000)
    salt = models.CharField(max_length=64)
    ruling_hash = models.CharField("hash of the reasons, bytes32", max_length=66)
    contested = Uint256Field("what was in question when it was proposed, in base units")
    needs_second = models.BooleanField("above the limit for one moderator alone")
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    proposed_at = models.DateTimeField(default=timezone.now)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    sending = models.ForeignKey(OutgoingTransaction, null=True, on_delete=models.PROTECT, related_name="+")
    wallet = models.CharField(
        "the arbiter's own wallet that was asked to send it", max_length=42, blank=True, db_default=""
    )
    asked_at = models.DateTimeField("when this wallet was given the transaction last", null=True)
    tx_hash = models.CharField(
        "hash that this wallet told us, or the final log", max_length=66, blank=True, db_default=""
    )
    sent_at = models.DateTimeField("when the wallet said so", null=True)
    failure = models.CharField("why it was not carried out", max_length=300, blank=True)

    objects = RulingQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            only_states("proposed withdrawn decided sent done failed", "ruling_state"),
            models.CheckConstraint(condition=models.Q(provider_bps__lte=10_000), name="ruling_share_is_at_most_all"),
            models.UniqueConstraint(
                fields=["dispute"],
                condition=models.Q(state__in=["proposed", "decided", "sent", "done"]),
                name="one_ruling_stands",
            ),
            models.CheckConstraint(
                condition=models.Q(needs_second=False)
                | models.Q(confirmed_by__isnull=True)
                | models.Q(proposed_by__isnull=True)
                | ~models.Q(confirmed_by=models.F("proposed_by")),
                name="nobody_confirms_their_own_ruling",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["decided", "sent", "done"]) | models.Q(confirmed_at__isnull=False),
                name="ruling_is_confirmed_before_it_is_sent",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["sent", "done"])
                | models.Q(provider__isnull=False) & (models.Q(sending__isnull=False) | ~models.Q(tx_hash="")),
                name="ruling_that_is_sent_has_its_transaction",
            ),
            models.CheckConstraint(
                condition=models.Q(sending__isnull=True) | models.Q(wallet=""),
                name="ruling_goes_one_way_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"ruling on {self.dispute}"
