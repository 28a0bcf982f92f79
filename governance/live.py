"""A proposal that stands otherwise, rendered once and sent to everybody who has its page open. Public facts only."""

from collections.abc import Iterable

import structlog
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.template.loader import render_to_string
from redis.exceptions import RedisError

from governance.models import Proposal
from governance.reading import for_show, standing_context

log = structlog.get_logger(__name__)
PARTS = {"standing": "governance/proposal.html#standing_inside", "votes": "governance/_votes.html"}


def group_of(governor: str, proposal_id: str) -> str:
    """The channel group of a proposal's open pages: by address and id, which outlive a reorg."""
    return f"proposal.{governor.lower()[2:]}.{proposal_id}"[:99]


def publish(proposal_ids: Iterable[int]) -> None:
    """Send each proposal's standing to its group. What is not received is fetched by the page's own polling."""
    layer = get_channel_layer()
    for proposal in for_show(Proposal.objects.filter(pk__in=list(proposal_ids))):
        context = standing_context(proposal)
        parts = {part: render_to_string(template, context) for part, template in PARTS.items()}
        message = {"type": "standing", "parts": parts}
        try:
            async_to_sync(layer.group_send)(group_of(proposal.governor.address, str(proposal.proposal_id)), message)
        except (OSError, RedisError) as problem:
            log.warning("governance.live", proposal=proposal.pk, problem=str(problem))
