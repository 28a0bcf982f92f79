"""Logs to movements: transfers of tokens, the chain's own coin, fees of the escrow and what was withdrawn there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from chain import rpc
from chain.abi.artefacts import entries
from chain.abi.events import topic_of
from chain.client import Client
from chain.models import Block, Contract, Log
from chain.rpc import Header, LogEntry
from governance.decoding import TOPIC, said
from governance.facts import ESCROW
from governance.models import FeeAccount, Movement, Token, Treasury

Kind = Movement.Kind
NAMES_THE_ACCOUNT = ("Funded", "ChannelOpened")


@cache
def _told() -> list[str]:
    """First topics of what the escrow says of fees: who gets them, how much, and what was withdrawn."""
    events = entries(ESCROW, "event")
    wanted = {*NAMES_THE_ACCOUNT, "Withdrawn"}
    return [
        topic_of(entry)
        for entry in events
        if entry["name"] in wanted or "fee" in {item["name"] for item in entry["inputs"]}
    ]


def topics_of(name: str) -> list[str]:
    """The first topics of the escrow's events of a name."""
    return [topic_of(entry) for entry in entries(ESCROW, "event") if entry["name"] == name]


def transfers(node: Client, treasury: Treasury, tokens: Sequence[Token], first: int, last: int) -> list[Movement]:
    """What tokens say of the accounts in these blocks; raises what the node raises."""
    if not tokens:
        return []
    accounts = ["0x" + account[2:].lower().rjust(64, "0") for account in treasury.accounts]
    of: dict[str, Any] = {"fromBlock": hex(first), "toBlock": hex(last), "address": [each.address for each in tokens]}
    calls = [
        ("eth_getLogs", [{**of, "topics": [TOPIC["Transfer"], accounts]}]),
        ("eth_getLogs", [{**of, "topics": [TOPIC["Transfer"], None, accounts]}]),
    ]
    logs = {(log.height, log.index): log for raw in node.node.batch(calls) for log in rpc.read(raw, list[LogEntry])}
    made = times(node, treasury.governor.chain, {number for number, _ in logs})
    known = {token.address.lower(): token for token in tokens}
    return [
        move
        for (number, _), log in sorted(logs.items())
        if log.address.lower() in known
        for move in _moves(treasury, known[log.address.lower()], log, made[number])
    ]


def _moves(treasury: Treasury, token: Token, log: LogEntry, at: int) -> Iterator[Movement]:
    what = said(log.topics, bytes.fromhex(log.data[2:]))
    if what is None or what.args["from"] == what.args["to"]:
        return
    value = what.args.get("value", 1)  # a piece counts one
    place = {"number": log.height, "log_index": log.index, "tx_hash": log.transaction_hash, "at": at}
    sides = ((what.args["from"], what.args["to"], -value), (what.args["to"], what.args["from"], value))
    for account, other, amount in sides:
        if account in treasury.accounts and amount:
            yield Movement(
                treasury=treasury, kind=Kind.TRANSFER, account=account, token=token, amount=amount, other=other, **place
            )


def times(node: Client, chain: str, numbers: set[int]) -> dict[int, int]:
    """When blocks were made; the node is asked for those that are not copied."""
    known = dict(Block.objects.filter(chain=chain, number__in=numbers).values_list("number", "timestamp"))
    missing = sorted(numbers - known.keys())
    answers = node.node.batch([("eth_getBlockByNumber", [hex(number), False]) for number in missing])
    return known | {number: rpc.read(raw, Header).time for number, raw in zip(missing, answers, strict=True)}


def own_coin(treasury: Treasury, first: int, last: int) -> list[Movement]:
    """What the timelocks sent of the chain's own coin. What comes in says no log."""
    addresses = [account.lower() for account in treasury.accounts]
    return [
        Movement(
            treasury=treasury, kind=Kind.TRANSFER, account=_account(treasury, log), amount=-what.args["value"],
            other=what.args["target"], **_place(log),
        )
        for log in _logs(treasury, addresses, [TOPIC["CallExecuted"]], first, last)
        if (what := said(log.topics, bytes(log.data))) and what.args["value"]
    ]  # fmt: skip


def _account(treasury: Treasury, log: Log) -> str:
    return next(str(account) for account in treasury.accounts if account.lower() == log.address)


def _logs(treasury: Treasury, addresses: list[str], topics: list[str], first: int, last: int) -> Iterable[Log]:
    of = {"chain": treasury.governor.chain, "address__in": addresses, "topic0__in": topics}
    return Log.objects.filter(**of, number__range=(first, last)).select_related("block").in_order()


def _place(log: Log) -> dict[str, Any]:
    return {"number": log.number, "log_index": log.log_index, "tx_hash": log.tx_hash, "at": log.block.timestamp}


def of_escrows(
    treasury: Treasury, escrows: Sequence[Contract], tokens: Sequence[Token], first: int, last: int
) -> tuple[list[Movement], list[FeeAccount]]:
    """What the escrows credited the accounts with and paid out to them, and whose the fee of what began is."""
    by_address = {row.address.lower(): row.address for row in escrows}
    known = {token.address: token for token in tokens}
    began, moves, waiting = dict[tuple[str, str], str](), list[Movement](), list[tuple[str, Log, dict[str, Any]]]()
    for log in _logs(treasury, list(by_address), _told(), first, last):
        event, escrow = log.decoded, by_address[log.address]
        if event is None:
            continue
        if event.name in NAMES_THE_ACCOUNT:
            began[escrow, event.args["id"]] = event.args["treasury"]
        elif event.name == "Withdrawn":
            if event.args["who"] in treasury.accounts and event.args["token"] in known:
                args = {**event.args, "account": event.args["who"], "change": -event.args["amount"]}
                moves.append(_credit(treasury, Kind.WITHDRAWN, escrow, token=known[args["token"]], log=log, args=args))
        elif event.args["fee"]:
            waiting.append((escrow, log, event.args))
    fees = [FeeAccount(treasury=treasury, escrow=escrow, agreement=agreement, account=account)
            for (escrow, agreement), account in began.items()]  # fmt: skip
    earlier = treasury.fee_accounts.filter(agreement__in=[args["id"] for _, _, args in waiting])
    accounts = {(row.escrow, row.agreement): row.account for row in earlier} | began
    for escrow, log, args in waiting:
        account = accounts.get((escrow, args["id"]), "")
        if account in treasury.accounts and args["token"] in known:
            told = {**args, "account": account, "change": args["fee"], "to": ""}
            moves.append(_credit(treasury, Kind.FEE, escrow, token=known[args["token"]], log=log, args=told))
    return moves, fees


def _credit(treasury: Treasury, kind: str, escrow: str, *, token: Token, log: Log, args: dict[str, Any]) -> Movement:
    return Movement(
        treasury=treasury, kind=kind, account=args["account"], escrow=escrow, token=token,
        amount=args["change"], other=args["to"], **_place(log),
    )  # fmt: skip
