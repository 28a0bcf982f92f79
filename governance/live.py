"""A proposal that stands otherwise, rendered once a language and sent to all open pages of it. Public facts only."""

import hashlib
from collections.abc import Iterable

import structlog
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from redis.exceptions import RedisError

from governance.models import Proposal
from governance.reading import for_show, standing_context

log = structlog.get_logger(__name__)
PARTS = {"standing": "governance/proposal.html#standing_inside", "votes": "governance/_votes.html"}


def group_of(governor: str, proposal_id: str, language: str = settings.LANGUAGE_CODE) -> str:
    """The channel group of a proposal's open pages in one language: by address and id, which outlive a reorg."""
    key = hashlib.sha256(f"{governor.lower()}/{proposal_id}".encode()).hexdigest()[:40]
    return f"proposal.{key}.{language}"


def publish(proposal_ids: Iterable[int]) -> None:
    """Send each proposal's standing to its group. What is not received is fetched by the page's own polling."""
    layer = get_channel_layer()
    for proposal in for_show(Proposal.objects.filter(pk__in=list(proposal_ids))):
        for language, _name in settings.LANGUAGES:
            with translation.override(language):
                context = standing_context(proposal)
                parts = {part: render_to_string(template, context) for part, template in PARTS.items()}
            group = group_of(proposal.governor.address, str(proposal.proposal_id), language)
            try:
                async_to_sync(layer.group_send)(group, {"type": "standing", "parts": parts})
            except (OSError, RedisError) as problem:
                log.warning("governance.live", proposal=proposal.pk, problem=str(problem))
