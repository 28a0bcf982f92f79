"""Ask an owner: about an order that is larger than a member may place, or about more of one that runs."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from marketplace.audit import services as audit
from marketplace.catalog.models import Plan
from marketplace.lifecycle import Refused
from marketplace.organizations.access import MAY_DECIDE_SPENDING, org_of
from marketplace.subscriptions.clock import market_time
from marketplace.subscriptions.models import Addition, Order, SpendingRequest, Subscription
from marketplace.subscriptions.spending import Budget, check
from marketplace.tenancy.actor import Actor

State = SpendingRequest.State


@dataclass(frozen=True, slots=True)
class Wish:
    """So many periods, or calls, of a plan: in the place of an order, more of one, or beyond a subscription's own."""

    plan: Plan
    periods: int
    replaces: Order | None = None
    adds_to: Order | None = None
    beyond: Subscription | None = None


def ask(actor: Actor, *, wish: Wish, form_key: uuid.UUID, note: str) -> SpendingRequest:
    """Ask an owner about what is larger than the actor may order; the same form asks once."""
    org_id = org_of(actor)
    request = SpendingRequest(
        org_id=org_id,
        asked_by_id=actor.user_id,
        plan=wish.plan,
        currency=wish.plan.currency,
        periods=wish.periods,
        replaces=wish.replaces,
        adds_to=wish.adds_to,
        before=wish.adds_to.all_periods if wish.adds_to else None,
        beyond=wish.beyond,
        form_key=form_key,
        note=note,
    )
    request.amount = request.price * wish.periods
    try:
        with transaction.atomic():
            request.save(force_insert=True)
            audit.record(actor, "spending.asked", request, request=str(request.public_id), amount=str(request.amount))
    except IntegrityError:
        return SpendingRequest.objects.for_org(org_id).get(form_key=form_key)
    return request


def decide(actor: Actor, *, public_id: uuid.UUID, approve: bool, reason: str) -> SpendingRequest:
    """An owner says yes, or no with a reason. What the owner may not do twice, the row's state refuses."""
    if actor.role not in MAY_DECIDE_SPENDING:
        raise Refused(_("Only an owner decides about this."))
    if not approve and not reason.strip():
        raise Refused(_("Say why, so that the person who asked knows what to do."))
    with transaction.atomic():
        request = _locked(actor, public_id)
        decided = {"decided_by_id": actor.user_id, "decided_at": timezone.now(), "reason": reason.strip()}
        request.move(State.APPROVED if approve else State.DECLINED, **decided)
        audit.record(
            actor,
            "spending.approved" if approve else "spending.declined",
            request,
            request=str(public_id),
            user_id=request.asked_by_id,
        )
    return request


def withdraw(actor: Actor, *, public_id: uuid.UUID) -> SpendingRequest:
    """Take a request back, by who asked."""
    with transaction.atomic():
        request = _locked(actor, public_id)
        if request.asked_by_id != actor.user_id:
            raise Refused(_("Only who asked can take this back."))
        request.move(State.WITHDRAWN)
        audit.record(actor, "spending.withdrawn", request, request=str(public_id))
    return request


def approved(actor: Actor, *, public_id: uuid.UUID) -> SpendingRequest:
    """The actor's approved request, locked, to be ordered now; raises Refused with what stands in the way."""
    request = _locked(actor, public_id)
    if request.asked_by_id != actor.user_id:
        raise Refused(_("Only who asked can go on with this."))
    if request.state == State.ORDERED:
        return request
    if request.state != State.APPROVED:
        raise Refused(_("This request is %(get_state_display)s.") % {"get_state_display": request.get_state_display()})
    if request.price * request.periods != request.amount:
        raise Refused(_("The price has changed since this was approved. Please ask again."))
    return request


def note_given_up(order: Order) -> None:
    """What was to be added will not be paid."""
    Addition.objects.for_org(order.buyer_id).filter(order=order, before=order.all_periods).delete()


def waiting_for_more(actor: Actor, *, order: Order, count: int) -> SpendingRequest | None:
    """The actor's request for so many more of what an order holds today, while no owner has answered it."""
    mine = SpendingRequest.objects.for_org(org_of(actor)).waiting().filter(asked_by_id=actor.user_id)
    return mine.filter(adds_to=order, before=order.all_periods, periods=count).first()


def _agreed(actor: Actor, order: Order, count: int) -> QuerySet[SpendingRequest]:
    """The actor's requests for so many more of what an order holds today that an owner has agreed to."""
    mine = SpendingRequest.objects.for_org(org_of(actor)).filter(asked_by_id=actor.user_id)
    agreed = mine.filter(state__in=[State.APPROVED, State.ORDERED])
    return agreed.filter(adds_to=order, before=order.all_periods, periods=count)


def check_more(actor: Actor, *, order: Order, count: int, lock: bool = True) -> list[Budget]:
    """As `check`, for `count` periods or calls more of an order: an owner's yes to just that counts."""
    amount, agreed = int(order.price) * count, _agreed(actor, order, count).exists()
    return check(actor, currency=order.currency, amount=amount, is_approved=agreed, more_of=order, lock=lock)


def note_begun(actor: Actor, *, order: Order, count: int, until: datetime) -> None:
    """The payment of so many more is on its way, good until then; in the transaction that says so."""
    facts: dict[str, Any] = {"by_id": actor.user_id, "count": count, "began_at": market_time(), "until": until}
    key: dict[str, Any] = {"org_id": order.buyer_id, "order": order, "before": order.all_periods}
    Addition.objects.update_or_create(**key, defaults=facts)
    for request in _agreed(actor, order, count).filter(state=State.APPROVED).select_for_update(of=("self",))[:1]:
        request.move(State.ORDERED)


def _locked(actor: Actor, public_id: uuid.UUID) -> SpendingRequest:
    rows = SpendingRequest.objects.for_org(org_of(actor)).select_for_update(of=("self",))
    rows = rows.select_related("plan", "currency", "replaces", "adds_to", "beyond__order")
    found = rows.filter(public_id=public_id).first()
    if found is None:
        raise Refused(_("Your organization has no such request."))
    return found
