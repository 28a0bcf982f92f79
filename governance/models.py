"""What a Governor, its timelock and its token said, as rows that hang on the log that said it.

Every row but Governor and Token has a foreign key to its Log that cascades in the database: a reorg deletes orphaned
blocks by SQL, and what was derived from them goes with them. The figures on Proposal are recomputed from those rows.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, CheckConstraint, F, IntegerField, Q, UniqueConstraint, Value, When
from django.urls import reverse

from chain.fields import Uint256Field
from chain.models import Block, Log

ADDRESS = r"^0x[0-9a-fA-F]{40}$"


def from_log() -> Any:
    """The log that said it; the constraint with ON DELETE CASCADE is made in the migration."""
    return models.OneToOneField(Log, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")


def parent(to: str, related_name: str) -> Any:
    """A key that cascades in the database, for rows that a reorg deletes by SQL."""
    return models.ForeignKey(to, on_delete=models.DO_NOTHING, db_constraint=False, related_name=related_name)


class Token(models.Model):
    """How amounts of a token are written."""

    chain = models.CharField(max_length=41)
    address = models.CharField(max_length=42)
    symbol = models.CharField(max_length=40)
    decimals = models.PositiveSmallIntegerField()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["chain", "address"], name="token_once"),
            CheckConstraint(condition=Q(address__regex=ADDRESS), name="token_address_is_hex"),
            CheckConstraint(condition=Q(decimals__lte=77), name="token_decimals_possible"),
        ]

    def __str__(self) -> str:
        return self.symbol


class ClockMode(models.TextChoices):
    """What a governor counts time in (ERC-6372)."""

    TIMESTAMP = "timestamp"
    BLOCK_NUMBER = "blocknumber"


class Governor(models.Model):
    """An OpenZeppelin Governor with GovernorCountingSimple, GovernorVotes and GovernorTimelockControl.

    `read_log_id` is the id of the last Log that the mirror applied.
    """

    chain = models.CharField(max_length=41)
    address = models.CharField(max_length=42)
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=200)
    token = models.ForeignKey(Token, on_delete=models.PROTECT, related_name="governors")
    timelock = models.CharField(max_length=42)
    clock_mode = models.CharField(max_length=12, choices=ClockMode.choices)
    quorum_denominator = models.BigIntegerField(default=100)
    read_log_id = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["chain", "address"], name="governor_once"),
            CheckConstraint(condition=Q(address__regex=ADDRESS), name="governor_address_is_hex"),
            CheckConstraint(condition=Q(timelock__regex=ADDRESS), name="governor_timelock_is_hex"),
            CheckConstraint(condition=Q(clock_mode__in=ClockMode.values), name="governor_clock_mode"),
            CheckConstraint(condition=Q(quorum_denominator__gt=0), name="governor_denominator_positive"),
        ]

    def __str__(self) -> str:
        return self.name

    def clock(self, block: Block) -> int:
        """The governor's time in a block: unix seconds, or the block's number."""
        return block.number if self.clock_mode == ClockMode.BLOCK_NUMBER else block.timestamp

    def latest_block(self) -> Block | None:
        """The newest block that was copied: the chain's clock, as far as we know it."""
        return Block.objects.filter(chain=self.chain).order_by("-number").first()

    def unread_logs(self) -> models.QuerySet[Log]:
        """Logs of governor, timelock and token that the mirror has not applied, in the order they were copied."""
        addresses = [self.address.lower(), self.timelock.lower(), self.token.address.lower()]
        logs = Log.objects.filter(chain=self.chain, address__in=addresses, id__gt=self.read_log_id)
        return logs.select_related("block").order_by("id")


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


class ProposalQuerySet(models.QuerySet["Proposal"]):
    def by_urgency(self) -> ProposalQuerySet:
        """What one can vote on first, then what comes, then what waits for a hand, then the past; newest first."""
        order = (State.ACTIVE, State.PENDING, State.SUCCEEDED, State.QUEUED)
        rank = Case(
            *(When(state=state, then=Value(place)) for place, state in enumerate(order)),
            default=Value(len(order)),
            output_field=IntegerField(),
        )
        return self.order_by(rank, F("vote_start").desc(), "-pk")


class Proposal(models.Model):
    """What was proposed, unchanged, and how it stands: `state` to `settled` are recomputed by every mirror run.

    `targets`, `amounts`, `calldatas` (0x-hex) and the description's bytes are what queue, execute and cancel take.
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
        return next((line for line in lines if line and not line.startswith("#proposer=")), "Untitled proposal")[:200]


class Support(models.IntegerChoices):
    """As GovernorCountingSimple.VoteType."""

    AGAINST = 0, "Against"
    FOR = 1, "For"
    ABSTAIN = 2, "Abstain"


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


class Step(models.Model):
    """Something that happened to a proposal after it was made. `value`: new deadline, or the earliest execution."""

    class Kind(models.TextChoices):
        EXTENDED = "extended"
        QUEUED = "queued"
        EXECUTED = "executed"
        CANCELED = "canceled"
        OPERATION_SCHEDULED = "operation scheduled"
        OPERATION_EXECUTED = "operation executed"
        OPERATION_CANCELED = "operation canceled"

    proposal = parent("Proposal", "steps")
    log = from_log()
    kind = models.CharField(max_length=20, choices=Kind.choices)
    value = models.BigIntegerField(null=True)

    class Meta:
        constraints: ClassVar = [
            CheckConstraint(condition=Q(kind__in=["extended", "queued", "executed", "canceled", "operation scheduled",
                                                  "operation executed", "operation canceled"]), name="step_kind"),
            CheckConstraint(
                condition=~Q(kind__in=["extended", "queued"]) | Q(value__isnull=False), name="step_has_its_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.proposal} {self.kind}"


class Setting(models.Model):
    """A parameter of the governor or its timelock, from `timepoint` (the governor's clock) on."""

    class Name(models.TextChoices):
        VOTING_DELAY = "voting delay"
        VOTING_PERIOD = "voting period"
        PROPOSAL_THRESHOLD = "proposal threshold"
        QUORUM_NUMERATOR = "quorum numerator"
        LATE_QUORUM_EXTENSION = "late quorum extension"
        MIN_DELAY = "minimum delay"

    governor = models.ForeignKey(Governor, on_delete=models.CASCADE, related_name="settings")
    log = from_log()
    name = models.CharField(max_length=24, choices=Name.choices)
    value = Uint256Field()
    timepoint = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.name} {self.value}"


class SupplyChange(models.Model):
    """Votes made or destroyed: the token's supply at a time is the sum up to it."""

    governor = models.ForeignKey(Governor, on_delete=models.CASCADE, related_name="supply_changes")
    log = from_log()
    timepoint = models.BigIntegerField()
    delta = Uint256Field()

    def __str__(self) -> str:
        return f"{self.delta:+}"


class Delegation(models.Model):
    """Whose votes somebody's tokens count for, from `timepoint` on; the latest holds."""

    governor = models.ForeignKey(Governor, on_delete=models.CASCADE, related_name="delegations")
    log = from_log()
    delegator = models.CharField(max_length=42)
    delegate = models.CharField(max_length=42)
    timepoint = models.BigIntegerField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["governor", "delegator", "-log"], name="delegation_of")]

    def __str__(self) -> str:
        return f"{self.delegator} → {self.delegate}"


class PowerCheckpoint(models.Model):
    """A delegate's power from `timepoint` on; the last one up to a snapshot is the power at it."""

    governor = models.ForeignKey(Governor, on_delete=models.CASCADE, related_name="checkpoints")
    log = from_log()
    account = models.CharField(max_length=42)
    timepoint = models.BigIntegerField()
    power = Uint256Field()

    class Meta:
        constraints: ClassVar = [CheckConstraint(condition=Q(power__gte=0), name="power_not_negative")]
        indexes: ClassVar = [models.Index(fields=["governor", "account", "timepoint"], name="power_at")]

    def __str__(self) -> str:
        return f"{self.account} {self.power}"
