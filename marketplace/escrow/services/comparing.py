"""Compare our books of a contract with what the contract says, figure by figure: no database, no node."""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping
from typing import Any

from chain.questions import Questions
from marketplace.escrow.models import Channel, Escrow, LedgerEntry
from marketplace.escrow.services.books import Books, CreditLine
from marketplace.escrow.services.settling import ESCROW
from marketplace.escrow.tokens import ERC20

ACTIVE, CLOSED, DISPUTED = 1, 2, 3
OPEN_CHANNELS = {1: Channel.State.OPEN, 2: Channel.State.CLOSING}
STATES = {
    Escrow.State.HELD: ACTIVE,
    Escrow.State.DISPUTED: DISPUTED,
    Escrow.State.RELEASED: CLOSED,
    Escrow.State.REFUNDED: CLOSED,
    Escrow.State.RESOLVED: CLOSED,
}
NAMES = {0: "not known", ACTIVE: "active", CLOSED: "closed", DISPUTED: "disputed"}
TERMS = {
    "buyer_address": "buyer",
    "provider_address": "provider",
    "token": "token",
    "treasury": "treasury",
    "total": "total",
    "price": "pricePerPeriod",
    "released": "released",
    "period_seconds": "periodSeconds",
    "periods": "periods",
    "hold_seconds": "hold",
    "fee_bps": "feeBps",
}
PARAMS = {
    "fee_bps": "feeBps",
    "treasury": "treasury",
    "hold_seconds": "hold",
    "arbiter_seconds": "arbiterTime",
    "close_delay_seconds": "closeDelay",
}
Answers = Mapping[Hashable, Any]
Account = LedgerEntry.Account


def questions(books: Books) -> Questions:
    """All that a contract is asked for, to be held against `books`."""
    asked, address = Questions(), books.contract.address
    asked.ask("seq", ESCROW, "seq", address=address)
    asked.ask("params", ESCROW, "params", address=address)
    for row in [*books.deposits, *books.strays]:
        asked.ask(("order", row["escrow_id"]), ESCROW, "orders", row["escrow_id"], address=address)
    for row in books.channels:
        asked.ask(("channel", row["channel_id"]), ESCROW, "channels", row["channel_id"], address=address)
    for who in books.arbiters:
        asked.ask(("arbiter", who), ESCROW, "arbiters", who, address=address)
    asked.ask("paused", ESCROW, "paused", address=address)
    for pair in _accounts(books):
        asked.ask(("credit", pair), ESCROW, "credits", *pair, address=address)
    for token in _tokens(books):
        asked.ask(("owed", token), ESCROW, "owed", token, address=address)
        asked.ask(("allowed", token), ESCROW, "allowedTokens", token, address=address)
        asked.ask(("balance", token), ERC20, "balanceOf", address, address=token)
    return asked


def _accounts(books: Books) -> set[tuple[str, str]]:
    """Whoever has a line of credit, and whoever must have one because a deposit paid."""
    found = set(books.credits)
    for row in books.deposits:
        for role in ("buyer_address", "provider_address", "treasury"):
            if row["released"] or row["refunded"]:
                found.add((row["token"], row[role]))
    return found


def _tokens(books: Books) -> set[str]:
    credited = {token for token, _ in books.credits}
    return credited | set(books.tokens) | {row["token"] for row in [*books.deposits, *books.strays, *books.channels]}


def compare(books: Books, answers: Answers) -> Iterator[str]:
    """A sentence for each figure in which books and contract differ, in base units."""
    if books.stopped:
        yield f"{books.contract} is settled to event {books.seq} and stands still. {books.stopped}"
    if books.seq != answers["seq"]:
        yield (
            f"{books.contract}: {books.seq} events are settled, the contract has {answers['seq']} "
            f"at block {books.block}."
        )
    for row in books.deposits:
        yield from _deposit(row, answers["order", row["escrow_id"]])
        yield from _ledger(row, books.ledger.get(row["pk"], {}))
    here = {row["escrow_id"] for row in [*books.deposits, *books.strays]}
    for escrow_id in sorted(books.announced - here):
        yield f"Deposit {escrow_id}: the copied chain tells of it, our books do not have it."
    for row in books.channels:
        yield from _channel(row, answers["channel", row["channel_id"]])
    for row in books.calls:
        yield from _calls(row)
    yield from _credits(books, answers)
    yield from _sums(books, answers)
    yield from _rules(books, answers)


def _deposit(row: Mapping[str, Any], theirs: Any) -> Iterator[str]:
    name = f"Deposit {row['escrow_id']}"
    if theirs is None or not theirs.state:
        yield f"{name}: the contract does not know it."
        return
    closed = theirs.state == CLOSED
    figures = [(what.replace("_", " "), row[what], getattr(theirs, term)) for what, term in TERMS.items()]
    figures += [
        ("state", NAMES[STATES[row["state"]]], NAMES.get(theirs.state, str(theirs.state))),
        ("refunded", row["refunded"], theirs.total - theirs.released if closed else theirs.refunded),
        ("start", int(row["started_at"].timestamp()), theirs.startedAt),
        ("freeze", int(row["frozen_at"].timestamp()) if row["frozen_at"] else 0, theirs.frozenAt),
        ("ruling's date", int(row["ruling_due_at"].timestamp()) if row["ruling_due_at"] else 0, theirs.rulingDueAt),
    ]
    for what, ours, other in figures:
        if ours != other:
            yield f"{name}: {what} is {ours} here and {other} in the contract."


def _channel(row: Mapping[str, Any], theirs: Any) -> Iterator[str]:
    """A closed channel keeps nothing but its state."""
    name = f"Channel {row['channel_id']}"
    ours = row["state"], row["deposit"], row["claimed"]
    other = (Channel.State.CLOSED, row["deposit"], row["claimed"])
    if theirs.state in OPEN_CHANNELS:
        other = OPEN_CHANNELS[theirs.state], theirs.deposit, theirs.claimed
    elif not theirs.state:
        yield f"{name}: the contract does not know it."
        return
    for what, here, there in zip(("state", "deposit", "claimed"), ours, other, strict=True):
        if here != there:
            yield f"{name}: {what} is {here} here and {there} in the contract."


def _calls(row: Mapping[str, Any]) -> Iterator[str]:
    """A deposit for calls against its ledger, and what was claimed against what the calls came to."""
    name, sums = f"Deposit for calls {row['name']}", row["ledger"]
    figures = {
        Account.BUYER: row["refunded"] - row["total"],
        Account.ESCROW: row["total"] - row["claimed"] - row["refunded"],
        Account.PROVIDER: row["claimed"] - row["fee_paid"],
        Account.FEES: row["fee_paid"],
    }
    for account, amount in figures.items():
        if sums.get(account, 0) != amount:
            yield f"{name}: the ledger has {sums.get(account, 0)} on the account {account.value}, the channel {amount}."
    if row["is_late"]:
        return
    if row["metered"] != row["total"]:
        yield f"{name}: calls may take {row['metered']} in all, the channel holds {row['total']}."
    if row["claimed"] > (row["owed"] or 0):
        yield f"{name}: {row['claimed']} is claimed, answered calls came to {row['owed']}."


def _ledger(row: Mapping[str, Any], sums: Mapping[str, int]) -> Iterator[str]:
    expected = {
        Account.BUYER: row["refunded"] - row["total"],
        Account.ESCROW: row["total"] - row["released"] - row["refunded"],
        Account.PROVIDER: row["released"] - row["fee_paid"],
        Account.FEES: row["fee_paid"],
    }
    for account, amount in expected.items():
        if sums.get(account, 0) != amount:
            yield (
                f"Deposit {row['escrow_id']}: the ledger has {sums.get(account, 0)} on the account {account.value}, "
                f"the deposit {amount}."
            )


def _credits(books: Books, answers: Answers) -> Iterator[str]:
    for token, who in sorted(_accounts(books)):
        line = books.credits.get((token, who), CreditLine(0, 0, 0))
        theirs = answers["credit", (token, who)]
        if line.available != theirs:
            yield f"Credit of {who} in token {token}: {line.available} here and {theirs} in the contract."
        if line.withdrawn != line.withdrawals:
            yield (
                f"Credit of {who} in token {token}: {line.withdrawn} is withdrawn, the list of withdrawals has "
                f"{line.withdrawals}."
            )


def _sums(books: Books, answers: Answers) -> Iterator[str]:
    """All that the books owe of a token, against what the contract owes and what it has."""
    owed: dict[str, int] = defaultdict(int)
    for row in books.deposits:
        owed[row["token"]] += row["total"] - row["released"] - row["refunded"]
    for row in books.strays:
        theirs = answers["order", row["escrow_id"]]
        is_open = theirs and theirs.state in (ACTIVE, DISPUTED)
        owed[row["token"]] += theirs.total - theirs.released - theirs.refunded if is_open else 0
    for row in books.channels:
        owed[row["token"]] += row["deposit"] - row["claimed"] - row["refunded"]
    for (token, _), line in books.credits.items():
        owed[token] += line.available
    for token in sorted(_tokens(books)):
        theirs, balance = answers["owed", token], answers["balance", token]
        if owed[token] != theirs:
            yield f"Token {token}: our books owe {owed[token]}, the contract owes {theirs}."
        if theirs and (balance is None or balance < theirs):
            yield f"Token {token}: the contract owes {theirs} and has {'nothing' if balance is None else balance}."


def _rules(books: Books, answers: Answers) -> Iterator[str]:
    """What a vote has set: parameters of the next order, and the tokens that it may be paid in."""
    theirs = answers["params"]
    for ours_name, name in PARAMS.items():
        ours, other = getattr(books.params, ours_name, None), getattr(theirs, name, None)
        if ours != other:
            yield f"{books.contract}: {ours_name.replace('_', ' ')} is {ours} here and {other} in the contract."
    if books.paused != answers["paused"]:
        yield f"{books.contract}: paused is {books.paused} here and {answers['paused']} in the contract."
    for who, allowed in sorted(books.arbiters.items()):
        if allowed != answers["arbiter", who]:
            yield f"Arbiter {who}: allowed is {allowed} here and {answers['arbiter', who]} in the contract."
    for token, accepted in sorted(books.tokens.items()):
        if accepted and not answers["allowed", token]:
            yield f"Token {token}: our shop takes it, the contract does not."
