"""What moderators decide, and how it reaches them."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from marketplace.accounts.acting import person_of
from marketplace.audit.services import record
from marketplace.catalog import services as catalog
from marketplace.catalog.models import ListingVersion
from marketplace.lifecycle import Refused
from marketplace.moderation import reporting
from marketplace.moderation.models import Decision, ReviewCase
from marketplace.organizations import services as organizations
from marketplace.organizations.models import Membership, Organization, Verification
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import as_system

Outcome = Decision.Outcome
UNDECIDED, WAITING = ReviewCase.UNDECIDED, ReviewCase.WAITING
VERDICTS = {
    Outcome.APPROVE: Verification.Outcome.VERIFIED,
    Outcome.CHANGES: Verification.Outcome.CHANGES,
    Outcome.REJECT: Verification.Outcome.REFUSED,
}


def open_cases() -> None:
    """Open a case for everything that waits and has none. Two at once open each only once.

    The waiting rows are locked before the cases are written, so that nothing can be decided in between.
    """
    with transaction.atomic(), as_system("every organization's submissions come to the moderators"):
        open_case = ReviewCase.objects.filter(state__in=UNDECIDED)
        versions = ListingVersion.objects.submitted().exclude(Exists(open_case.filter(version=OuterRef("pk"))))
        orgs = Organization.objects.filter(state=Organization.State.SUBMITTED).exclude(
            Exists(open_case.filter(org=OuterRef("pk"), version=None, listing=None))
        )
        cases = [
            ReviewCase(org_id=version.org_id, version=version, opened_at=version.submitted_at or version.created_at)
            for version in versions.select_for_update(skip_locked=True)
        ]
        asked_at = dict(Verification.objects.undecided().values_list("org_id", "asked_at"))
        cases += [ReviewCase(org=org, opened_at=asked_at[org.pk]) for org in orgs.select_for_update(skip_locked=True)]
        ReviewCase.objects.bulk_create(cases, ignore_conflicts=True)


def outcomes_of(case: ReviewCase) -> tuple[Outcome, ...]:
    """What a moderator can answer to a case as it stands."""
    if case.listing_id is None:
        return (Outcome.APPROVE, Outcome.CHANGES, Outcome.REJECT)
    if case.state == ReviewCase.State.APPEALED:
        return (Outcome.RESTORE, Outcome.UPHOLD)
    return (Outcome.DISMISS, Outcome.CHANGES, Outcome.SUSPEND)


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision, and whether it was made just now or had been made before in the same words."""

    decision: Decision
    is_new: bool


def decide(actor: Actor, *, case: ReviewCase, outcome: str, reason: str, checked: Sequence[str] = ()) -> Decided:
    """Decide a case and do what follows from it. The same decision sent twice is made once.

    Who verifies an organization says what was `checked`.

    Refused for whoever is no moderator or belongs to the organization, and when it was decided otherwise.
    """
    reason = reason.strip()
    with transaction.atomic():
        case = ReviewCase.objects.select_for_update().get(pk=case.pk)
        if actor.role != "moderator":
            raise Refused(_("Only moderators decide about cases."))
        if Membership.objects.filter(org_id=case.org_id, user_id=person_of(actor)).exists():
            raise Refused(_("You belong to this organization. Somebody else has to decide this case."))
        if case.state not in WAITING:
            return Decided(_same(actor, case, outcome, reason), is_new=False)
        if outcome not in outcomes_of(case):
            raise Refused(_("This is no answer to this case."))
        if case.state == ReviewCase.State.APPEALED:
            reporting.may_decide_appeal(case, person_of(actor))
        if not reason:
            raise Refused(_("Give a reason. The organization reads it, and so does whoever looks at this later."))
        decision = Decision.objects.create(
            org_id=case.org_id, case=case, outcome=outcome, reason=reason, decided_by_id=person_of(actor)
        )
        _carry_out(actor, case, decision, checked)
        case.move(ReviewCase.State.DECIDED)
        record(actor, f"case.{outcome}", case, org_id=case.org_id, reason=reason)
    return Decided(decision, is_new=True)


def _same(actor: Actor, case: ReviewCase, outcome: str, reason: str) -> Decision:
    last = case.decisions.order_by("-pk").first()
    if last and (last.decided_by_id, last.outcome, last.reason) == (actor.user_id, outcome, reason):
        return last
    was = last.get_outcome_display() if last else _("closed")
    raise Refused(_("This case is %(state)s already; nothing was changed.") % {"state": was})


def _carry_out(actor: Actor, case: ReviewCase, decision: Decision, checked: Sequence[str]) -> None:
    outcome, reason = Outcome(decision.outcome), decision.reason
    if case.listing_id:
        reporting.carry_out(actor, case, decision)
    elif case.version_id is None:
        organizations.decide_verification(
            actor, org_id=case.org_id, outcome=VERDICTS[outcome], reason=reason, checked=checked
        )
    elif outcome == Outcome.APPROVE:
        catalog.publish_version(actor, version_id=case.version_id)
    elif outcome == Outcome.CHANGES:
        catalog.request_changes(actor, version_id=case.version_id, reason=reason)
    else:
        catalog.reject_version(actor, version_id=case.version_id, reason=reason)
