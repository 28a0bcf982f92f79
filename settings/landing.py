"""The front page: what this is, for whom, and why the money is safe; with figures from the database."""

from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from marketplace.catalog.keeping import Kept
from marketplace.catalog.models import Listing
from marketplace.catalog.search.cards import cards
from marketplace.catalog.search.finding import Question, find
from marketplace.subscriptions.models import Order
from marketplace.tenancy import door
from marketplace.tenancy.scope import as_system
from settings.figures import grouped

CARDS: Final = 6
MOST_COUNTED: Final = 1000


@dataclass(frozen=True, slots=True)
class Figures:
    """What the market is today; `most_bought` are ids of listings, the most wanted first."""

    tools: int
    providers: int
    settled: int
    most_bought: list[int]


def _read() -> Figures:
    public = Listing.objects.public()
    with transaction.atomic(), as_system("the front page counts the orders of all, and names none"):
        settled = Order.objects.settled().count()
        most_bought = list(Order.objects.most_bought()[:CARDS])
    return Figures(
        tools=public.capped_count(MOST_COUNTED),
        providers=public.order_by().values("org").distinct()[: MOST_COUNTED + 1].count(),
        settled=settled,
        most_bought=most_bought,
    )


figures = Kept(_read, "FIGURES_KEPT_SECONDS")


def _counted(number: int) -> str:
    return f"{grouped(MOST_COUNTED)}+" if number > MOST_COUNTED else grouped(number)


@door.public
@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """What is kept is only which tools are wanted: each is looked up again, so one that was taken down is gone."""
    now = figures()
    newest = find(Question(sort="newest"), size=CARDS, counted=False)
    context = {
        "figures": {
            "tools": _counted(now.tools),
            "providers": _counted(now.providers),
            "settled": grouped(now.settled),
        },
        "featured": cards(now.most_bought),
        "newest": cards(newest.ids),
    }
    return render(request, "catalog/landing.html", context)
