"""How many businesses use each tool, which is what search calls popular."""

from django.db.models import Count

from marketplace.subscriptions.models import Subscription


def businesses() -> dict[int, int]:
    """Listing to the number of organizations with an active subscription. For system work: it looks across all."""
    active = Subscription.objects.filter(state=Subscription.State.ACTIVE)
    return dict(active.values_list("listing").annotate(buyers=Count("buyer", distinct=True)).order_by())
