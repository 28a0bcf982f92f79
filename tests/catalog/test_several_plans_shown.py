"""A tool with several plans shows them side by side, each with how long it is paid for."""

import pytest
from django.test import Client
from django.urls import reverse

from marketplace.catalog.models import Plan
from tests import world
from tests.escrow.money import everything

pytestmark = pytest.mark.django_db


def test_the_page_of_a_tool_with_two_plans_says_for_how_long_each_is_paid_and_what_passes_after(client: Client) -> None:
    cast = world.cast()
    with everything():
        plan = Plan.objects.get(pk=cast.plan.pk)
        plan.pk, plan.name, plan.price, plan.grace_days, plan.grace_calls = None, "Large", 90 * world.TUSD, 7, 50
        plan._state.adding = True
        plan.save(force_insert=True)
    page = client.get(reverse("catalog:listing", args=[cast.listing.slug])).content.decode()
    assert "for 30 days, once; nothing renews by itself" in page
    assert "50 calls within 7 days still pass, free" in page
