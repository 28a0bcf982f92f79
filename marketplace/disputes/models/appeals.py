"""Appeals to the DAO against rulings: made once by each side, read by both; the draft is its author's alone."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chain.fields import Uint256Field
from marketplace.disputes.models.disputes import Dispute, Evidence
from marketplace.lifecycle import Lifecycle, only_states, table
from marketplace.organizations.models import Organization


class RulingAppealQuerySet(models.QuerySet["Appeal"]):
    def for_org(self, org_id: int) -> "RulingAppealQuerySet":
        """The appeals in the disputes of an organization."""
        return self.filter(models.Q(buyer_id=org_id) | models.Q(provider_id=org_id))

    def pending(self) -> "RulingAppealQuerySet":
        """Those of which the DAO may still say something."""
        return self.filter(state__in=[Appeal.State.FILED, Appeal.State.PROPOSED]).order_by("pk")


class Appeal(Lifecycle):
    """One side asks the DAO for what a vote can still do: the money of the ruling itself has moved for good."""

    class State(models.TextChoices):
        FILED = "filed", _("being written")
        PROPOSED = "proposed", _("before the DAO")
        ACCEPTED = "accepted", _("carried out")
        REJECTED = "rejected", _("not accepted")
        LAPSED = "lapsed", _("never proposed")

    class Remedy(models.TextChoices):
        DISMISS = "dismiss", _("Dismiss the arbiter")
        PAY = "pay", _("Pay us a compensation from the treasury")
        BOTH = "both", _("Both")

    moves = table(filed="proposed lapsed", proposed="accepted rejected")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    dispute = models.ForeignKey(Dispute, on_delete=models.PROTECT, related_name="appeals")
    buyer = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    provider = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    org = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+", verbose_name="who appeals")
    side = models.CharField(max_length=20, choices=Evidence.Side)
    state = models.CharField(max_length=20, choices=State, default=State.FILED)
    remedy = models.CharField(max_length=20, choices=Remedy)
    amount = Uint256Field("compensation that is asked for, in base units", default=0)
    text = models.TextField(max_length=4000)
    filed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    filed_at = models.DateTimeField(default=timezone.now)
    proposal_path = models.CharField("the page of the proposal", max_length=200, blank=True)
    proposed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects = RulingAppealQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            only_states("filed proposed accepted rejected lapsed", "appeal_state"),
            models.UniqueConstraint(fields=["dispute", "side"], name="one_appeal_per_side"),
            models.CheckConstraint(
                condition=models.Q(org=models.F("buyer"), side="buyer")
                | models.Q(org=models.F("provider"), side="provider"),
                name="appeal_is_of_its_side",
            ),
            models.CheckConstraint(
                condition=models.Q(remedy="dismiss", amount=0) | models.Q(remedy__in=["pay", "both"], amount__gt=0),
                name="appeal_asks_for_an_amount_or_for_none",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["proposed", "accepted", "rejected"])
                | ~models.Q(proposal_path="") & models.Q(proposed_at__isnull=False),
                name="appeal_that_is_proposed_has_its_proposal",
            ),
        ]

    def __str__(self) -> str:
        return f"appeal of the {self.side}"

    @property
    def origin(self) -> str:
        """Under which name the DAO's pages keep its draft."""
        return f"appeal:{self.public_id}"


class AppealDraftQuerySet(models.QuerySet["AppealDraft"]):
    def for_org(self, org_id: int) -> "AppealDraftQuerySet":
        """The drafts of an organization's own appeals."""
        return self.filter(org_id=org_id)


class AppealDraft(models.Model):
    """The secret link of an appeal's draft: whoever has it can change the draft, so the other side does not."""

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    appeal = models.OneToOneField(Appeal, on_delete=models.CASCADE, related_name="draft")
    path = models.CharField(max_length=200)

    objects = AppealDraftQuerySet.as_manager()

    def __str__(self) -> str:
        return f"draft of {self.appeal}"
