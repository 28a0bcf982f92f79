"""Proposals that are being written. These rows are ours; who has the link can read and change one."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from chain.fields import Uint256Field
from governance.models.governors import Governor


class Draft(models.Model):
    """A proposal before it is one. `digest` is that of its link's key; `calls` are [target, wei as text, 0x-hex].

    `origin` names what it was begun for outside of these pages, and `proposed` the contract's id of the proposal that
    has its very calls and words: an id, and no key, for a reorg takes proposals away.
    """

    governor = models.ForeignKey(Governor, on_delete=models.CASCADE, related_name="drafts")
    digest = models.CharField(max_length=64, unique=True)
    title = models.CharField(max_length=120, blank=True, default="")
    why = models.TextField(blank=True, default="")
    calls: Any = models.JSONField(default=list)
    origin = models.CharField(max_length=80, blank=True, default="", db_default="")
    proposed = Uint256Field(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True, db_index=True)

    class Meta:
        constraints: ClassVar = [
            CheckConstraint(condition=~Q(digest=""), name="draft_has_a_key"),
            UniqueConstraint(fields=["origin"], condition=~Q(origin=""), name="one_draft_per_origin"),
        ]

    def __str__(self) -> str:
        return self.title or "A draft"
