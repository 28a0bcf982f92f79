"""Delegate by signature: the token's `delegateBySig`, handed in by the market; and statements that delegates sign."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from chain import abi, outbox, signatures
from chain.client import CallRefused, NodeRefused, NodeUnreachable, client
from governance.ballots import typed_data
from governance.models import Governor, SignedDelegation, Statement, StatementReport
from governance.power import balance_of, checked_address, power_at
from governance.refusing import No
from governance.relaying import OVER, no_answer, not_relayed, one_at_a_time, raw_signature

DELEGATION: Final = {"delegatee": "address", "nonce": "uint256", "expiry": "uint256"}
STATEMENT: Final = {"account": "address", "statement": "string", "at": "uint256"}
GOOD_FOR: Final = timedelta(hours=1)
A_DAY_EACH: Final = 3
MOST_REPORTS: Final = 20
NUMBER: Final = re.compile(r"[0-9]{1,20}")


def why_not(governor: Governor, delegator: str) -> str:
    """Why the market would not hand in a change of delegate now; an empty text where it would."""
    if why := not_relayed(governor):
        return why
    recent = SignedDelegation.objects.filter(
        governor=governor, delegator=delegator, signed_at__gt=timezone.now() - timedelta(days=1)
    )
    if recent.count() >= A_DAY_EACH:
        return _("The market hands in three changes of delegate a day for an account. Use your own wallet.")
    return ""


def asked(governor: Governor, delegator: str, delegate: str) -> Any:
    """The typed data of a change of delegate, good for an hour of the chain's time; raises No."""
    if why := why_not(governor, delegator):
        raise No(why)
    block, token = governor.latest_block(), governor.token.address
    held = balance_of(governor, delegator)
    try:
        nonce = client(governor.chain).read("GuildToken", "nonces", delegator, address=token)
        domain = client(governor.chain).read("GuildToken", "eip712Domain", address=token)
    except CallRefused as refused:
        raise No(_("This token takes no signed changes of delegate. Use your own wallet.")) from refused
    except NodeUnreachable as problem:
        raise No(no_answer()) from problem
    if block is None or held is None:
        raise No(no_answer())
    if held < settings.VOTE_RELAY["least_power"]:
        raise No(
            _("This account holds no %(token)s, so there is nothing to delegate.") % {"token": governor.token.symbol}
        )
    message = {
        "delegatee": delegate,
        "nonce": str(nonce),
        "expiry": str(block.timestamp + int(GOOD_FOR.total_seconds())),
    }
    return typed_data(domain.name, governor, "Delegation", DELEGATION, message)


def hand_in(governor: Governor, delegator: str, message: dict[str, Any], signature: str) -> SignedDelegation:
    """Leave a signed change of delegate to be sent; the same one again changes nothing. Raises No.

    `message` is what was signed: delegatee, nonce and expiry.
    """
    raw = raw_signature(signature)
    odd = _("Your wallet gave no signature that is understood here. Nothing was sent; sign again.")
    numbers = (message["nonce"], message["expiry"])
    if len(raw) != 65 or not checked_address(message["delegatee"]) or not all(map(NUMBER.fullmatch, numbers)):
        raise No(odd)
    try:
        domain = client(governor.chain).read("GuildToken", "eip712Domain", address=governor.token.address)
        typed = typed_data(domain.name, governor, "Delegation", DELEGATION, message)
        signer = signatures.recover_typed(typed, signature)
    except signatures.InvalidSignature as wrong:
        raise No(odd) from wrong
    except (CallRefused, NodeUnreachable) as problem:
        raise No(no_answer()) from problem
    if signer != delegator:
        raise No(
            _("This signature is not from the account that delegates. A wallet contract uses its own transaction.")
        )
    data = _call(message, raw)
    _try_out(governor, data)
    row = SignedDelegation(
        governor=governor, delegator=delegator, delegate=message["delegatee"], nonce=int(message["nonce"]),
        expiry=int(message["expiry"]), signature=raw, signed_at=timezone.now(),
    )  # fmt: skip
    return _leave(row, data)


def _call(message: dict[str, Any], raw: bytes) -> bytes:
    v = raw[64] if raw[64] >= 27 else raw[64] + 27
    words = (message["delegatee"], int(message["nonce"]), int(message["expiry"]), v, raw[:32], raw[32:64])
    return abi.encode_call("GuildToken", "delegateBySig", *words)


def _try_out(governor: Governor, data: bytes) -> None:
    """Raise No with the token's own no; a node that is silent leaves it to the outbox."""
    call = {"to": governor.token.address, "data": "0x" + data.hex()}
    try:
        client(governor.chain).rpc("eth_estimateGas", call)
    except NodeUnreachable:
        return
    except NodeRefused as refused:
        raise No(_(abi.decode_error(refused.data) or "The contract refused without a reason.")) from refused


def _leave(row: SignedDelegation, data: bytes) -> SignedDelegation:
    with transaction.atomic():
        one_at_a_time()
        named = {"governor": row.governor, "delegator": row.delegator, "nonce": row.nonce}
        before = (
            SignedDelegation.objects.select_related("sending").filter(**named).exclude(sending__state__in=OVER).first()
        )
        if before is not None:
            return before
        if why := why_not(row.governor, row.delegator):
            raise No(why)
        key = f"delegation:{row.governor.pk}:{row.delegator}:{row.delegate}:{row.nonce}:{row.expiry}"
        row.sending = outbox.submit(key=key, to=row.governor.token.address, data=data, chain=row.governor.chain)
        row.save()
    return row


def latest(governor: Governor, delegator: str) -> SignedDelegation | None:
    """The newest signed change of the last hour, or the one that is still on its way."""
    rows = SignedDelegation.objects.select_related("sending", "governor__token").filter(governor=governor)
    return rows.filter(delegator=delegator, signed_at__gt=timezone.now() - timedelta(hours=1)).order_by("-pk").first()


def statement_asked(governor: Governor, author: str, text: str) -> Any:
    """The typed data of a statement; raises No for who is nobody's delegate, not even their own."""
    if not power_at(governor, author):
        raise No(_("Nobody has delegated to this account, so it has no statement to make. Delegate to yourself first."))
    at = max(int(timezone.now().timestamp()), _said_at(governor, author) + 1)
    return _statement_typed(governor, author, text, at)


def _said_at(governor: Governor, author: str) -> int:
    row = Statement.objects.filter(governor=governor, author=author).first()
    return row.said_at if row else 0


def _statement_typed(governor: Governor, author: str, text: str, at: int) -> Any:
    message = {"account": author, "statement": text, "at": str(at)}
    return typed_data("Guildhall", governor, "DelegateStatement", STATEMENT, message)


def state(governor: Governor, author: str, text: str, at: int, signature: str) -> Statement:
    """Publish a signed statement in place of the one before; an older one cannot come back. Raises No.

    One that was hidden by the operators stays hidden until they show it again.
    """
    typed = _statement_typed(governor, author, text, at)
    try:
        signed = signatures.is_valid(author, typed, signature, governor.chain)
    except (NodeUnreachable, NodeRefused) as problem:
        raise No(no_answer()) from problem
    except ValueError:
        signed = False
    if not signed or not power_at(governor, author):
        raise No(
            _("This signature is not from the account that makes the statement. Nothing was published; sign again.")
        )
    if abs(at - timezone.now().timestamp()) > GOOD_FOR.total_seconds():
        raise No(_("That took too long. Please sign again."))
    with transaction.atomic():
        row = Statement.objects.select_for_update().filter(governor=governor, author=author).first()
        if row is not None and row.said_at >= at:
            raise No(_("A newer statement stands already."))
        row = row or Statement(governor=governor, author=author)
        row.text, row.said_at, row.signature = text, at, raw_signature(signature)
        row.save()
    return row


def report(statement: Statement, *, why: str) -> None:
    """Leave a report for the operators; beyond a number of open ones more say nothing new."""
    if statement.reports.count() < MOST_REPORTS:
        StatementReport.objects.create(statement=statement, why=why)


def hide(statement: Statement, *, why: str) -> None:
    """Take a statement off the pages, with a reason; its reports are answered."""
    with transaction.atomic():
        row = Statement.objects.select_for_update().get(pk=statement.pk)
        row.hidden_at, row.hidden_why = timezone.now(), why
        row.save(update_fields=["hidden_at", "hidden_why"])
        row.reports.all().delete()


def show_again(statement: Statement) -> None:
    """Put a statement back; its reports are answered."""
    with transaction.atomic():
        Statement.objects.filter(pk=statement.pk).update(hidden_at=None, hidden_why="")
        statement.reports.all().delete()


__all__ = ["asked", "hand_in", "hide", "latest", "report", "show_again", "state", "statement_asked", "why_not"]
