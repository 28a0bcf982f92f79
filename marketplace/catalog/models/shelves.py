"""What a shelf is, and what prices are in."""

from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

# The shelves that a new market starts with: their words are looked up where people read them.
FIRST = (
    noop("Forecasting and planning"), noop("What will sell, what to order, when to staff up"),
    noop("Documents"), noop("Read invoices, contracts and forms so that nobody has to type them"),
    noop("Customers and service"), noop("What customers say and need, and who they are"),
    noop("Sales and marketing"), noop("Leads, offers, texts, a tidy list of customers"),
    noop("Finance and accounting"), noop("Bookings, payments, risks"),
    noop("Data care"), noop("Fill gaps, find mistakes, tidy tables"),
    noop("Language and translation"), noop("Write, translate, shorten"),
    noop("Operations"), noop("Stock, routes, machines, quality"),
)  # fmt: skip


class Category(models.Model):
    """A shelf of the shop."""

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=60)
    summary = models.CharField(max_length=160)
    icon = models.CharField("Lucide icon", max_length=40)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name_plural = "categories"
        ordering: ClassVar = ["position", "name"]

    def __str__(self) -> str:
        return _(self.name)

    @property
    def said(self) -> str:
        """The summary in the reader's language; as it is stored, like the name, if the shelf is none of the first."""
        return _(self.summary)


class Currency(models.Model):
    """A token in which the escrow takes deposits; `accepted` follows the contract's allow-list."""

    chain = models.CharField("chain (CAIP-2)", max_length=32)
    address = models.CharField("token contract (EIP-55)", max_length=42)
    symbol = models.CharField(max_length=16)
    name = models.CharField(max_length=60)
    decimals = models.PositiveSmallIntegerField()
    eip712_version = models.CharField("version in the token's EIP-712 domain", max_length=8, default="1")
    takes_authorization = models.BooleanField("ERC-3009", default=False)
    takes_permit = models.BooleanField("ERC-2612", default=False)
    accepted = models.BooleanField(default=False)

    class Meta:
        verbose_name_plural = "currencies"
        constraints: ClassVar = [models.UniqueConstraint(fields=["chain", "address"], name="one_currency_per_token")]

    def __str__(self) -> str:
        return self.symbol

    def in_units(self, base: int) -> Decimal:
        """Base units as people count them: 29_000_000 → 29.000000."""
        return Decimal(base).scaleb(-self.decimals)

    def in_base_units(self, units: Decimal) -> int:
        """The reverse; raises ValueError for more decimals than the token has."""
        base = units.scaleb(self.decimals)
        if base != base.to_integral_value():
            raise ValueError(
                _("%(symbol)s has %(decimals)s decimals.") % {"symbol": self.symbol, "decimals": self.decimals}
            )
        return int(base)
