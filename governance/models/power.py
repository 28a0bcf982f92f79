"""What quorum and power are reckoned from: parameters, supply, delegations and checkpoints over time.

A token or timelock may serve several governors; each has rows of its own, for each has a clock of its own.
"""

from typing import ClassVar

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from chain.fields import Uint256Field
from governance.models.governors import Governor
from governance.models.shapes import from_shared_log


class Setting(models.Model):
    """A parameter of the governor or its timelock, from `timepoint` (the governor's clock) on."""

    class Name(models.TextChoices):
        VOTING_DELAY = "voting delay"
        VOTING_PERIOD = "voting period"
        PROPOSAL_THRESHOLD = "proposal threshold"
        QUORUM_NUMERATOR = "quorum numerator"
        LATE_QUORUM_EXTENSION = "late quorum extension"
        MIN_DELAY = "minimum delay"
        TIMELOCK = "timelock"  # its address as a number

    governor = models.ForeignKey(Governor, on_delete=models.CASCADE, related_name="settings")
    log = from_shared_log()
    name = models.CharField(max_length=24, choices=Name.choices)
    value = Uint256Field()
    timepoint = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [UniqueConstraint(fields=["log", "governor"], name="setting_once")]

    def __str__(self) -> str:
        return f"{self.name} {self.value}"


class SupplyChange(models.Model):
    """Votes made or destroyed: the token's supply at a time is the sum up to it."""

    governor = models.ForeignKey(Governor, on_delete=models.CASCADE, db_index=False, related_name="supply_changes")
    log = from_shared_log()
    timepoint = models.BigIntegerField()
    delta = Uint256Field()

    class Meta:
        constraints: ClassVar = [UniqueConstraint(fields=["log", "governor"], name="supply_change_once")]
        indexes: ClassVar = [models.Index(fields=["governor", "timepoint"], include=["delta"], name="supply_at")]

    def __str__(self) -> str:
        return f"{self.delta:+}"


class Delegation(models.Model):
    """Whose votes somebody's tokens count for, from `timepoint` on; the latest holds."""

    governor = models.ForeignKey(Governor, on_delete=models.CASCADE, db_index=False, related_name="delegations")
    log = from_shared_log()
    delegator = models.CharField(max_length=42)
    delegate = models.CharField(max_length=42)
    timepoint = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [UniqueConstraint(fields=["log", "governor"], name="delegation_once")]
        indexes: ClassVar = [models.Index(fields=["governor", "delegator", "-log"], name="delegation_of")]

    def __str__(self) -> str:
        return f"{self.delegator} → {self.delegate}"


class PowerCheckpoint(models.Model):
    """A delegate's power from `timepoint` on; the last one up to a snapshot is the power at it."""

    governor = models.ForeignKey(Governor, on_delete=models.CASCADE, db_index=False, related_name="checkpoints")
    log = from_shared_log()
    account = models.CharField(max_length=42)
    timepoint = models.BigIntegerField()
    power = Uint256Field()

    class Meta:
        constraints: ClassVar = [
            CheckConstraint(condition=Q(power__gte=0), name="power_not_negative"),
            UniqueConstraint(fields=["log", "governor"], name="power_checkpoint_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["governor", "account", "timepoint"], name="power_at")]

    def __str__(self) -> str:
        return f"{self.account} {self.power}"
