"""Votes of an organization's wallets that need a second person's yes."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from marketplace.lifecycle import Lifecycle, only_states, table
from marketplace.organizations.models.organization import Organization


class VotingWalletQuerySet(models.QuerySet["VotingWallet"]):
    def for_org(self, org_id: int) -> "VotingWalletQuerySet":
        """The wallets that one organization has named."""
        return self.filter(org_id=org_id).order_by("added_at", "pk")


class VotingWallet(models.Model):
    """A wallet that votes for an organization, and only with a second person's yes."""

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    address = models.CharField("address (EIP-55)", max_length=42, unique=True)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    added_at = models.DateTimeField(default=timezone.now)

    objects = VotingWalletQuerySet.as_manager()

    def __str__(self) -> str:
        return self.address


class VoteRequestQuerySet(models.QuerySet["VoteRequest"]):
    def for_org(self, org_id: int) -> "VoteRequestQuerySet":
        """What the people of one organization have asked for, newest first."""
        return self.filter(org_id=org_id).order_by("-asked_at", "-pk")


class VoteRequest(Lifecycle):
    """A vote that a second person is asked about: this wallet, this proposal, this side, these words, and no other.

    `proposal` is the voting contract's id as decimal text; `support` is 0 against, 1 for, 2 abstain; `reason` is what
    would stand on the chain.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting for a second person")
        APPROVED = "approved", _("approved")
        DECLINED = "declined", _("declined")
        WITHDRAWN = "withdrawn", _("withdrawn")

    class Side(models.IntegerChoices):
        AGAINST = 0, pgettext_lazy("vote", "Against")
        FOR = 1, pgettext_lazy("vote", "For")
        ABSTAIN = 2, pgettext_lazy("vote", "Abstain")

    moves = table(waiting="approved declined withdrawn", approved="withdrawn")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    wallet = models.CharField("address (EIP-55)", max_length=42)
    chain = models.CharField(max_length=40)
    governor = models.CharField("voting contract (EIP-55)", max_length=42)
    proposal = models.CharField(max_length=78)
    support = models.PositiveSmallIntegerField(choices=Side)
    reason = models.TextField("what would stand on the chain", max_length=2000, blank=True)
    note = models.CharField("why, for the second person", max_length=500, blank=True)
    state = models.CharField(max_length=20, choices=State, default=State.WAITING)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField(null=True)
    answer = models.CharField("why it was decided so", max_length=500, blank=True)

    objects = VoteRequestQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            only_states("waiting approved declined withdrawn", "vote_request_state"),
            CheckConstraint(condition=Q(support__in=[0, 1, 2]), name="vote_request_side"),
            CheckConstraint(condition=Q(proposal__regex=r"^[0-9]{1,78}$"), name="vote_request_proposal_is_a_number"),
            UniqueConstraint(
                fields=["org", "wallet", "chain", "governor", "proposal"],
                condition=Q(state="waiting"),
                name="one_waiting_request_per_vote",
            ),
            CheckConstraint(
                condition=Q(asked_by__isnull=True) | Q(decided_by__isnull=True) | ~Q(decided_by=F("asked_by")),
                name="nobody_approves_their_own_vote",
            ),
            CheckConstraint(condition=~Q(state="declined") | ~Q(answer=""), name="declined_vote_says_why"),
        ]
        indexes: ClassVar = [models.Index(fields=["wallet", "proposal", "state"], name="vote_requests_of_wallet")]

    def __str__(self) -> str:
        return f"{self.get_support_display()} on {self.proposal}"
