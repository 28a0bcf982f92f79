"""The person behind an actor."""

from django.utils.translation import gettext as _

from marketplace.lifecycle import Refused
from marketplace.tenancy.actor import Actor


def person_of(actor: Actor) -> int:
    """The id of the person who acts; raises Refused for a stranger and for the market's own clock."""
    if actor.user_id is None:
        raise Refused(_("This is done by a person. Sign in first."))
    return actor.user_id
