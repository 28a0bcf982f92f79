"""Discuss a draft: opened, said, answered and taken back by a wallet's signature; closed and reopened by its link."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from chain import signatures
from chain.client import NodeRefused, NodeUnreachable
from governance import drafting, reporting
from governance.ballots import typed_data
from governance.models import Comment, Discussion, Draft, Governor
from governance.power import balance_of, power_at
from governance.refusing import No
from governance.relaying import no_answer, raw_signature

OPENING: Final = {"account": "address", "discussion": "string", "title": "string", "at": "uint256"}
COMMENT: Final = {
    "account": "address",
    "discussion": "string",
    "answers": "uint256",
    "comment": "string",
    "at": "uint256",
}
WITHDRAWAL: Final = {"account": "address", "discussion": "string", "comment": "uint256", "at": "uint256"}
GOOD_FOR: Final = timedelta(hours=1)
OPENED_A_DAY: Final = 3  # by one account
SAID_A_DAY: Final = 20  # by one account, in all discussions
HEARD_A_DAY: Final = 300  # in one discussion
PUBLIC_ID: Final = re.compile(r"[0-9a-f]{16}")


def _now() -> int:
    return int(timezone.now().timestamp())


def _refuse_voiceless(governor: Governor, account: str) -> int:
    """The account's power now, in base units; raises No for who neither can vote nor holds tokens."""
    power = power_at(governor, account)
    if power:
        return power
    held = balance_of(governor, account)
    if held is None:
        raise No(no_answer())
    if not held:
        words = {"token": governor.token.symbol}
        raise No(
            _("Here speaks who holds %(token)s, or votes for others who do. This account does neither yet.") % words
        )
    return 0


def _refuse_unsigned(governor: Governor, account: str, typed: Any, signature: str, at: int) -> None:
    """Raise No for a signature of somebody else, or of long ago."""
    try:
        signed = signatures.is_valid(account, typed, signature, governor.chain)
    except (NodeUnreachable, NodeRefused) as problem:
        raise No(no_answer()) from problem
    except ValueError:
        signed = False
    if not signed:
        raise No(_("This signature is not from the account that speaks. Nothing was published; sign again."))
    if abs(at - _now()) > GOOD_FOR.total_seconds():
        raise No(_("That took too long. Please sign again."))


def _one_at_a_time(account: str) -> None:
    """Whoever speaks twice at once waits here for themselves, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"words of {account}"])


def opening_asked(draft: Draft, account: str) -> Any:
    """What is signed to open a draft for discussion; raises No."""
    if not draft.title or not draft.why:
        raise No(_("Give the draft a title and a reason first, and save them."))
    _refuse_voiceless(draft.governor, account)
    return _opening(draft, account, secrets.token_hex(8), _now())


def _opening(draft: Draft, account: str, public_id: str, at: int) -> Any:
    message = {"account": account, "discussion": public_id, "title": draft.title, "at": str(at)}
    return typed_data("Guildhall", draft.governor, "DraftDiscussion", OPENING, message)


def open_for_all(draft: Draft, account: str, *, public_id: str, at: int, signature: str) -> Discussion:
    """Give a draft its public address; the same again changes nothing. Raises No."""
    if not PUBLIC_ID.fullmatch(public_id):
        raise No(_("The page sent something that is not understood here."))
    power = _refuse_voiceless(draft.governor, account)
    _refuse_unsigned(draft.governor, account, _opening(draft, account, public_id, at), signature, at)
    with transaction.atomic():
        _one_at_a_time(account)
        row = Draft.objects.select_for_update().get(pk=draft.pk)
        before = Discussion.objects.filter(draft=row).first()
        if before is not None:
            return before
        if Discussion.objects.filter(public_id=public_id).exists():
            raise No(_("The page sent something that is not understood here."))
        mine = Discussion.objects.filter(account=account, opened_at__gt=timezone.now() - timedelta(days=1))
        if mine.count() >= OPENED_A_DAY:
            raise No(_("An account opens at most %(most)s drafts a day for discussion.") % {"most": OPENED_A_DAY})
        return Discussion.objects.create(
            draft=row, public_id=public_id, account=account, power=power, signature=raw_signature(signature), said_at=at
        )


def close(draft: Draft) -> None:
    """End the discussion of a draft: what was said stays, nothing more can be. Nothing where there is none."""
    Discussion.objects.filter(draft=draft, closed_at=None).update(closed_at=timezone.now())


def open_again(draft: Draft) -> None:
    """Let a closed discussion go on; nothing where there is none. Raises No once the draft is a proposal."""
    with transaction.atomic():
        row = Draft.objects.select_for_update(of=("self",)).select_related("governor").get(pk=draft.pk)
        if drafting.proposal_of(row) is not None:
            raise No(_("The draft has become a proposal. Say what you think by voting on it."))
        Discussion.objects.filter(draft=row).update(closed_at=None)


def _refuse_over(discussion: Discussion) -> None:
    if not discussion.is_open:
        raise No(_("This discussion is closed. What was said stays; nothing more can be said here."))


def comment_asked(discussion: Discussion, author: str, text: str, answers: int) -> Any:
    """What is signed to say something; `answers` is a comment's number, or 0. Raises No."""
    _refuse_over(discussion)
    _above(discussion, answers)
    _refuse_voiceless(discussion.draft.governor, author)
    last = discussion.comments.filter(author=author).order_by("-said_at").first()
    return _comment(discussion, author, text, answers, max(_now(), last.said_at + 1 if last else 0))


def _comment(discussion: Discussion, author: str, text: str, answers: int, at: int) -> Any:
    message = {
        "account": author,
        "discussion": discussion.public_id,
        "answers": str(answers),
        "comment": text,
        "at": str(at),
    }
    return typed_data("Guildhall", discussion.draft.governor, "DraftComment", COMMENT, message)


def _above(discussion: Discussion, number: int) -> Comment | None:
    """The comment that is answered; raises No where it cannot be: gone, hidden, or itself an answer."""
    if not number:
        return None
    found = discussion.comments.filter(pk=number, answers=None).first()
    if found is None or not found.is_readable:
        raise No(_("This comment can no longer be answered. Reload the page to see what became of it."))
    return found


def say(discussion: Discussion, author: str, text: str, *, answers: int, at: int, signature: str) -> Comment:
    """Publish a signed comment, once; a repeated one is the same. Raises No."""
    governor = discussion.draft.governor
    power = _refuse_voiceless(governor, author)
    _refuse_unsigned(governor, author, _comment(discussion, author, text, answers, at), signature, at)
    with transaction.atomic():
        _one_at_a_time(author)
        row = Discussion.objects.select_for_update().get(pk=discussion.pk)
        before = row.comments.filter(author=author, said_at=at).first()
        if before is not None:
            if before.text == text and before.answers_id == (answers or None):
                return before
            raise No(_("You have said something in this very second. Please sign again."))
        _refuse_over(row)
        above = _above(row, answers)
        _refuse_flood(row, author)
        return Comment.objects.create(
            discussion=row, answers=above, author=author, power=power, text=text,
            signature=raw_signature(signature), said_at=at,
        )  # fmt: skip


def _refuse_flood(discussion: Discussion, author: str) -> None:
    """What was taken back counts too."""
    lately = Comment.objects.filter(written_at__gt=timezone.now() - timedelta(days=1))
    if lately.filter(author=author).count() >= SAID_A_DAY:
        raise No(_("An account writes at most %(most)s comments a day.") % {"most": SAID_A_DAY})
    if lately.filter(discussion=discussion).count() >= HEARD_A_DAY:
        raise No(_("Enough was said here in the last 24 hours. Please come back later."))


def withdrawal_asked(comment: Comment, author: str) -> Any:
    """What is signed to take a comment back; raises No for everybody but its author."""
    if comment.author != author:
        raise No(_("Only the account that wrote it can take it back. Change to it in your wallet."))
    return _withdrawal(comment, _now())


def _withdrawal(comment: Comment, at: int) -> Any:
    discussion = comment.discussion
    message = {
        "account": comment.author,
        "discussion": discussion.public_id,
        "comment": str(comment.pk),
        "at": str(at),
    }
    return typed_data("Guildhall", discussion.draft.governor, "CommentWithdrawal", WITHDRAWAL, message)


def withdraw(comment: Comment, *, at: int, signature: str) -> None:
    """Delete the words and their signature for good, also of a hidden or closed one; the place stays. Raises No."""
    governor = comment.discussion.draft.governor
    _refuse_unsigned(governor, comment.author, _withdrawal(comment, at), signature, at)
    gone = {"text": "", "signature": b"", "withdrawn_at": timezone.now()}
    with transaction.atomic():
        Comment.objects.filter(pk=comment.pk, withdrawn_at=None).update(**gone)
        reporting.answer(comment)


def hide(row: Comment | Discussion, *, why: str) -> None:
    """Take a comment or a whole discussion off the pages, with a reason in its place; a comment's reports are ended."""
    with transaction.atomic():
        type(row)._default_manager.filter(pk=row.pk).update(hidden_at=timezone.now(), hidden_why=why)
        reporting.answer(row)


def show_again(row: Comment | Discussion) -> None:
    """Put it back, or leave it where it is; a comment's reports are ended."""
    with transaction.atomic():
        type(row)._default_manager.filter(pk=row.pk).update(hidden_at=None, hidden_why="")
        reporting.answer(row)


def follow_drafts() -> int:
    """Find the proposals that discussed drafts have become; how many are new."""
    found = 0
    for discussion in Discussion.objects.undecided().perhaps_proposed().select_related("draft__governor"):
        proposal = drafting.proposal_of(discussion.draft)
        if proposal is not None:
            drafting.follow(discussion.draft, proposal)
            found += 1
    return found
