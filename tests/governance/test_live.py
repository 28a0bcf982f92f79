"""A vote reaches an open page by itself, within two seconds of its block."""

import asyncio
import json
import time
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from channels.db import database_sync_to_async
from channels.routing import URLRouter

from governance import live
from governance.urls import websocket_urlpatterns
from tests.governance.guild import DELAY, TOM, Guild

pytestmark = pytest.mark.django_db(transaction=True)


class Page(ApplicationCommunicator):
    """An open page's socket."""

    def __init__(self, path: str) -> None:
        scope = {"type": "websocket", "path": path, "headers": [], "query_string": b"", "subprotocols": []}
        super().__init__(URLRouter(websocket_urlpatterns), scope)

    async def received(self) -> dict[str, str]:
        """The parts in the next message; TimeoutError after two seconds."""
        message = await self.receive_output(timeout=2)
        parts: dict[str, str] = json.loads(message["text"])["parts"]
        return parts

    async def close(self) -> None:
        await self.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.wait()


async def opened(path: str) -> tuple[Page, bool]:
    page = Page(path)
    await page.send_input({"type": "websocket.connect"})
    answer = await page.receive_output(timeout=2)
    return page, answer["type"] == "websocket.accept"


def test_a_vote_appears_in_an_open_page_within_two_seconds_and_a_reorg_takes_it_back(guild: Guild) -> None:
    voting = guild.propose(guild.set_fee(300), "Live")
    guild.pass_time(DELAY + 1)
    live.publish(guild.copy())

    async def watch_page() -> None:
        page, connected = await opened(f"/ws/governance/guild-governor/{voting.id}/")
        assert connected
        await database_sync_to_async(voting.vote)(TOM, 1, "Live on air.")
        mined = time.monotonic()
        await database_sync_to_async(lambda: live.publish(guild.copy()))()
        parts = await page.received()
        assert time.monotonic() - mined < 2
        assert "600,000" in parts["standing"]
        assert "Live on air." in parts["votes"]
        await database_sync_to_async(lambda: guild.node.reorg(1))()
        await database_sync_to_async(lambda: live.publish(guild.copy()))()
        parts = await page.received()
        assert "600,000" not in parts["standing"]
        assert "Nobody has voted yet" in parts["votes"]
        await page.close()

    async_to_sync(watch_page)()


def test_a_page_that_was_idle_for_longer_than_the_layers_own_waits_still_hears_of_a_vote(guild: Guild) -> None:
    """channels-redis waits 5 s at a time, and so does redis-py 8 by default: the socket must outlive both."""
    voting = guild.propose(guild.set_fee(300), "Patience")
    guild.pass_time(DELAY + 1)
    guild.copy()

    async def wait_and_hear() -> dict[str, str]:
        page, _ = await opened(f"/ws/governance/guild-governor/{voting.id}/")
        await asyncio.sleep(6)
        await database_sync_to_async(voting.vote)(TOM, 1)
        await database_sync_to_async(lambda: live.publish(guild.copy()))()
        parts = await page.received()
        await page.close()
        return parts

    assert "600,000" in async_to_sync(wait_and_hear)()["standing"]


@pytest.mark.parametrize("name", ["guild-governor/1", "guild-governor/x", "nobody/1"])
def test_a_socket_for_no_proposal_is_refused(guild: Guild, name: str) -> None:
    async def knock() -> bool:
        _, connected = await opened(f"/ws/governance/{name}/")
        return connected

    assert not async_to_sync(knock)()


def test_nothing_is_sent_when_nothing_changed(guild: Guild) -> None:
    voting = guild.propose(guild.set_fee(300), "Quiet")
    guild.copy()

    async def listen() -> Any:
        page, _ = await opened(f"/ws/governance/guild-governor/{voting.id}/")
        await database_sync_to_async(lambda: live.publish(guild.copy()))()
        await asyncio.sleep(0.1)
        quiet = await page.receive_nothing()
        await page.close()
        return quiet

    assert async_to_sync(listen)()
