"""What a key of an organization opens beside the gateway."""

from django.utils import timezone

from marketplace.gateway.models import ApiKey
from marketplace.gateway.services import CallRefused, known_key
from marketplace.organizations.models import Membership
from marketplace.tenancy.door import KeyHolder
from marketplace.tenancy.scope import as_system


def holder(text: str) -> KeyHolder | None:
    """Who acts by a key: its organization, with the role that the member who made it has today; None for no valid key.

    A key that may only call tools, or whose maker has left, gives no role.
    """
    try:
        key = known_key(text)
    except CallRefused:
        return None
    with as_system("a key says which organization it belongs to; until then there is no scope"):
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=timezone.now())
        made_by = Membership.objects.filter(org_id=key.org_id, user=key.created_by, user__is_active=True).first()
    role = made_by.role if made_by and key.may_sell else ""
    return KeyHolder(key.created_by_id, key.org_id, role)
