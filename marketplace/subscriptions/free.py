"""Subscriptions without an order: free plans, and trials of paid ones. No money moves, so there is no escrow."""

import uuid
from datetime import timedelta
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from marketplace.catalog.models import Plan
from marketplace.lifecycle import Refused
from marketplace.organizations.access import org_of
from marketplace.subscriptions.clock import market_time
from marketplace.subscriptions.models import Subscription
from marketplace.subscriptions.models.rights import SubscriptionQuerySet
from marketplace.subscriptions.telling import note_both
from marketplace.tenancy.actor import Actor

FREE_FOR: Final = timedelta(days=365)


def begin_free(actor: Actor, *, plan_id: int) -> Subscription:
    """Use a free plan from now on, for a year; the one that runs already is given again."""
    plan = _on_sale(actor, plan_id)
    if not plan.is_free:
        raise Refused(_("This plan is not free."))
    return _begin(actor, plan, is_trial=False, lasts=FREE_FOR)


def begin_trial(actor: Actor, *, plan_id: int) -> Subscription:
    """Try a paid plan, once for each organization and tool, until its trial's calls or days are over."""
    plan = _on_sale(actor, plan_id)
    if not plan.has_trial:
        raise Refused(_("This plan has no trial."))
    before = _trials(actor, plan).first()
    if before and before.state != Subscription.State.ACTIVE:
        raise Refused(_("Your organization has tried this tool already."))
    return _begin(actor, plan, is_trial=True, lasts=timedelta(days=plan.trial_days))


def may_try(actor: Actor, plan: Plan) -> bool:
    """Whether the actor's organization can still begin a trial of this plan."""
    return plan.has_trial and plan.org_id != actor.org_id and not _trials(actor, plan).exists()


def _trials(actor: Actor, plan: Plan) -> SubscriptionQuerySet:
    return Subscription.objects.filter(buyer_id=org_of(actor), listing_id=plan.listing_id, is_trial=True)


def _on_sale(actor: Actor, plan_id: int) -> Plan:
    plan = Plan.objects.on_sale().select_related("listing", "org").filter(pk=plan_id).first()
    if plan is None:
        raise Refused(_("This plan is no longer on sale. Look at the offer again."))
    if plan.org_id == org_of(actor):
        raise Refused(_("This is your own organization's listing. You can try it without a subscription."))
    return plan


def _begin(actor: Actor, plan: Plan, *, is_trial: bool, lasts: timedelta) -> Subscription:
    same = Subscription.objects.filter(
        buyer_id=org_of(actor), listing_id=plan.listing_id, order=None, is_trial=is_trial, state="active"
    )
    now = market_time()
    try:
        with transaction.atomic():
            if found := same.first():
                return found
            subscription = Subscription.objects.create(
                buyer_id=org_of(actor),
                provider_id=plan.org_id,
                listing_id=plan.listing_id,
                free_plan=plan,
                is_trial=is_trial,
                state=Subscription.State.ACTIVE,
                starts_at=now,
                ends_at=now + lasts,
                version_number=plan.version_number,
            )
            note_both(actor, "trial.started" if is_trial else "subscription.started", subscription)
    except IntegrityError:  # the same button, pressed twice at once
        found = same.first()
        if found is None:
            raise Refused(_("Your organization has tried this tool already.")) from None
        return found
    return subscription


def stop(actor: Actor, *, public_id: uuid.UUID) -> Subscription:
    """End a subscription that costs nothing, now; stopping it again changes nothing."""
    with transaction.atomic():
        mine = Subscription.objects.filter(buyer_id=org_of(actor), order=None)
        found = mine.select_for_update().filter(public_id=public_id).first()
        if found is None:
            raise Refused(_("Your organization has no such subscription."))
        if found.can_move(Subscription.State.ENDED):
            found.move(Subscription.State.ENDED, ends_at=market_time(), ended_reason=noop("You stopped it."))
            note_both(actor, "subscription.stopped", found)
    return found
