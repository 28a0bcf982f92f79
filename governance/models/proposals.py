"""What was proposed, who voted, and what happened next."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import (
    Case,
    CheckConstraint,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    UniqueConstraint,
    Value,
    When,
)
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from chain.fields import Uint256Field
from governance.models.governors import Governor
from governance.models.shapes import from_log, from_shared_log, parent


class State(models.TextChoices):
    """As IGovernor.ProposalState, with its numbers in NUMBERS."""

    PENDING = "pending"
    ACTIVE = "active"
    CANCELED = "canceled"
    DEFEATED = "defeated"
    SUCCEEDED = "succeeded"
    QUEUED = "queued"
    EXPIRED = "expired"
    EXECUTED = "executed"


NUMBERS = {state: number for number, state in enumerate(State)}
TERMINAL = (State.CANCELED, State.DEFEATED, State.EXPIRED, State.EXECUTED)


OPEN = (State.ACTIVE, State.PENDING, State.SUCCEEDED, State.QUEUED)
Place = tuple[int, int, int]


class ProposalQuerySet(models.QuerySet["Proposal"]):
    def by_urgency(self) -> ProposalQuerySet:
        """What one can vote on first, then what comes, then what waits for a hand, then the past; newest first.

        `urgency`, start of voting and key are a row's place in this order.
        """
        rank = Case(
            *(When(state=state, then=Value(place)) for place, state in enumerate(OPEN)),
            default=Value(len(OPEN)),
            output_field=IntegerField(),
        )
        return self.annotate(urgency=rank).order_by("urgency", "-vote_start", "-pk")

    def below(self, place: Place) -> ProposalQuerySet:
        """Those that come after a place in the order of `by_urgency()`."""
        urgency, start, key = place
        later = Q(vote_start__lt=start) | Q(vote_start=start, pk__lt=key)
        return self.filter(Q(urgency__gt=urgency) | Q(urgency=urgency) & later)

    def waiting_for(self, voter: str) -> ProposalQuerySet:
        """Open votes in which that account has not voted."""
        return self.filter(state=State.ACTIVE).exclude(
            Exists(Vote.objects.filter(proposal=OuterRef("pk"), voter=voter))
        )

    def saying(self, words: str) -> ProposalQuerySet:
        """With each of the words in its text, or made by an account whose address begins so."""
        found = self
        for word in words.split():
            found = found.filter(Q(text__icontains=word) | Q(proposer__istartswith=word))
        return found

    def to_check(self) -> ProposalQuerySet:
        """What is not settled, and what has not been compared with the contract since it was."""
        return self.filter(Q(settled=False) | Q(check_due=True))


class Proposal(models.Model):
    """What was proposed, unchanged, and how it stands: `state` to `settled` are recomputed by every mirror run.

    `targets`, `amounts`, `calldatas` (0x-hex) and the description's bytes are what queue, execute and cancel take.
    `text` is the description as far as it can be read, for searching. `quorum_said`: what the contract says, where
    the quorum cannot be reckoned. `checked_number`: the last block at which the contract was asked; `differs`:
    whether it then said otherwise than this row.
    """

    governor = models.ForeignKey(Governor, on_delete=models.CASCADE, related_name="proposals")
    log = from_log()
    proposal_id = Uint256Field()
    operation_id = models.CharField(max_length=66, db_index=True)
    proposer = models.CharField(max_length=42)
    targets = ArrayField(models.CharField(max_length=42))
    amounts = ArrayField(Uint256Field())
    calldatas = ArrayField(models.TextField())
    description_bytes = models.BinaryField()
    text = models.TextField(blank=True, default="", db_default="")
    vote_start = models.BigIntegerField()
    vote_end = models.BigIntegerField()

    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    votes_against = Uint256Field(default=0)
    votes_for = Uint256Field(default=0)
    votes_abstain = Uint256Field(default=0)
    voters = models.IntegerField(default=0)
    quorum = Uint256Field(null=True)
    deadline = models.BigIntegerField()
    eta = models.BigIntegerField(null=True)
    final = models.BooleanField(default=False)
    settled = models.BooleanField(default=False)
    quorum_said = Uint256Field(null=True)
    checked_number = models.BigIntegerField(null=True)
    differs = models.BooleanField(default=False, db_default=False)
    check_due = models.BooleanField(default=True, db_default=True)

    objects = ProposalQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["governor", "proposal_id"], name="proposal_once"),
            CheckConstraint(condition=Q(state__in=State.values), name="proposal_state"),
            CheckConstraint(condition=Q(vote_end__gte=F("vote_start")), name="proposal_ends_after_start"),
            CheckConstraint(condition=Q(deadline__gte=F("vote_end")), name="proposal_never_shortened"),
            CheckConstraint(condition=Q(voters__gte=0), name="proposal_voters_not_negative"),
            CheckConstraint(
                condition=Q(targets__len=F("amounts__len")) & Q(targets__len=F("calldatas__len")),
                name="proposal_calls_complete",
            ),
            CheckConstraint(condition=Q(settled=False) | Q(state__in=TERMINAL, final=True), name="proposal_settled"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["governor", "-vote_start"], name="proposal_newest"),
            models.Index(fields=["governor"], condition=Q(settled=False), name="proposal_unsettled"),
        ]

    def __str__(self) -> str:
        return f"{self.governor} {self.proposal_id}"

    def get_absolute_url(self) -> str:
        return reverse("governance:proposal", args=[self.governor.slug, str(self.proposal_id)])

    @property
    def description(self) -> str:
        """The description for reading; what hashes to the id are `description_bytes`."""
        return bytes(self.description_bytes).decode("utf-8", "replace")

    @property
    def title(self) -> str:
        """The first line that says something, without Markdown's signs."""
        lines = (line.strip().lstrip("#").strip(" *_") for line in self.description.splitlines())
        said = (line for line in lines if line and not line.startswith("#proposer="))
        return next(said, _("Untitled proposal"))[:200]


class Support(models.IntegerChoices):
    """As GovernorCountingSimple.VoteType."""

    AGAINST = 0, pgettext_lazy("vote", "Against")
    FOR = 1, pgettext_lazy("vote", "For")
    ABSTAIN = 2, pgettext_lazy("vote", "Abstain")


class Vote(models.Model):
    """One voter's vote on one proposal. Weight zero is possible, and is nobody's voice."""

    proposal = parent("Proposal", "votes")
    log = from_log()
    voter = models.CharField(max_length=42)
    support = models.PositiveSmallIntegerField(choices=Support.choices)
    weight = Uint256Field()
    reason_bytes = models.BinaryField(default=b"")
    params = models.BinaryField(default=b"")

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["proposal", "voter"], name="vote_once"),
            CheckConstraint(condition=Q(support__in=Support.values), name="vote_support"),
            CheckConstraint(condition=Q(weight__gte=0), name="vote_weight_not_negative"),
        ]
        indexes: ClassVar = [models.Index(fields=["proposal", "-weight", "id"], name="vote_heaviest")]

    def __str__(self) -> str:
        return f"{self.voter} {self.get_support_display()} {self.weight}"

    @property
    def reason(self) -> str:
        return bytes(self.reason_bytes).decode("utf-8", "replace")


class StepKind(models.TextChoices):
    """From the governor, and from the timelock when it was called (`operation …`)."""

    EXTENDED = "extended"
    QUEUED = "queued"
    EXECUTED = "executed"
    CANCELED = "canceled"
    OPERATION_SCHEDULED = "operation scheduled"
    OPERATION_EXECUTED = "operation executed"
    OPERATION_CANCELED = "operation canceled"


class Step(models.Model):
    """Something that happened to a proposal after it was made. `value`: new deadline, or the earliest execution."""

    Kind = StepKind
    proposal = parent("Proposal", "steps")
    log = from_shared_log()
    kind = models.CharField(max_length=20, choices=StepKind.choices)
    value = models.BigIntegerField(null=True)

    class Meta:
        constraints: ClassVar = [
            CheckConstraint(condition=Q(kind__in=StepKind.values), name="step_kind"),
            CheckConstraint(
                condition=~Q(kind__in=[StepKind.EXTENDED, StepKind.QUEUED]) | Q(value__isnull=False),
                name="step_has_its_time",
            ),
            UniqueConstraint(fields=["log", "proposal"], name="step_once"),
        ]

    def __str__(self) -> str:
        return f"{self.proposal} {self.kind}"
