"""Tools tried for free: reserved before anybody is called, called through the same guarded client, never billed.

A try is counted for the organization of who is signed in, for the network of who is not, and for the listing's day.
Each count is one statement that counts and refuses, and all are counted in the transaction that keeps the input: a
try that is refused for one of them counts for none.
"""

import hashlib
import hmac
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marketplace.audit import services as audit
from marketplace.catalog.models import Listing
from marketplace.gateway.models import Trial, TrialAllowance, TrialCall, TrialDay
from marketplace.lifecycle import Refused
from marketplace.organizations.access import org_of
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import as_system

KEPT: Final = timedelta(days=1)
MOST_WAITING: Final = 60
NETWORK_A_DAY: Final = 20  # free calls of one network, over all listings
LOOK_AGAIN: Final = 300  # seconds between two probes of a service
REASON: Final = "who tries a tool may have no organization, and what is left of a day is the market's to count"
COUNT_DAY: Final = """
    INSERT INTO gateway_trialday AS counted (day, what, calls) VALUES (%s, %s, 1)
    ON CONFLICT (day, what) DO UPDATE SET calls = counted.calls + 1 WHERE counted.calls < %s RETURNING calls
"""
COUNT_ORG: Final = """
    INSERT INTO gateway_trialallowance AS counted (org_id, listing_id, calls) VALUES (%s, %s, 1)
    ON CONFLICT (org_id, listing_id) DO UPDATE SET calls = counted.calls + 1 WHERE counted.calls < %s RETURNING calls
"""


@dataclass(frozen=True, slots=True)
class Seeker:
    """Who tries a tool: an actor of an organization, or a stranger, known by a session's secret and a network."""

    actor: Actor
    visitor: str = ""
    network: str = ""

    @property
    def mark(self) -> str:
        """What a try of this seeker's carries as its visitor."""
        return "" if self.actor.org_id else mark_of(self.visitor)


class TryLater(Refused):
    """Not now; `seconds` until it is worth asking again."""

    def __init__(self, sentence: str, seconds: int) -> None:
        super().__init__(sentence)
        self.seconds = seconds


def start_trial(seeker: Seeker, *, listing: Listing, payload: dict[str, Any], form_key: uuid.UUID) -> Trial:
    """Reserve a free call and leave the try for a worker; the same form sent again gives the same try.

    Raises TryLater where waiting helps, Refused where it does not.
    """
    mine = {"org_id": seeker.actor.org_id, "visitor": seeker.mark, "form_key": form_key}
    try:
        with transaction.atomic(), as_system(REASON):
            if before := Trial.objects.filter(**mine).first():
                return before
            found = _open_to_tries(listing.pk)
            _reserve(found, seeker)
            trial = Trial.objects.create(listing=found, input=payload, user_id=seeker.actor.user_id, **mine)
            if seeker.actor.org_id:
                audit.record(seeker.actor, "tool.tried", trial, listing=found.slug)
            return trial
    except IntegrityError:  # the same form, sent twice at once: the other one was counted
        with transaction.atomic(), as_system(REASON):
            return Trial.objects.get(**mine)


def _open_to_tries(listing_id: int) -> Listing:
    """The listing as it stands; raises what is in the way before anything is counted."""
    listing = Listing.objects.public().filter(pk=listing_id).first()
    if listing is None:
        raise Refused(_("This tool is not in the shop any more."))
    if not listing.can_be_tried:
        raise Refused(_("The provider offers no free tries of this tool. Its plans and its refund are on its page."))
    if listing.is_down_since:
        raise TryLater(
            _("The provider's service does not answer at the moment, so a try would be wasted. We ask it again every "
              "five minutes."),
            LOOK_AGAIN,
        )  # fmt: skip
    if Trial.objects.waiting()[:MOST_WAITING].count() >= MOST_WAITING:
        raise TryLater(_("Many people are trying tools just now. Please try again in half a minute."), 30)
    return listing


def _reserve(listing: Listing, seeker: Seeker) -> None:
    """Count one call everywhere where it counts, or raise. The listing's day comes last, for many wait for its row."""
    today, limit = timezone.now().astimezone(UTC).date(), listing.trial_calls
    if seeker.actor.org_id:
        if not _counted(COUNT_ORG, seeker.actor.org_id, listing.pk, limit):
            sentence = ngettext(
                "Your organization has used its free try of this tool. Subscribe to go on; stop any day, and the rest "
                "of your money comes back.",
                "Your organization has used its %(calls)d free tries of this tool. Subscribe to go on; stop any day, "
                "and the rest of your money comes back.",
                limit,
            )
            raise Refused(sentence % {"calls": limit})
    else:
        who = network_digest(seeker.network, today)
        if not _counted(COUNT_DAY, today, f"{who}:{listing.pk}", limit):
            raise TryLater(_("Your network has used today's free tries of this tool. Sign in to try it for your "
                             "organization, or come back tomorrow."), _until_tomorrow())  # fmt: skip
        if not _counted(COUNT_DAY, today, who, NETWORK_A_DAY):
            raise TryLater(_("Your network has used today's free tries. Sign in to try tools for your organization, or "
                             "come back tomorrow."), _until_tomorrow())  # fmt: skip
    if not _counted(COUNT_DAY, today, f"listing:{listing.pk}", listing.trial_calls_a_day):
        raise TryLater(_("All of today's free tries of this tool are used. There are new ones tomorrow."),
                       _until_tomorrow())  # fmt: skip


def _counted(sql: str, *values: Any) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchone() is not None


def give_back(trial: Trial) -> None:
    """Take the call off the organization's count; a day's counts stay, for they ward off floods."""
    allowance = TrialAllowance.objects.filter(org_id=trial.org_id, listing_id=trial.listing_id, calls__gt=0)
    trial.is_given_back = bool(allowance.update(calls=F("calls") - 1))


def network_digest(network: str, day: date) -> str:
    """A network under the market's secret, another one each day: who came yesterday cannot be told from it."""
    told = f"trial:{day.isoformat()}:{network}".encode()
    return hmac.new(settings.SECRET_KEY.encode(), told, hashlib.sha256).hexdigest()[:32]


def _until_tomorrow() -> int:
    now = timezone.now().astimezone(UTC)
    midnight = datetime.combine(now.date() + timedelta(days=1), time(), UTC)
    return int((midnight - now).total_seconds()) + 1


def left(listing: Listing, seeker: Seeker) -> int:
    """How many free calls the seeker has now."""
    today, listing_key = timezone.now().astimezone(UTC).date(), f"listing:{listing.pk}"
    who = network_digest(seeker.network, today)
    with transaction.atomic(), as_system(REASON):
        keys = [listing_key] if seeker.actor.org_id else [listing_key, who, f"{who}:{listing.pk}"]
        used = dict(TrialDay.objects.filter(day=today, what__in=keys).values_list("what", "calls"))
        room = [listing.trial_calls_a_day - used.get(listing_key, 0)]
        if seeker.actor.org_id:
            mine = TrialAllowance.objects.filter(org_id=seeker.actor.org_id, listing=listing)
            room.append(listing.trial_calls - sum(mine.values_list("calls", flat=True)))
        else:
            room += [listing.trial_calls - used.get(f"{who}:{listing.pk}", 0), NETWORK_A_DAY - used.get(who, 0)]
    return max(0, min(room))


def trial_of(public_id: uuid.UUID, *, org_ids: Iterable[int], visitor: str) -> Trial | None:
    """A try of one of these organizations or of this visitor; None for anybody else's."""
    mine = Q(org_id__in=org_ids)
    if visitor:
        mine |= Q(org=None, visitor=mark_of(visitor))
    with transaction.atomic(), as_system(REASON):
        return (
            Trial.objects.filter(mine, public_id=public_id).select_related("listing__org", "listing__category").first()
        )


def mark_of(visitor: str) -> str:
    """What a stranger's try carries of the secret in the session."""
    return hashlib.sha256(visitor.encode()).hexdigest()


def set_terms(actor: Actor, *, listing_id: int, calls: int, calls_a_day: int) -> Listing:
    """Set how many free calls an organization has, and all together a day; 0 switches tries off."""
    with transaction.atomic():
        listing = Listing.objects.for_org(org_of(actor)).select_for_update().filter(pk=listing_id).first()
        if listing is None:
            raise Refused(_("This listing is not one of yours."))
        listing.trial_calls, listing.trial_calls_a_day = calls, calls_a_day
        listing.save(update_fields=["trial_calls", "trial_calls_a_day"])
        audit.record(actor, "listing.trial_set", listing, calls=calls, calls_a_day=calls_a_day)
    return listing


def forget() -> int:
    """Delete tries that are older than a day, with their input and result, and counts of days that are over."""
    now = timezone.now()
    with transaction.atomic(), as_system("tries of all are kept for a day"):
        gone, _by_model = Trial.objects.filter(created_at__lt=now - KEPT).delete()
        TrialDay.objects.filter(day__lt=(now - KEPT).astimezone(UTC).date()).delete()
        TrialCall.objects.filter(started_at__lt=now - timedelta(days=366)).delete()
    return gone
