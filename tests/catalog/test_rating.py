"""What reviews add up to, on the listing."""

import pytest
from django.db import IntegrityError, transaction

from marketplace.catalog import services
from marketplace.catalog.models import Listing
from marketplace.tenancy.scope import as_system, scope
from tests import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> world.Cast:
    return world.cast()


def test_a_buyers_review_counts_although_the_listing_is_not_the_buyers(cast: world.Cast) -> None:
    with transaction.atomic(), scope(org_id=cast.bakery.pk, user_id=cast.ada.pk):
        Listing.objects.filter(pk=cast.listing.pk).update(rating_sum=5, rating_count=1)
        assert Listing.objects.get(pk=cast.listing.pk).rating is None  # the control: the wall stands
        services.set_rating(cast.listing.pk, total=9, count=2)
    listing = Listing.objects.get(pk=cast.listing.pk)
    assert (listing.rating_sum, listing.rating_count, listing.rating) == (9, 2, 4.5)


@pytest.mark.parametrize(("total", "count"), [(6, 1), (0, 1), (5, 0)])
def test_a_rating_that_no_reviews_can_add_up_to_is_not_stored(cast: world.Cast, total: int, count: int) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        services.set_rating(cast.listing.pk, total=total, count=count)
    with as_system("look"):
        assert Listing.objects.get(pk=cast.listing.pk).rating_count == 0
