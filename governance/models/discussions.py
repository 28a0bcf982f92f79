"""What people say of a draft before it is a proposal. A draft's own link stays a secret; a discussion has its own."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import CheckConstraint, Exists, OuterRef, Q, UniqueConstraint, Value
from django.db.models.functions import Concat
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from chain.fields import Uint256Field
from governance.models.drafts import Draft
from governance.models.governors import Governor
from governance.models.proposals import Proposal
from governance.models.shapes import ADDRESS

HIDDEN_SAYS_WHY = Q(hidden_at__isnull=True, hidden_why="") | Q(hidden_at__isnull=False) & ~Q(hidden_why="")


class DiscussionQuerySet(models.QuerySet["Discussion"]):
    def visible(self) -> DiscussionQuerySet:
        """What no moderator has hidden."""
        return self.filter(hidden_at=None)

    def undecided(self) -> DiscussionQuerySet:
        """Of drafts that are not known to be proposals yet."""
        return self.filter(draft__proposed=None)

    def perhaps_proposed(self) -> DiscussionQuerySet:
        """Whose title begins a proposal of the same Governor; the calls are not compared."""
        title = Concat(Value("# "), OuterRef("draft__title"), Value("\n"))
        alike = Proposal.objects.filter(governor=OuterRef("draft__governor"), text__startswith=title)
        return self.filter(Exists(alike))

    def of_governor(self, governor: Governor) -> DiscussionQuerySet:
        return self.filter(draft__governor=governor).select_related("draft__governor__token")


class Discussion(models.Model):
    """A draft that everybody may read, opened by a wallet's signature over `public_id`, title and time.

    `power` is what the account could vote with when it opened it, in base units.
    """

    draft = models.OneToOneField(Draft, on_delete=models.CASCADE, related_name="discussion")
    public_id = models.CharField(max_length=16, unique=True)
    account = models.CharField(max_length=42)
    power = Uint256Field()
    signature = models.BinaryField()
    said_at = models.BigIntegerField()
    opened_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True)
    hidden_at = models.DateTimeField(null=True)
    hidden_why = models.CharField(max_length=300, blank=True, default="")

    objects = DiscussionQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            CheckConstraint(condition=Q(public_id__regex=r"^[0-9a-f]{16}$"), name="discussion_has_an_address"),
            CheckConstraint(condition=Q(account__regex=ADDRESS), name="discussion_account_is_hex"),
            CheckConstraint(condition=HIDDEN_SAYS_WHY, name="discussion_hidden_says_why"),
        ]

    def __str__(self) -> str:
        return self.public_id

    def get_absolute_url(self) -> str:
        return reverse("governance:discussion", args=[self.draft.governor.slug, self.public_id])

    @property
    def is_open(self) -> bool:
        return self.closed_at is None and self.hidden_at is None


class Comment(models.Model):
    """Markdown, signed by wallet; `answers` is the comment above it, one level deep.

    One that its author has taken back keeps neither words nor signature: what stays is who, when and under what.
    """

    discussion = models.ForeignKey(Discussion, on_delete=models.CASCADE, related_name="comments")
    answers = models.ForeignKey("self", on_delete=models.CASCADE, null=True, related_name="given")
    author = models.CharField(max_length=42)
    power = Uint256Field()
    text = models.TextField(blank=True)
    signature = models.BinaryField()
    said_at = models.BigIntegerField()
    written_at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(null=True)
    hidden_at = models.DateTimeField(null=True)
    hidden_why = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["discussion", "author", "said_at"], name="comment_said_once"),
            CheckConstraint(condition=Q(author__regex=ADDRESS), name="comment_author_is_hex"),
            CheckConstraint(
                condition=Q(withdrawn_at__isnull=True) & ~Q(text="")
                | Q(withdrawn_at__isnull=False, text="", signature=b""),
                name="comment_withdrawn_is_gone",
            ),
            CheckConstraint(condition=HIDDEN_SAYS_WHY, name="comment_hidden_says_why"),
        ]
        indexes: ClassVar = [models.Index(fields=["author", "written_at"], name="comments_of_author")]

    def __str__(self) -> str:
        return f"{self.author} at {self.said_at}"

    @property
    def is_readable(self) -> bool:
        return self.withdrawn_at is None and self.hidden_at is None


class CommentReportQuerySet(models.QuerySet["CommentReport"]):
    def unanswered(self) -> CommentReportQuerySet:
        """Those that a moderator has yet to look at."""
        return self.filter(answered_at=None)


class CommentReport(models.Model):
    """Somebody says that a comment breaks the rules. From anybody, once for each comment; the moderators decide.

    `source`: a digest of the network it came from. An answered one has no words any more, and goes after a day.
    """

    class Category(models.TextChoices):
        INSULT = "insult", _("It insults or threatens somebody")
        ADVERTISING = "advertising", _("It advertises, or has nothing to do with the draft")
        PRIVATE = "private", _("It tells what somebody wants to keep private")
        FRAUD = "fraud", _("It wants to trick people out of money or keys")
        UNLAWFUL = "unlawful", _("It is against the law")
        OTHER = "other", _("Something else")

    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="reports")
    category = models.CharField(max_length=20, choices=Category)
    text = models.CharField(max_length=500, blank=True)
    source = models.CharField(max_length=64)
    reported_at = models.DateTimeField(auto_now_add=True)
    answered_at = models.DateTimeField(null=True)

    objects = CommentReportQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(
                fields=["comment", "source"], condition=Q(answered_at=None), name="comment_reported_once_by_each"
            ),
            CheckConstraint(condition=Q(source__regex=r"^[0-9a-f]{64}$"), name="comment_report_keeps_a_digest"),
            CheckConstraint(condition=Q(answered_at=None) | Q(text=""), name="comment_report_answered_has_no_words"),
        ]
        indexes: ClassVar = [models.Index(fields=["source", "reported_at"], name="comment_reports_of_source")]

    def __str__(self) -> str:
        return self.category
