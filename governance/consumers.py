"""Forwards what live.py has rendered to one open page. Reads nothing that the page sends."""

from typing import Any
from urllib.parse import parse_qs

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.conf import settings

from governance.live import group_of
from governance.models import Governor
from governance.reading import governor_named


class ProposalConsumer(AsyncJsonWebsocketConsumer):  # type: ignore[misc]
    """One page of one proposal; a proposal that does not exist is refused."""

    group = ""

    async def connect(self) -> None:
        kwargs = self.scope["url_route"]["kwargs"]
        governor = await _governor_of(kwargs["governor"], kwargs["proposal_id"])
        if governor is None:
            await self.close(code=4404)
            return
        self.group = group_of(governor.address, kwargs["proposal_id"], self._language())
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()

    def _language(self) -> str:
        """The one that the page names in its address; the market's own for any other."""
        asked = parse_qs(self.scope["query_string"].decode("ascii", "replace")).get("lang", [""])[0]
        return asked if asked in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE

    async def disconnect(self, code: int) -> None:
        if self.group:
            await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None, **_: Any) -> None:
        """Nothing is asked of us."""

    async def standing(self, event: dict[str, Any]) -> None:
        await self.send_json({"parts": event["parts"]})


@database_sync_to_async  # type: ignore[untyped-decorator]
def _governor_of(name: str, proposal_id: str) -> Governor | None:
    if not proposal_id.isascii() or not proposal_id.isdigit() or len(proposal_id) > 78:
        return None
    return governor_named(name).filter(proposals__proposal_id=int(proposal_id)).first()
