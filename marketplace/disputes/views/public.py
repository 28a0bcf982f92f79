"""The public log of rulings: a page and a feed. They read copies that name nobody."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from marketplace.disputes.models import PublishedRuling
from marketplace.subscriptions.words import money, percent
from marketplace.tenancy import door

PER_PAGE = 25
NEWEST = 50


def _place(text: str) -> int | None:
    return min(int(text[:19]), 2**63 - 1) if text.isascii() and text.isdigit() else None


@door.public
@require_safe
def rulings(request: HttpRequest) -> HttpResponse:
    """A page of them, the newest first, from a place on."""
    before = _place(request.GET.get("before", ""))
    found = list(PublishedRuling.objects.newest(before)[: PER_PAGE + 1])
    rows = found[:PER_PAGE]
    here = reverse("disputes:rulings")
    context = {
        "rulings": rows,
        "total": PublishedRuling.objects.count(),
        "next_url": f"{here}?before={rows[-1].pk}" if len(found) > PER_PAGE else "",
        "first_url": here if before is not None else "",
    }
    return render(request, "disputes/rulings.html", context)


@door.public
@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    """The newest of them, as Atom."""
    place = request.build_absolute_uri(reverse("disputes:rulings"))
    made = Atom1Feed(title=_("Rulings on disputes"), link=place, description="", feed_url=request.build_absolute_uri())
    for row in PublishedRuling.objects.newest()[:NEWEST]:
        words = {
            "share": percent(row.provider_bps),
            "contested": money(int(row.contested), row.currency),
            "about": row.get_category_display(),
        }
        made.add_item(
            title=row.get_outcome_display(),
            link=f"{place}?before={row.pk + 1}#ruling-{row.pk}",
            unique_id=f"urn:{row.chain}:{row.tx_hash}:ruling-{row.pk}",
            description=_("%(about)s: %(share)s %% of %(contested)s to the provider.") % words,
            author_name=row.arbiter or _("The contract"),
            pubdate=row.resolved_at,
            updateddate=row.resolved_at,
        )
    return HttpResponse(made.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8")
