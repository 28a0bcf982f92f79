"""Write what one event of the escrow changes. Called by the settlement only, in its transaction, as the system."""

from typing import Any

import structlog
from django.db.models import F
from django.utils.translation import gettext_noop as noop

from chain.abi import Event
from chain.models import Contract, Log
from marketplace.catalog.currencies import TokenFacts, accept_currency
from marketplace.catalog.models import Currency
from marketplace.escrow import handlers
from marketplace.escrow.models import Arbiter, Credit, Escrow, LedgerEntry, StrayDeposit, Withdrawal
from marketplace.escrow.services.channels import Channels, credit, place
from marketplace.escrow.terms import escrow_id, terms
from marketplace.subscriptions import services as subscriptions
from marketplace.subscriptions.clock import moment
from marketplace.subscriptions.models import MarketParams, Order, Pause

Args = dict[str, Any]
log = structlog.get_logger(__name__)


class Batch:
    """One transaction's worth of events of one contract; `happened` collects what both sides are told at its end."""

    def __init__(self, contract: Contract, facts: dict[str, TokenFacts | None]) -> None:
        self.contract, self.facts = contract, facts
        self.chain, self.address = contract.chain, contract.address
        self._here = {"chain": contract.chain, "contract": contract.address}
        self.happened: list[tuple[str, Order, dict[str, object]]] = []
        self._channels = Channels(self._here, lambda *told: self.happened.append(told))

    def knows(self, token: str) -> bool:
        """Whether a token was asked for its name and decimals, with whatever answer."""
        return token in self.facts

    def apply(self, event: Event, at: Log) -> None:
        """Write what `event` changes; raises Impossible when it does not follow from what is settled."""
        apply = getattr(self, f"_{event.name}", None) or getattr(self._channels, event.name, None)
        if apply is None:
            raise handlers.Impossible(f"No handler knows what {event.name} changes.")
        apply(event.args, at)

    def _ParamsSet(self, args: Args, at: Log) -> None:  # noqa: N802
        MarketParams.objects.create(
            seq=args["seq"],
            fee_bps=args["feeBps"],
            treasury=args["treasury"],
            hold_seconds=args["hold"],
            arbiter_seconds=args["arbiterTime"],
            close_delay_seconds=args["closeDelay"],
            **self._here,
            **place(at),
        )

    def _TokenSet(self, args: Args, at: Log) -> None:  # noqa: N802
        token, facts = args["token"], self.facts[args["token"]]
        known = Currency.objects.filter(chain=self.chain, address=token).exists()
        if facts is None and not known:
            facts = TokenFacts(symbol=token[:8], name=token, decimals=0)
        accepted = args["allowed"] and (known or self.facts[token] is not None)
        accept_currency(chain=self.chain, address=token, accepted=accepted, facts=facts)

    def _Funded(self, args: Args, at: Log) -> None:  # noqa: N802
        order = Order.objects.select_related("currency", "subscription").select_for_update(of=("self",))
        found = order.filter(order_ref=args["orderRef"]).first()
        reason = "No order of ours has these terms." if found is None else self._misfit(found, args)
        if found is None or reason:
            self._stray(args, at, reason)
            return
        started_at = moment(args["startedAt"])
        is_late = found.state != Order.State.PLACED or started_at > found.expires_at
        effect = handlers.funded(args)
        escrow = Escrow.objects.create(
            order=found,
            buyer_id=found.buyer_id,
            provider_id=found.provider_id,
            currency_id=found.currency_id,
            is_late=is_late,
            funded_block=at.number,
            funded_tx=at.tx_hash,
            **self._facts_of(args),
        )
        self._record(escrow, effect, "funded", args["seq"], at)
        if not is_late:
            subscriptions.begin(found, starts_at=started_at, ends_at=moment(args["endsAt"]))
        elif found.state == Order.State.PLACED:
            found.move(Order.State.EXPIRED)
            found.subscription.move("ended", ended_reason=noop("The order was not paid in time."))
        self._tell("order.paid_late" if is_late else "order.funded", escrow, at, amount=str(args["total"]))

    def _facts_of(self, args: Args) -> dict[str, Any]:
        started_at = moment(args["startedAt"])
        return {
            **self._here,
            "escrow_id": args["id"],
            "buyer_address": args["buyer"],
            "provider_address": args["provider"],
            "total": args["total"],
            "price": args["pricePerPeriod"],
            "period_seconds": args["periodSeconds"],
            "periods": args["periods"],
            "fee_bps": args["feeBps"],
            "treasury": args["treasury"],
            "hold_seconds": args["hold"],
            "started_at": started_at,
            "ends_at": moment(args["endsAt"]),
            "next_due_at": moment(args["startedAt"] + args["periodSeconds"] + args["hold"]),
        }

    def _misfit(self, order: Order, args: Args) -> str:
        reason = handlers.misfit(terms(order), args)
        if not reason and escrow_id(order, buyer=args["buyer"], contract=self.address) != args["id"]:
            return "Its id is not that of the order's terms."
        return reason

    def _stray(self, args: Args, at: Log, reason: str) -> None:
        currency = Currency.objects.get(chain=self.chain, address=args["token"])
        StrayDeposit.objects.create(
            **self._here,
            escrow_id=args["id"],
            order_ref=args["orderRef"],
            buyer_address=args["buyer"],
            provider_address=args["provider"],
            currency=currency,
            total=args["total"],
            fee_bps=args["feeBps"],
            treasury=args["treasury"],
            reason=reason[:200],
            seq=args["seq"],
            **place(at),
        )
        log.warning("escrow.stray_deposit", escrow_id=args["id"], reason=reason, tx_hash=at.tx_hash)

    def _Released(self, args: Args, at: Log) -> None:  # noqa: N802
        escrow = self._deposit(args["id"])
        if escrow is None:
            self._credit_stray(args)
            return
        effect = handlers.released(_money(escrow), args, treasury=escrow.treasury)
        self._record(escrow, effect, "released", args["seq"], at)
        self._tell("escrow.released", escrow, at, net=str(args["net"]), fee=str(args["fee"]))

    def _Cancelled(self, args: Args, at: Log) -> None:  # noqa: N802
        escrow = self._deposit(args["id"])
        if escrow is None:
            self._credit_stray(args)
            return
        effect = handlers.cancelled(_money(escrow), args, treasury=escrow.treasury)
        self._record(escrow, effect, "cancelled", args["seq"], at)
        if not escrow.is_late:
            is_buyer = args["by"] == escrow.buyer_address
            reason = noop("Stopped by the buyer.") if is_buyer else noop("Stopped by the provider.")
            self._finish(escrow, at, to="refunded", reason=reason)
        self._tell("escrow.cancelled", escrow, at, refund=str(args["refund"]), net=str(args["net"]))

    def _Closed(self, args: Args, at: Log) -> None:  # noqa: N802
        escrow = self._deposit(args["id"])
        if escrow is None or escrow.state in (Escrow.State.REFUNDED, Escrow.State.RESOLVED):
            return
        escrow.move(handlers.closed(_money(escrow)).money.state, next_due_at=None)
        if not escrow.is_late:
            over = noop("The time that was paid for is over.")
            self._finish(escrow, at, to="completed", reason=over, has_elapsed=True)
        self._tell("escrow.closed", escrow, at)

    def _Renewed(self, args: Args, at: Log) -> None:  # noqa: N802
        escrow = self._deposit(args["id"])
        if escrow is None:
            StrayDeposit.objects.filter(**self._here, escrow_id=args["id"]).update(total=args["total"])
            return
        effect = handlers.renewed(_money(escrow), args)
        longer = {"periods": args["periods"], "ends_at": moment(args["endsAt"])}
        self._record(escrow, effect, "renewed", args["seq"], at, **longer)
        if not escrow.is_late:
            subscriptions.extend(escrow.order, added=args["added"], ends_at=escrow.ends_at)
        self._tell("escrow.renewed", escrow, at, amount=str(args["amount"]), added=args["added"])

    def _Refunded(self, args: Args, at: Log) -> None:  # noqa: N802
        escrow = self._deposit(args["id"])
        if escrow is None:
            self._credit(self._stray_of(args).currency, {args["buyer"]: args["amount"]})
            return
        self._record(escrow, handlers.given_back(_money(escrow), args), "refunded", args["seq"], at)
        if escrow.is_late:
            pass
        elif escrow.state == Escrow.State.REFUNDED:
            self._finish(escrow, at, to="refunded", reason=noop("The provider gave back all that was left."))
        else:
            subscriptions.note_returned(escrow.order, returned=int(escrow.refunded))
        self._tell("escrow.refunded", escrow, at, refund=str(args["amount"]))

    def _Disputed(self, args: Args, at: Log) -> None:  # noqa: N802
        escrow = self._deposit(args["id"])
        if escrow is None:
            return
        dates = {"frozen_at": moment(args["frozenAt"]), "ruling_due_at": moment(args["rulingDueAt"])}
        effect = handlers.disputed(_money(escrow), args)
        self._record(escrow, effect, "disputed", args["seq"], at, evidence_hash=args["evidenceHash"], **dates)
        if not escrow.is_late:
            subscriptions.pause(escrow.order)
        self._tell("escrow.disputed", escrow, at, contested=str(args["contested"]))

    def _Resolved(self, args: Args, at: Log) -> None:  # noqa: N802
        escrow = self._deposit(args["id"])
        if escrow is None:
            self._credit_stray(args)
            return
        nobody = int(args["arbiter"], 16) == 0
        ruling = {} if nobody else {"arbiter": args["arbiter"], "ruling_hash": args["rulingHash"]}
        effect = handlers.resolved(_money(escrow), args, treasury=escrow.treasury)
        self._record(escrow, effect, "resolved", args["seq"], at, provider_bps=args["providerBps"], **ruling)
        if not escrow.is_late:
            reason = noop("Nobody ruled on the dispute in time.") if nobody else noop("An arbiter decided the dispute.")
            self._finish(escrow, at, to="refunded" if escrow.refunded else "completed", reason=reason)
        self._tell("escrow.resolved", escrow, at, refund=str(args["refund"]), net=str(args["net"]))

    def _ArbiterSet(self, args: Args, at: Log) -> None:  # noqa: N802
        known = {"allowed": args["allowed"], "seq": args["seq"], **place(at)}
        key: dict[str, Any] = {**self._here, "address": args["arbiter"]}
        Arbiter.objects.update_or_create(**key, defaults=known)

    def _PauseSet(self, args: Args, at: Log) -> None:  # noqa: N802
        Pause.objects.create(**self._here, paused=args["paused"], seq=args["seq"], **place(at))

    def _finish(self, escrow: Escrow, at: Log, *, to: str, reason: str, has_elapsed: bool = False) -> None:
        ended = {"at": place(at)["at"], "reason": reason, "returned": int(escrow.refunded)}
        subscriptions.finish(escrow.order, to=to, has_elapsed=has_elapsed, **ended)

    def _Withdrawn(self, args: Args, at: Log) -> None:  # noqa: N802
        currency = Currency.objects.get(chain=self.chain, address=args["token"])
        Withdrawal.objects.create(
            **self._here,
            address=args["who"],
            to=args["to"],
            currency=currency,
            amount=args["amount"],
            seq=args["seq"],
            **place(at),
        )
        credit = Credit.objects.filter(**self._here, address=args["who"], currency=currency)
        if not credit.update(withdrawn=F("withdrawn") + args["amount"]):
            raise handlers.Impossible(f"{args['who']} withdrew without ever having been credited.")

    def _deposit(self, wanted: str) -> Escrow | None:
        escrows = Escrow.objects.select_related("order__subscription", "currency").select_for_update(of=("self",))
        found = escrows.filter(**self._here, escrow_id=wanted).first()
        strays = StrayDeposit.objects.filter(**self._here, escrow_id=wanted)
        if found is None and not strays.exists():
            raise handlers.Impossible(f"Nothing was ever deposited under {wanted}.")
        return found

    def _record(
        self, escrow: Escrow, effect: handlers.Effect, event: str, seq: int, at: Log, **changes: object
    ) -> None:
        """What one event changes of a deposit, its ledger lines, and who may withdraw more."""
        money = effect.money
        changes |= {name: getattr(money, name) for name in ("total", "released", "fee_paid", "refunded")}
        for name, value in changes.items():
            setattr(escrow, name, value)
        if money.state != escrow.state:
            escrow.move(money.state, **changes, next_due_at=None)  # only what is held pays
        else:
            escrow.next_due_at = escrow.next_due()
            escrow.save(update_fields=[*changes, "next_due_at"])
        both = {"buyer_id": escrow.buyer_id, "provider_id": escrow.provider_id, "currency_id": escrow.currency_id}
        where = {"event": event, "seq": seq, **place(at)}
        LedgerEntry.objects.bulk_create(
            LedgerEntry(escrow=escrow, account=account, amount=amount, **both, **where)
            for account, amount in effect.lines.items()
        )
        self._credit(escrow.currency, effect.credited)

    def _credit_stray(self, args: Args) -> None:
        """The deposit is none of ours; what it gives to whom is on the contract's books all the same."""
        stray = self._stray_of(args)
        paid = [(args["provider"], args["net"]), (stray.treasury, args["fee"]), (args["buyer"], args.get("refund", 0))]
        for address, amount in paid:
            self._credit(stray.currency, {address: amount} if amount else {})

    def _stray_of(self, args: Args) -> StrayDeposit:
        return StrayDeposit.objects.select_related("currency").get(**self._here, escrow_id=args["id"])

    def _credit(self, currency: Currency, credited: dict[str, int]) -> None:
        credit(self._here, currency, credited)

    def _tell(self, verb: str, escrow: Escrow, at: Log, **facts: object) -> None:
        where = {"tx_hash": at.tx_hash, "block": at.number, "currency": escrow.currency.symbol}
        self.happened.append((verb, escrow.order, {"escrow": escrow.escrow_id, **where, **facts}))


def _money(escrow: Escrow) -> handlers.Money:
    amounts = int(escrow.total), int(escrow.released), int(escrow.fee_paid), int(escrow.refunded)
    return handlers.Money(escrow.state, *amounts)
