"""Read a DAO's accounts on, a stretch of final blocks at a time; what was read and the place are one transaction."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import structlog
from django.db import transaction

from chain.client import Client, NodeRefused, NodeUnreachable, WrongChain, client
from chain.models import Contract, CopyPosition, Log
from chain.questions import hash_of
from governance.facts import ESCROW
from governance.models import FeeAccount, Governor, Holding, Movement, Token, TokenKind, Treasury
from governance.power import checked_address
from governance.projection import timelocks_of
from governance.services import learn_token
from governance.treasuries import moving
from governance.treasuries.holding import holdings

log = structlog.get_logger(__name__)
AT_ONCE: Final = 20  # stretches of one DAO in one run
LONGEST: Final = 100_000
COUNTED: Final = (TokenKind.ERC20, TokenKind.ERC721)


def follow(chain: str) -> int:
    """Read each DAO of a chain up to what is final; returns how many stretches were read."""
    done = 0
    for governor in Governor.objects.filter(chain=chain, caught_up_at__isnull=False).select_related("token"):
        try:
            done += _follow(governor, client(chain))
        except (NodeUnreachable, NodeRefused, WrongChain) as problem:
            log.warning("governance.treasury", governor=governor.address, problem=str(problem))
    return done


def _follow(governor: Governor, node: Client) -> int:
    position = CopyPosition.objects.filter(pk=governor.chain, frozen_at__isnull=True).first()
    target = min(position.final_number, position.copied_number) if position else -1
    escrows = list(Contract.objects.filter(chain=governor.chain, name=ESCROW)) if governor.is_own else []
    accounts = _accounts(governor, escrows, target)
    if not accounts or target < 0:
        return 0
    tokens = _tokens(governor, node, escrows, target)
    treasury = _row(governor, node, accounts, tokens)
    done = 0
    while treasury.number < target and done < AT_ONCE:
        _read(treasury, node, tokens, escrows, target)
        done += 1
    return done


def _accounts(governor: Governor, escrows: Iterable[Contract], target: int) -> dict[str, str]:
    """What each account is: fees first, so that a timelock that gets them is called a timelock."""
    said = _said(escrows, "ParamsSet", target)
    found = {args["treasury"]: "fees" for args in said}
    return found | {str(checked_address(each)): "timelock" for each in sorted(timelocks_of(governor))}


def _said(escrows: Iterable[Contract], name: str, target: int) -> list[dict[str, Any]]:
    """The arguments of all events of a name, of what is final."""
    topics = moving.topics_of(name)
    addresses = [row.address.lower() for row in escrows]
    chains = {row.chain for row in escrows}
    logs = Log.objects.filter(chain__in=chains, address__in=addresses, topic0__in=topics, number__lte=target)
    return [event.args for row in logs.in_order() if (event := row.decoded)]


def _tokens(governor: Governor, node: Client, escrows: Iterable[Contract], target: int) -> list[Token]:
    """The tokens that are known on the chain, and those that the escrow ever took."""
    taken = {args["token"] for args in _said(escrows, "TokenSet", target)}
    known = set(Token.objects.filter(chain=governor.chain).values_list("address", flat=True))
    for address in sorted(taken - known):
        learn_token(node, governor.chain, address)
    return list(Token.objects.filter(chain=governor.chain, kind__in=COUNTED).order_by("pk"))


def _first(governor: Governor, accounts: Iterable[str]) -> int:
    """The block from which on there can be something: the first of the contracts that matter."""
    matter = {governor.address, governor.token.address, *accounts}
    blocks = Contract.objects.filter(chain=governor.chain, address__in=matter).values_list("deployed_block", flat=True)
    return min(blocks, default=0)


def _row(governor: Governor, node: Client, accounts: dict[str, str], tokens: list[Token]) -> Treasury:
    """The DAO's row. Other accounts or tokens than were read, or another history: all is read anew."""
    wanted: dict[str, Any] = {"accounts": accounts, "tokens": [token.address for token in tokens]}
    row = Treasury.objects.filter(governor=governor).select_related("governor").first()
    made = row is None
    if row is None:
        first = _first(governor, accounts)
        row = Treasury.objects.create(governor=governor, first=first, number=first - 1, **wanted)
    if made:
        return row
    same = all(getattr(row, name) == value for name, value in wanted.items())
    if same and (not row.block_hash or hash_of(node, row.number) == row.block_hash):
        return row
    with transaction.atomic():
        row.coin_searches.all().delete()
        row.movements.all().delete()
        row.fee_accounts.all().delete()
        row.holdings.all().delete()
        row.number, row.block_hash, row.held_at = row.first - 1, "", None
        row.accounts, row.tokens = wanted["accounts"], wanted["tokens"]
        row.save()
    return row


def _read(treasury: Treasury, node: Client, tokens: list[Token], escrows: list[Contract], target: int) -> None:
    """One stretch. Where the node finds it too long, a shorter one is asked for next time."""
    first, last = treasury.number + 1, min(treasury.number + treasury.span, target)
    block_hash = hash_of(node, last)  # first of all: a node that lags would answer with the logs that it has
    try:
        moves = moving.transfers(node, treasury, tokens, first, last)
    except NodeRefused:
        if treasury.span == 1:
            raise
        treasury.span = max(1, treasury.span // 4)
        treasury.save(update_fields=["span"])
        return
    moves += moving.own_coin(treasury, first, last)
    credited, fees = moving.of_escrows(treasury, escrows, tokens, first, last)
    held = holdings(node, treasury, tokens, escrows, last) if last == target else None
    at = moving.times(node, treasury.governor.chain, {last})[last]
    with transaction.atomic():
        row = Treasury.objects.select_for_update().get(pk=treasury.pk)
        if row.number != treasury.number:
            return
        Movement.objects.bulk_create([*moves, *credited], batch_size=1_000)
        FeeAccount.objects.bulk_create(fees, batch_size=1_000)
        if held is not None:
            row.holdings.all().delete()
            Holding.objects.bulk_create(held)
            treasury.held_at = last
        treasury.number, treasury.block_hash, treasury.block_at = last, block_hash, at
        treasury.span = min(treasury.span * 2, LONGEST)
        treasury.save()
