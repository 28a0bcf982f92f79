"""What has to be settled before an organization or a person can be erased, and what an erasure would do, in figures."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from marketplace.escrow.models import CallDeposit, Escrow
from marketplace.lifecycle import Words
from marketplace.organizations.models import Membership
from marketplace.privacy import fates, inventory
from marketplace.subscriptions.models import Order, Subscription
from marketplace.tenancy.scope import as_system

OPEN_MONEY = (Escrow.State.HELD, Escrow.State.DISPUTED)
NAMES: dict[str, Words] = {
    "account.EmailAddress": _("email addresses"),
    "accounts.SignInNonce": _("messages to sign in with"),
    "accounts.User": _("users"),
    "accounts.Wallet": _("wallets"),
    "audit.Entry": _("entries of the record"),
    "audit.Wording": _("words of the record"),
    "catalog.Listing": _("listings"),
    "catalog.ListingVersion": _("listing versions"),
    "catalog.PictureFile": _("pictures of your tools"),
    "catalog.Plan": _("plans"),
    "catalog.SavedList": _("saved lists"),
    "catalog.SavedListing": _("saved listings"),
    "disputes.Appeal": _("appeals against rulings"),
    "disputes.AppealDraft": _("drafts of appeals"),
    "disputes.Dispute": _("disputes"),
    "disputes.Evidence": _("statements in disputes"),
    "disputes.EvidenceFile": _("files in disputes"),
    "disputes.Ruling": _("rulings"),
    "escrow.CallDeposit": _("deposits for calls"),
    "escrow.Escrow": _("escrows"),
    "escrow.Invoice": _("invoices"),
    "escrow.LedgerEntry": _("ledger entries"),
    "escrow.Payment": _("payments"),
    "escrow.ProvenEvent": _("proven events of your money"),
    "escrow.Receipt": _("receipts for calls"),
    "escrow.Release": _("releases"),
    "escrow.SoldOffer": _("offers as they were sold"),
    "escrow.Sending": _("payments for calls"),
    "escrow.Statement": _("statements"),
    "escrow.WalletTransaction": _("wallet transactions"),
    "gateway.ApiKey": _("api keys"),
    "gateway.EndpointTest": _("tests of your services"),
    "gateway.KeyMonth": _("calls of your keys, by month"),
    "gateway.ToolRun": _("tool runs"),
    "gateway.Trial": _("tries"),
    "gateway.TrialAllowance": _("tries that are left"),
    "gateway.TrialCall": _("calls of tries"),
    "gateway.UpstreamSecret": _("sealed keys to your services"),
    "gateway.UsageRecord": _("usage records"),
    "mfa.Authenticator": _("authenticators"),
    "moderation.Appeal": _("appeals"),
    "moderation.Decision": _("decisions"),
    "moderation.Report": _("reports"),
    "moderation.ReviewCase": _("review cases"),
    "notifications.Notification": _("notices"),
    "notifications.Preference": _("preferences"),
    "organizations.BusinessDetails": _("particulars"),
    "organizations.Document": _("documents"),
    "organizations.DomainCheck": _("domain checks"),
    "organizations.Invitation": _("invitations"),
    "organizations.Membership": _("memberships"),
    "organizations.Organization": _("organizations"),
    "organizations.Verification": _("verifications"),
    "organizations.VoteRequest": _("requests for votes"),
    "organizations.VotingWallet": _("wallets whose votes need a second person"),
    "privacy.Erasure": _("erasures"),
    "privacy.Export": _("exports"),
    "reviews.Answer": _("answers to reviews"),
    "reviews.Invitation": _("invitations to review"),
    "reviews.Review": _("reviews"),
    "reviews.Wording": _("earlier words of reviews"),
    "subscriptions.CallCount": _("counts of calls"),
    "subscriptions.Meter": _("meters of paid calls"),
    "subscriptions.Order": _("orders"),
    "subscriptions.SpendingLimit": _("spending limits"),
    "subscriptions.Addition": _("what was added to orders"),
    "subscriptions.SpendingRequest": _("spending requests"),
    "subscriptions.Subscription": _("subscriptions"),
    "usersessions.UserSession": _("sessions"),
}
RUNNING = (Subscription.State.ACTIVE, Subscription.State.SUSPENDED)


def open_matters(org_id: int | None, user_id: int) -> list[str]:
    """What stands in the way, a sentence each; empty when nothing does. As the system, or in the owner's scope."""
    return _of_organization(org_id) if org_id else _of_person(user_id)


def _of_organization(org_id: int) -> list[str]:
    held = Escrow.objects.for_org(org_id).filter(state__in=OPEN_MONEY).count()
    held += CallDeposit.objects.for_org(org_id).unclosed().count()
    running = Subscription.objects.for_org(org_id).filter(state__in=RUNNING).count()
    placed = Order.objects.for_org(org_id).filter(state=Order.State.PLACED).count()
    found = [
        (
            held,
            ngettext(
                "%(number)s\N{NO-BREAK SPACE}deposit still in escrow: "
                "stop or wait until all of it is paid out or returned.",
                "%(number)s\N{NO-BREAK SPACE}deposits still in escrow: "
                "stop or wait until all of it is paid out or returned.",
                held,
            ),
        ),
        (
            running,
            ngettext(
                "%(number)s\N{NO-BREAK SPACE}subscription still running: stop them or let them end.",
                "%(number)s\N{NO-BREAK SPACE}subscriptions still running: stop them or let them end.",
                running,
            ),
        ),
        (
            placed,
            ngettext(
                "%(number)s\N{NO-BREAK SPACE}order still waiting for payment: pay or let them expire, within the hour.",
                "%(number)s\N{NO-BREAK SPACE}orders still waiting for payment: "
                "pay or let them expire, within the hour.",
                placed,
            ),
        ),
    ]
    return [sentence % {"number": number} for number, sentence in found if number]


def _of_person(user_id: int) -> list[str]:
    owned = Membership.objects.of(user_id).filter(role=Membership.Role.OWNER)
    alone = [
        membership.org.name
        for membership in owned
        if not Membership.objects.for_org(membership.org_id)
        .filter(role=Membership.Role.OWNER)
        .exclude(user_id=user_id)
        .exists()
    ]
    sentence = _("You are the only owner of %(name)s: make somebody else an owner, or erase it first.")
    return [sentence % {"name": name} for name in alone]


@dataclass(frozen=True, slots=True)
class Line:
    """How many rows of one table are deleted, blanked or kept, and why."""

    what: Words
    count: int
    outcome: Words
    reason: Words


def consequences(org_id: int | None, user_id: int) -> list[Line]:
    """What an erasure would do to each table that holds something: counted by owner, also what other members see."""
    key = org_id or user_id
    kept = fates.OF_ORGANIZATIONS if org_id else fates.OF_PEOPLE
    lines = []
    for table in inventory.of_organizations() if org_id else inventory.of_people():
        with as_system("a count over all that the erasure would touch"):
            count = table.rows_of(key).count()
        fate = kept.get(table.label)
        if fate is None or fate.is_deleted:
            lines.append(Line(NAMES[table.label], count, _("deleted"), ""))
        else:
            lines.append(Line(NAMES[table.label], count, _("blanked") if fate.scrub else _("kept"), fate.reason))
    return [line for line in lines if line.count]
