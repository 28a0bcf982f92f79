"""A notice is its reader's, and only while the reader belongs to the organization that it is about."""

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.notifications.models import Notification
from marketplace.organizations.models import Membership, Organization
from marketplace.tenancy.scope import scope
from tests import world

pytestmark = pytest.mark.django_db


@world.written
def notice(user: User, org: Organization | None = None, **fields: Any) -> Notification:
    defaults = {"entry_id": Notification.objects.count() + 1, "kind": "orders", "rule": "order.expired/0"}
    return Notification.objects.create(user=user, org=org, path="/browse/", at=timezone.now(), **{**defaults, **fields})


def seen(user: User) -> list[int]:
    with transaction.atomic(), scope(user_id=user.pk):
        return list(Notification.objects.order_by("pk").values_list("pk", flat=True))


def test_a_removed_member_no_longer_sees_what_the_organization_was_told() -> None:
    ada, bakery = world.person("Ada"), world.organization("Bakery")
    membership = world.member(bakery, ada, "billing")
    about_org, about_me = notice(ada, bakery), notice(ada)
    assert seen(ada) == [about_org.pk, about_me.pk]
    world.written(lambda: Membership.objects.filter(pk=membership.pk).delete())()
    assert seen(ada) == [about_me.pk]


def test_nobody_sees_or_opens_another_persons_notice(client: Client) -> None:
    ada, ben, bakery = world.person("Ada"), world.person("Ben"), world.organization("Bakery")
    world.member(bakery, ada, "owner")
    world.member(bakery, ben, "owner")
    hers = notice(ada, bakery)
    assert seen(ben) == []
    client.force_login(ben)
    for method in ("get", "post", "put", "patch", "delete"):
        assert getattr(client, method)(f"/inbox/{hers.pk}/").status_code in (405, 422)
    client.post("/inbox/read/", {"up_to": hers.pk})
    with transaction.atomic(), scope(user_id=ada.pk):
        assert Notification.objects.get().read_at is None
    client.force_login(ada)
    assert client.post(f"/inbox/{hers.pk}/").status_code == 302, "the control: its reader may"


def test_nobody_can_be_given_a_notice_by_another_person() -> None:
    ada, ben = world.person("Ada"), world.person("Ben")
    hers = notice(ada)
    with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic(), scope(user_id=ada.pk):
        Notification.objects.filter(pk=hers.pk).update(user=ben)
        connection.check_constraints()


def test_who_moderates_no_more_finds_no_cases_in_the_inbox(client: Client) -> None:
    mia = world.person("Mia", is_moderator=True)
    notice(mia, kind="moderation", rule="listing.submitted/0")
    client.force_login(mia)
    assert "notice-row" in client.get("/inbox/").content.decode()
    User.objects.filter(pk=mia.pk).update(is_moderator=False)
    assert "notice-row" not in client.get("/inbox/").content.decode()
