"""Wake the watcher at each new head."""

import threading
from functools import partial
from typing import Any

from celery.exceptions import OperationalError
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from chain import wake
from chain.client import Network
from chain.tasks import EXPIRES, watch_chain


class Command(BaseCommand):
    help = (
        "Listen for new heads (CHAIN_WS_URL) and have each copied at once, not at the clock's next second. Runs until "
        "it is ended. Optional: without it everything happens, up to a second later."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        lines = {chain: Network.of(chain).ws_url for chain in settings.CHAINS if Network.of(chain).ws_url}
        if not lines:
            raise CommandError("No chain has a WebSocket address: set CHAIN_WS_URL.")
        stop = threading.Event()
        threads = [
            threading.Thread(target=wake.follow, args=(url, partial(queue, chain), stop), daemon=True)
            for chain, url in lines.items()
        ]
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                thread.join()
        except KeyboardInterrupt:
            stop.set()


def queue(chain: str) -> None:
    """Ask a worker to copy the chain now; when the broker is away, the clock will."""
    try:
        watch_chain.apply_async(args=(chain,), expires=EXPIRES, retry=False)
    except OperationalError as problem:
        wake.log.warning("chain.wake_unheard", chain=chain, problem=type(problem).__name__)
