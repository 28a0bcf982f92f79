"""Listings that people report, what follows from it, and the provider's appeal.

Reports about one listing go to one open case. The provider reads the decision and its reason, never who reported.
"""

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from marketplace.accounts.models import User
from marketplace.audit.services import record
from marketplace.catalog.models import Listing
from marketplace.catalog.suspending import restore_listing, suspend_listing
from marketplace.lifecycle import Refused
from marketplace.moderation.models import Appeal, Decision, Report, ReviewCase
from marketplace.organizations.access import org_of
from marketplace.subscriptions.clock import market_time
from marketplace.subscriptions.models import Subscription
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import as_system

Outcome = Decision.Outcome
MOST_A_DAY: Final = 10  # reports of one person or network
DAY: Final = timedelta(days=1)
REASON: Final = "who reports belongs to no organization of the case, which belongs to the reported one"


class ReportLater(Refused):
    """Too many for today; `seconds` until the next one is taken."""

    def __init__(self, sentence: str, seconds: int) -> None:
        super().__init__(sentence)
        self.seconds = seconds


def report_listing(actor: Actor, *, listing_id: int, category: str, text: str, network: str = "") -> Report:
    """Tell the moderators about a public listing; `network` is where a stranger comes from."""
    who: dict[str, Any] = {"reporter_id": actor.user_id, "network": "" if actor.user_id else _digest(network)}
    with transaction.atomic(), as_system(REASON):
        listing = Listing.objects.public().select_for_update().filter(pk=listing_id).first()
        if listing is None:
            raise Refused(_("This tool is not in the shop any more."))
        _within_the_day(who, timezone.now())
        case, is_new = ReviewCase.objects.get_or_create(
            listing=listing, state__in=ReviewCase.UNDECIDED, defaults={"org_id": listing.org_id}
        )
        if case.reports.filter(**who).exists():
            raise Refused(_("It was reported from here already. A moderator looks at it; you need not do anything."))
        report = Report.objects.create(case=case, category=category, text=text.strip(), **who)
        record(actor, "listing.reported" if is_new else "listing.reported_again", listing, category=category)
    return report


def _digest(network: str) -> str:
    told = f"report:{network}".encode()
    return hmac.new(settings.SECRET_KEY.encode(), told, hashlib.sha256).hexdigest()


def _within_the_day(who: dict[str, Any], now: datetime) -> None:
    """Refuse the eleventh of a day. Reports of one source wait for each other, so none slips past the count."""
    key = f"report:{who['reporter_id']}:{who['network']}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])
    latest = Report.objects.filter(**who, at__gt=now - DAY).order_by("-at").values_list("at", flat=True)
    times = list(latest[:MOST_A_DAY])
    if len(times) == MOST_A_DAY:
        seconds = int((times[-1] + DAY - now).total_seconds()) + 1
        raise ReportLater(_("That is as many reports as we take from one place in a day. Come back later, or write "
                            "all of it into one report."), seconds)  # fmt: skip


def running_on(listing_id: int) -> int:
    """How many subscriptions would stop working with a listing."""
    return Subscription.objects.running(market_time()).filter(listing_id=listing_id).count()


def may_decide_appeal(case: ReviewCase, user_id: int) -> None:
    """An appeal is for another moderator than the one who suspended, as long as there is another."""
    before = case.decisions.order_by("-pk").first()
    others = User.objects.filter(is_moderator=True, is_active=True).exclude(pk=user_id)
    if before and before.decided_by_id == user_id and others.exists():
        raise Refused(_("You decided this case before. Another moderator has to look at the appeal."))


def carry_out(actor: Actor, case: ReviewCase, decision: Decision) -> None:
    """Do what a decision about a reported listing says, and tell those who reported it."""
    outcome, reason = Outcome(decision.outcome), decision.reason
    listing = Listing.objects.get(pk=case.listing_id or 0)
    if outcome == Outcome.DISMISS:
        _tell(case, "report.dismissed", listing)
    elif outcome == Outcome.CHANGES:
        record(actor, "listing.change_asked", listing, org_id=listing.org_id, reason=reason)
        _tell(case, "report.change_asked", listing)
    elif outcome == Outcome.SUSPEND:
        suspend_listing(actor, listing_id=listing.pk, reason=reason)
        _tell(case, "report.suspended", listing)
    elif outcome == Outcome.RESTORE:
        restore_listing(actor, listing_id=listing.pk, reason=reason)
        _tell(case, "report.restored", listing)
    else:
        record(actor, "listing.suspension_upheld", listing, org_id=listing.org_id, reason=reason)
    case.reports.exclude(network="").update(network="")


def _tell(case: ReviewCase, verb: str, listing: Listing) -> None:
    """One entry in the market's own chain for each person who reported; it names no moderator."""
    people = case.reports.filter(reporter__isnull=False).order_by("pk")
    for user_id in people.values_list("reporter_id", flat=True):
        record(Actor(role="moderator"), verb, listing, user_id=user_id)


def appeal(actor: Actor, *, listing_id: int, text: str) -> Appeal:
    """Ask for a suspension to be looked at again, once, by another moderator."""
    with transaction.atomic():
        org_id = org_of(actor)
        case = suspended_case(org_id, listing_id)
        if case is None:
            raise Refused(_("There is no suspension of this listing that could be appealed."))
        case = ReviewCase.objects.for_org(org_id).select_for_update().get(pk=case.pk)
        if Appeal.objects.for_org(org_id).filter(case=case).exists():
            raise Refused(_("You have appealed already. The answer stands on this page as soon as there is one."))
        made = Appeal.objects.create(org_id=org_id, case=case, text=text.strip(), made_by_id=actor.user_id)
        case.move(ReviewCase.State.APPEALED)
        listing = Listing.objects.get(pk=listing_id)
        record(actor, "listing.appealed", listing, text=made.text)
    return made


def suspended_case(org_id: int, listing_id: int) -> ReviewCase | None:
    """The case by which a listing that is suspended now was suspended, decided or appealed."""
    states = [ReviewCase.State.DECIDED, ReviewCase.State.APPEALED]
    cases = ReviewCase.objects.for_org(org_id).filter(listing_id=listing_id, state__in=states)
    suspended = Q(decisions__outcome=Outcome.SUSPEND) & Q(listing__state=Listing.State.SUSPENDED)
    return cases.filter(suspended).order_by("-pk").first()
