"""What an operator has to look at: one open row a trouble, closed when it has passed."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from chain.models.patterns import chain_check


class AlarmQuerySet(models.QuerySet["Alarm"]):
    def open(self) -> Self:
        """Those whose trouble has not passed, the oldest first."""
        return self.filter(ended_at__isnull=True).order_by("began_at", "pk")


class Alarm(models.Model):
    """A trouble of one chain. `kind` names what is wrong, `subject` with whom or what; the sentence is for people."""

    chain = models.CharField(max_length=41)
    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=120, blank=True, default="")
    sentence = models.TextField()
    began_at = models.DateTimeField()
    noticed_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)

    objects = AlarmQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            chain_check("alarm_chain_is_caip2"),
            UniqueConstraint(
                fields=["chain", "kind", "subject"], condition=Q(ended_at__isnull=True), name="alarm_open_once"
            ),
            CheckConstraint(condition=~Q(kind="") & ~Q(sentence=""), name="alarm_says_what"),
        ]

    def __str__(self) -> str:
        return self.sentence
