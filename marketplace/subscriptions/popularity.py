"""How many businesses use each tool, which is what search calls popular."""

from django.db.models import Count

from marketplace.subscriptions.models import Subscription


def businesses() -> dict[int, int]:
    """Listing to the number of organizations that pay for it now. For system work: it looks across all.

    What costs nothing does not count, or anybody could make a tool popular.
    """
    active = Subscription.objects.filter(state=Subscription.State.ACTIVE, order__isnull=False)
    return dict(active.values_list("listing").annotate(buyers=Count("buyer", distinct=True)).order_by())
