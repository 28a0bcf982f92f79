"""The living page of the design system, for development: every component in its states, each shell with a page."""

from datetime import datetime, timedelta
from types import SimpleNamespace as Thing
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.text import slugify

from marketplace.catalog.media import Shot
from marketplace.tenancy import door

PAGES: Final = ("index", "forms", "shop", "offer", "workspace", "console", "governance")
DOLLAR: Final = Thing(symbol="TUSD", decimals=6)
ADDRESS: Final = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
HASH: Final = "0x9b1f5c60a3f6d2d14f0f3f6e6c7e1b0a4d5e8f7a6b3c2d1e0f9a8b7c6d5e4f3a"
CARD: Final = "/static/icons/card.png"
LONG: Final = "Rechtsschutzversicherungsgesellschaften-Angestelltenverhältnisprüfung"

PICTURES: Final = [Shot(alt, CARD, f"{CARD} 1200w", 1200, 630) for alt in ("The first", "More", LONG)]


class SampleForm(forms.Form):
    """One field of each kind."""

    name = forms.CharField(label="Name of the organization", max_length=80, help_text="As it stands on your invoices.")
    email = forms.EmailField(label="E-mail address", widget=forms.EmailInput(attrs={"autocomplete": "email"}))
    price = forms.DecimalField(
        label="Price per period, in TUSD", min_value=0, widget=forms.TextInput(attrs={"inputmode": "decimal"})
    )
    country = forms.ChoiceField(
        label="Country", choices=[("de", "Germany"), ("id", "Indonesia"), ("nl", "Netherlands")]
    )
    about = forms.CharField(label=f"Was machen Sie? {LONG}", widget=forms.Textarea(attrs={"rows": 4}), required=False)
    role = forms.ChoiceField(
        label="Role",
        widget=forms.RadioSelect,
        choices=[("owner", "Owner: everything"), ("billing", "Billing: pays and cancels"), ("viewer", "Viewer: looks")],
    )
    invoice = forms.FileField(label="Example invoice", required=False, help_text="PDF or image, up to 2 MB.")
    terms = forms.BooleanField(label="I have read the refund terms")


class Visitor:
    """A moderator who is signed in, for the menus."""

    is_authenticated = True
    is_moderator = True

    def __str__(self) -> str:
        return "ada@example.com"


def _org(name: str, *, verified: bool = True) -> Thing:
    seen: dict[str, Any] = {"verified_at": None, "checked": "register", "domain": "", "domain_checked_at": None}
    seen["checked_facts"] = ["Entry in the company register"]
    return Thing(name=name, slug=slugify(name), is_verified=verified, country="DE", **seen)


def _listings() -> list[dict[str, Any]]:
    rows = [
        ("Invoice Reader", "Reads invoices and gives you the figures, dates and tax lines as a table.",
         "Ben's Document Works", 12_500_000, 2_592_000, True),
        ("Demand Forecast", "Says how much of each article you will sell in the next eight weeks, and how sure it is.",
         "Nordlicht Analytics", 40_000_000, 2_592_000, True),
        ("Contract Check", "Points at clauses in a contract that differ from what your own templates say.",
         "Kanzlei Berger & Partner", 90_000_000, 2_592_000, True),
        (f"{LONG[:38]}", "Prüft Versicherungsbedingungen auf Widersprüche zu Ihren Angestelltenverhältnissen.",
         LONG[:46], 1_250, 86_400, False),
        ("Meeting Notes", "Turns a recording into decisions and to-dos, in English, German or Indonesian.",
         "Jakarta Speech Lab", 8_000_000, 604_800, True),
        ("Photo Cleaner", "Cuts out products from photos and puts them on white, ready for your shop.",
         "Studio Weiss", 5_990_000, 2_592_000, False),
    ]  # fmt: skip
    return [
        {
            "listing": _listing(i, name, summary, _org(org, verified=ok)),
            "plan": Thing(price=price, currency=DOLLAR, period_seconds=seconds),
            "pill": "New" if i == 1 else "",
        }
        for i, (name, summary, org, price, seconds, ok) in enumerate(rows)
    ]


def _listing(i: int, name: str, summary: str, org: Thing) -> Thing:
    """Rated, answering, down or new, in turns."""
    now = timezone.now()
    rated = {"rating_sum": 47 * i, "rating_count": 10 * i, "updated_at": now - timedelta(days=40 * i)}
    stands = {
        "uptime_bps": 10_000 - 7 * i if i else None,
        "is_down_since": now if i == 3 else None,
        "can_be_tried": i % 2 == 0,
    }
    return Thing(
        name=name, slug=f"sample-{i}", summary=summary, org=org, kind="tool", category_id=i + 1, **rated, **stands
    )


def _usage() -> list[tuple[Any, ...]]:
    measured = [412, 380, 455, 510, 498, 120, 96, 530, 560, 541, 602, 588, 150, 131, 640, 655]
    rows: list[tuple[Any, ...]] = [(f"{i + 1} Nov", value) for i, value in enumerate(measured)]
    return rows + [(f"{17 + i} Nov", 660 + 12 * i, 620 - 22 * i, 700 + 46 * i) for i in range(6)]


def _sample(request: HttpRequest) -> dict[str, Any]:
    now = timezone.now()
    me = _org("Ada Instruments GmbH")
    other = _org(LONG, verified=False)
    return {
        "dollar": DOLLAR,
        "address": ADDRESS,
        "tx_hash": HASH,
        "long": LONG,
        "org": me,
        "other": other,
        "memberships": [Thing(org=me), Thing(org=other)],
        "market": Thing(fee_bps=250, at=now - timedelta(days=41)),
        "categories": [
            Thing(slug=slug, name=name)
            for slug, name in (
                ("documents", "Documents"),
                ("forecast", "Forecasting"),
                ("language", "Language and speech"),
                ("images", "Images"),
                ("compliance", "Compliance"),
                ("data", "Data sets"),
            )
        ],
        "cards": _listings(),
        "usage": _usage(),
        "soon": now + timedelta(days=3, hours=4),
        "events": _events(request, now),
        "shown": Thing(pictures=PICTURES),
        **_tables(),
    }


def _tables() -> dict[str, Any]:
    return {
        "tabs": [
            {"url": "?page=index", "text": "Overview", "current": True},
            {"url": "?page=forms", "text": "Versions", "count": 3},
            {"url": "?page=shop", "text": "Orders", "count": 0},
            {"url": "?page=shop", "text": LONG},
        ],
        "sum": [
            {"label": "12 periods of 30 days at 12.50", "amount": 150_000_000, "currency": DOLLAR},
            {"label": "Fee of the market, 2.5 %, included", "value": "3.75 TUSD"},
            {"label": "You pay now, into escrow", "amount": 150_000_000, "currency": DOLLAR, "total": True},
        ],
        "diff": [
            {"text": "name: Invoice Reader"},
            {"text": "price: 12.50 TUSD per 30 days", "change": "removed"},
            {"text": "price: 14.00 TUSD per 30 days", "change": "added"},
            {"text": "endpoint: unchanged"},
        ],
        "crumbs": [("Subscriptions", "?page=workspace"), ("Invoice Reader", "?page=offer")],
        "columns": [
            {"text": "Day"},
            {"text": "Tool"},
            {"text": "Calls", "number": True},
            {"text": "Paid out", "number": True},
        ],
        "rows": [
            [
                {"text": f"{day} November", "label": "Day"},
                {"text": tool, "label": "Tool"},
                {"text": calls, "number": True, "label": "Calls"},
                {"text": paid, "number": True, "label": "Paid out"},
            ]
            for day, tool, calls, paid in (
                (18, "Invoice Reader", "1,204", "0.42 TUSD"),
                (19, "Demand Forecast", "88", "1.33 TUSD"),
                (20, LONG, "11,111", "111.11 TUSD"),
            )
        ],
    }


def _events(request: HttpRequest, now: datetime) -> list[dict[str, Any]]:
    paid, ordered = now - timedelta(hours=2), now - timedelta(days=14)
    rows = [
        ("Day 14 paid out to the provider", "0.42 TUSD, less 2.5 % fee", paid, "landmark", "good", ""),
        ("Waiting for block 18,204 to be final", "About 20 seconds more.", now, "hourglass", "wait", ""),
        ("Access opened", "", ordered, "key-round", "", ""),
        ("Ordered by Ada", "12 periods of 30 days", ordered, "receipt-text", "", request.path),
    ]
    return [dict(zip(("what", "more", "at", "icon", "tone", "url"), row, strict=True)) for row in rows]


@door.public
def styleguide(request: HttpRequest) -> HttpResponse:
    """One page of the guide, chosen by ?page=; ?toasts=1 shows messages; workspace and console are a visitor's."""
    page = request.GET.get("page", "index")
    if page not in PAGES:
        raise Http404("No such page in the style guide.")
    form = SampleForm(request.POST or None, request.FILES or None)
    context = {**_sample(request), "form": form, "page": page, "pages": PAGES}
    if request.GET.get("toasts"):
        messages.success(request, "Paid. Your receipt is in Billing.")
        messages.error(request, "The e-mail could not be sent. Nothing was lost; we try again in a minute.")
    if page in {"workspace", "console"}:
        request.org = context["org"]  # type: ignore[attr-defined]
        context["user"] = Visitor()
    status = 422 if form.is_bound and not form.is_valid() else 200
    return render(request, f"styleguide/{page}.html", context, status=status)
