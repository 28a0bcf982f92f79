"""What buyers say of a tool, in two figures on its listing."""

from django.db import transaction

from marketplace.catalog.models import Listing
from marketplace.tenancy.scope import as_system


def set_rating(listing_id: int, *, total: int, count: int) -> None:
    """Write what the reviews of a listing add up to: `total` stars of `count` reviews; search follows by itself.

    Figures, not differences, so that counting again, after a crash or an erased review, is always right.
    """
    with transaction.atomic(), as_system("buyers rate what another organization offers"):
        Listing.objects.filter(pk=listing_id).update(rating_sum=total, rating_count=count)
