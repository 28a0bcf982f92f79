"""Organizations: what everybody may know of them, and the particulars that only they and moderators read."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.lifecycle import Lifecycle, only_states, table


class Organization(Lifecycle):
    """An SME. It may buy as soon as it exists; it may sell once a moderator has verified it.

    The row is public on purpose: name, country and verification stand on every listing and receipt.
    """

    class State(models.TextChoices):
        NEW = "new", _("not verified")
        SUBMITTED = "submitted", _("waiting for verification")
        VERIFIED = "verified", _("verified")
        REFUSED = "refused", _("not accepted")

    class Intention(models.TextChoices):
        BUY = "buy", _("Use tools that others offer")
        SELL = "sell", _("Offer tools to others")
        BOTH = "both", _("Both")

    class Fact(models.TextChoices):
        """What a moderator may say was checked. Each has an artefact: a number or documents of the request."""

        REGISTER = "register", _("Entry in the company register")
        VAT = "vat", _("VAT number")
        DOCUMENTS = "documents", _("Documents")

    class VatTreatment(models.TextChoices):
        """What the organization says of VAT in what it sells."""

        INCLUDED = "included", _("VAT is in the price")
        REVERSE = "reverse", _("Reverse charge for buyers in other countries who have a VAT number; else in the price")
        UNREGISTERED = "unregistered", _("Not registered for VAT")

    moves = table(new="submitted", submitted="verified refused new", refused="submitted", verified="refused")

    name = models.CharField("name", max_length=80)
    slug = models.SlugField(max_length=60, unique=True)
    country = models.CharField("country", max_length=2)
    about = models.CharField("what you do, in one line", max_length=160, blank=True)
    website = models.URLField("website", blank=True)
    intention = models.CharField("what you want to do here", max_length=4, choices=Intention, default=Intention.BUY)
    payout_address = models.CharField("payout wallet (EIP-55)", max_length=42, blank=True)
    state = models.CharField(max_length=20, choices=State, default=State.NEW)
    created_at = models.DateTimeField(default=timezone.now)
    verified_at = models.DateTimeField(null=True, blank=True)
    checked = models.CharField("what a moderator checked, in words of Fact", max_length=60, blank=True, db_default="")
    domain = models.CharField("the domain shown to be theirs", max_length=253, blank=True, db_default="")
    domain_checked_at = models.DateTimeField(null=True, blank=True)
    vat_treatment = models.CharField(
        "VAT in what it sells; empty: not said",
        max_length=12,
        choices=VatTreatment,
        blank=True,
        default="",
        db_default="",
    )
    vat_rate_bps = models.PositiveSmallIntegerField(
        "VAT in its prices, in hundredths of a percent", default=0, db_default=0
    )

    class Meta:
        constraints: ClassVar = [
            only_states("new submitted verified refused", "organization_state"),
            models.CheckConstraint(
                condition=~models.Q(state="verified") | models.Q(verified_at__isnull=False),
                name="organization_verified_has_a_date",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="verified") | ~models.Q(checked=""),
                name="organization_verified_says_what_was_checked",
            ),
            models.CheckConstraint(
                condition=models.Q(domain="", domain_checked_at__isnull=True)
                | ~models.Q(domain="") & models.Q(domain_checked_at__isnull=False),
                name="organization_domain_has_a_date",
            ),
            models.CheckConstraint(
                condition=models.Q(vat_treatment__in=["", "unregistered"], vat_rate_bps=0)
                | models.Q(vat_treatment__in=["included", "reverse"], vat_rate_bps__range=(1, 5_000)),
                name="organization_vat_has_its_rate",
            ),
            models.CheckConstraint(
                condition=models.Q(intention__in=["buy", "sell", "both"]), name="organization_intention"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_verified(self) -> bool:
        return self.state == self.State.VERIFIED

    @property
    def checked_facts(self) -> list[str]:
        """What a moderator checked, in words; nothing unless that stands."""
        return [str(self.Fact(fact).label) for fact in self.checked.split()] if self.is_verified else []

    @property
    def wants_to_sell(self) -> bool:
        return self.intention != self.Intention.BUY


class BusinessDetailsQuerySet(models.QuerySet["BusinessDetails"]):
    def for_org(self, org_id: int) -> "BusinessDetailsQuerySet":
        """The particulars of one organization."""
        return self.filter(org_id=org_id)


class BusinessDetails(models.Model):
    """What an organization says of itself beyond what is public, and how far its onboarding got."""

    class Size(models.TextChoices):
        ONE = "1", _("Just me")
        FEW = "2-9", _("2 to 9 people")
        SMALL = "10-49", _("10 to 49 people")
        MEDIUM = "50-249", _("50 to 249 people")
        LARGE = "250+", _("250 people or more")

    class Sector(models.TextChoices):
        FARMING = "farming", _("Farming and food")
        MAKING = "making", _("Manufacturing")
        BUILDING = "building", _("Building and crafts")
        TRADE = "trade", _("Shops and wholesale")
        HOSPITALITY = "hospitality", _("Hotels and restaurants")
        TRANSPORT = "transport", _("Transport and logistics")
        SOFTWARE = "software", _("Software and data")
        ADVICE = "advice", _("Advice, law and accounting")
        HEALTH = "health", _("Health and care")
        LEARNING = "learning", _("Education")
        PUBLIC = "public", _("Associations and public bodies")
        OTHER = "other", _("Something else")

    class Step(models.TextChoices):
        """The step of onboarding that comes next."""

        WANT = "want", _("What you want")
        PEOPLE = "people", _("Your people")
        WALLET = "wallet", _("Your wallet")
        DONE = "done", _("Done")

    org = models.OneToOneField(Organization, on_delete=models.CASCADE, related_name="details")
    size = models.CharField("how many you are", max_length=10, choices=Size, blank=True)
    sector = models.CharField("what you work in", max_length=20, choices=Sector, blank=True)
    registration_number = models.CharField("registration number", max_length=60, blank=True)
    vat_number = models.CharField("VAT number", max_length=20, blank=True)
    billing_address = models.CharField(
        "address on invoices, lines", max_length=300, blank=True, default="", db_default=""
    )
    step = models.CharField("next step of onboarding", max_length=10, choices=Step, default=Step.WANT)

    objects = BusinessDetailsQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(step__in=["want", "people", "wallet", "done"]), name="details_step"
            ),
        ]

    def __str__(self) -> str:
        return f"particulars of {self.org}"
