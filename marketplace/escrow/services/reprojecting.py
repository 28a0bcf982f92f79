"""Settle all events again into shadow tables, with today's handlers, and compare with the books that are stored."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import QuerySet

from chain import projections
from chain.models import Contract, Cursor, Log
from chain.projections import Picture
from marketplace.catalog.currencies import TokenFacts
from marketplace.catalog.models import Currency
from marketplace.escrow.handlers import Impossible
from marketplace.escrow.models import (
    Arbiter,
    CallDeposit,
    Channel,
    Credit,
    Escrow,
    LedgerEntry,
    Settlement,
    StrayDeposit,
    Withdrawal,
)
from marketplace.escrow.services.applying import Batch
from marketplace.escrow.services.settling import ESCROW, NotYet, Stopped, apply_event, cursor_name
from marketplace.lifecycle import Refused
from marketplace.subscriptions.clock import market_time
from marketplace.subscriptions.models import MarketParams, Meter, Order, Pause, Subscription
from marketplace.tenancy.scope import as_system

IN_CONTRACT = ("chain", "contract")
DERIVED: dict[type[models.Model], tuple[str, ...]] = {
    Escrow: (*IN_CONTRACT, "escrow_id"),
    LedgerEntry: ("escrow__contract", "escrow__escrow_id", "calls__channel__channel_id", "seq", "account"),
    Credit: (*IN_CONTRACT, "address", "currency__address"),
    Withdrawal: (*IN_CONTRACT, "seq"),
    StrayDeposit: (*IN_CONTRACT, "escrow_id"),
    Channel: (*IN_CONTRACT, "channel_id"),
    CallDeposit: ("channel__contract", "channel__channel_id"),
    Meter: ("subscription__order__public_id",),
    Arbiter: (*IN_CONTRACT, "address"),
    Pause: (*IN_CONTRACT, "seq"),
    MarketParams: (*IN_CONTRACT, "seq"),
    Settlement: IN_CONTRACT,
}
TOUCHED: tuple[type[models.Model], ...] = (Order, Subscription, Currency)
COMPACT_EVERY = 1000
CHAIN_OF: dict[type[models.Model], str] = {
    LedgerEntry: "currency__chain",
    CallDeposit: "channel__chain",
    Meter: "subscription__order__currency__chain",
}
NOT_BY_LOGS = {"id", "stopped", "stopped_at", "spent", "owed", "warned"}
ROWS = {"escrow_id", "calls_id", "channel_id"}  # of this rehearsal; what is meant by them stands in the key


def differences() -> list[str]:
    """A sentence for each row of the books that is other than today's handlers make of the stored logs."""
    with projections.rehearsal(), as_system("every organization's books are rebuilt and compared"):
        stored, facts, places = _picture(), _facts(), _places()
        projections.shadow([model._meta.db_table for model in (*DERIVED, *TOUCHED)])
        projections.empty([model._meta.db_table for model in DERIVED])
        _forget_what_logs_did()
        problems = list(_settle_again(facts, places))
        return problems + list(projections.compared(stored, _picture()))


def _picture() -> Picture:
    found: Picture = {}
    for model, key in DERIVED.items():
        facts = [_fact(field) for field in model._meta.concrete_fields if field.name not in NOT_BY_LOGS]
        compared = [name for name in facts if name not in key and name not in ROWS]
        found[str(model._meta.verbose_name).capitalize()] = projections.picture(_all(model), key, compared)
    here = Order.objects.filter(currency__chain=settings.CHAIN_ID)
    found["Order"] = projections.picture(here, ["public_id"], ["state", "added_periods", "returned"])
    found["Subscription"] = _subscriptions(Subscription.objects.filter(order__currency__chain=settings.CHAIN_ID))
    tokens = Currency.objects.filter(chain=settings.CHAIN_ID)
    found["Currency"] = projections.picture(tokens, ["address"], ["accepted"])
    return found


def _fact(field: Any) -> str:
    """The name under which a column is read: a currency by its address, for its id depends on when it was learnt."""
    return "currency__address" if field.name == "currency" else str(field.attname)


def _all(model: type[models.Model]) -> QuerySet[Any]:
    return model._default_manager.filter(**{CHAIN_OF.get(model, "chain"): settings.CHAIN_ID})


def _subscriptions(rows: QuerySet[Subscription]) -> dict[tuple[Any, ...], dict[str, Any]]:
    """As the logs leave them: what the clock has ended since, or a moderator suspended, was active."""
    found = projections.picture(rows, ["order__public_id"], ["state", "starts_at", "ends_at"])
    now = market_time()
    for row in found.values():
        if row["state"] == Subscription.State.SUSPENDED:
            row["state"] = Subscription.State.ACTIVE
        if row["state"] == Subscription.State.ACTIVE and row["ends_at"] <= now:
            row["state"] = Subscription.State.ENDED
    return found


def _facts() -> dict[str, TokenFacts | None]:
    """What tokens said of themselves when they were learnt; None for those that did not answer as a token."""
    return {row.address: _said(row) for row in Currency.objects.filter(chain=settings.CHAIN_ID)}


def _said(token: Currency) -> TokenFacts | None:
    if token.name == token.address:
        return None
    names = ("symbol", "name", "decimals", "eip712_version", "takes_authorization", "takes_permit")
    return TokenFacts(**{name: getattr(token, name) for name in names})


def _places() -> dict[str, tuple[Contract, Cursor]]:
    """Each escrow contract and how far it is settled, by the address under which its logs are kept."""
    found = {}
    for contract in Contract.objects.filter(chain=settings.CHAIN_ID, name=ESCROW):
        name = cursor_name(contract)
        found[contract.address.lower()] = (contract, Cursor.objects.filter(name=name).first() or Cursor(name=name))
    return found


def _forget_what_logs_did() -> None:
    """Shadows of orders, subscriptions and tokens as they are before any event; what a clock expired stays expired."""
    unpaid, expired = Subscription.State.PENDING, Order.State.EXPIRED
    Subscription.objects.update(state=unpaid, starts_at=None, ends_at=None, grace_ends_at=None)
    Subscription.objects.filter(order__state=expired).update(state=Subscription.State.ENDED)
    Order.objects.update(added_periods=0, returned=0)
    Order.objects.exclude(state=expired).update(state=Order.State.PLACED)
    Currency.objects.update(accepted=False)
    Currency.objects.filter(name=models.F("address")).delete()


def _settle_again(facts: dict[str, TokenFacts | None], places: dict[str, tuple[Contract, Cursor]]) -> Iterator[str]:
    """Apply all events of all contracts in the chain's order, each contract's up to its place or its first problem."""
    batches = {address: Batch(contract, facts) for address, (contract, _) in places.items()}
    settled = {
        address: Settlement(chain=contract.chain, contract=contract.address)
        for address, (contract, cursor) in places.items()
        if cursor.number >= 0
    }
    waiting = set(settled)
    logs = Log.objects.filter(chain=settings.CHAIN_ID, address__in=settled).in_order().select_related("block")
    for number, log in enumerate(logs.iterator(chunk_size=1000), start=1):
        if number % COMPACT_EVERY == 0:  # a few accounts are credited by every event, in one transaction
            projections.compact([Credit._meta.db_table])
        cursor = places[log.address][1]
        if log.address not in waiting or (log.number, log.log_index) > (cursor.number, cursor.log_index):
            continue
        try:
            with transaction.atomic():
                apply_event(batches[log.address], settled[log.address], log)
        except (Stopped, NotYet, Impossible, Refused, IntegrityError, Currency.DoesNotExist) as problem:
            waiting.discard(log.address)
            yield f"{log} cannot be settled again. {str(problem).splitlines()[0] if str(problem) else ''}".strip()
        batches[log.address].happened.clear()
    Settlement.objects.bulk_create(settled.values())
