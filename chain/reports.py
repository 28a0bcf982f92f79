"""What the watcher has to tell an operator after each round: alarms sounded, and ended when the trouble has passed."""

import datetime as dt
import time
from dataclasses import asdict

import structlog
from django.utils import timezone

from chain import alarms, nodes, status
from chain.client import Network, addresses, reference
from chain.models import CopyPosition

FROZEN, SILENT, WRONG_CHAIN, NO_TAG = "frozen", "nodes silent", "wrong chain", "no finality tag"
SILENT_AFTER = dt.timedelta(seconds=60)
EVERY = 60.0
log = structlog.get_logger(__name__)
_logged: dict[str, float] = {}
_told: dict[tuple[str, str], bool] = {}


def report(chain: str) -> None:
    """Alarms for a frozen chain, for silence of all its providers, and for one that serves another chain."""
    _lag(chain)
    position = CopyPosition.objects.filter(chain=chain).first()
    if position and position.frozen_at:
        alarms.sound(FROZEN, f"{position.frozen_reason} {WHAT_TO_DO}", chain=chain)
        return
    network = Network.of(chain)
    if position and position.checked_at:
        _silence(chain, position.checked_at)
    for url in [*addresses(network.rpc_url), *addresses(network.witness_url)]:
        _provider(chain, nodes.health(url))


WHAT_TO_DO = "Nothing becomes final and nothing is sent. Run manage.py chain_status."


def _lag(chain: str) -> None:
    """Into the log once a minute."""
    now = time.monotonic()
    if now - _logged.get(chain, -EVERY) >= EVERY:
        _logged[chain] = now
        figures = asdict(status.lag(chain))
        log.info("chain.lag", chain=chain, **{name: str(value) for name, value in figures.items()})


def _silence(chain: str, checked_at: dt.datetime) -> None:
    silent = timezone.now() - checked_at > SILENT_AFTER
    if silent:
        sentence = f"No provider has given an answer that can be used since {checked_at:%d %b %H:%M:%S} UTC."
        alarms.sound(SILENT, sentence, chain=chain)
    elif _told.get((chain, SILENT), True):
        alarms.end(SILENT, chain=chain)
    _told[chain, SILENT] = silent


def _provider(chain: str, health: nodes.Health) -> None:
    """Told once by each process, when what it saw has changed."""
    if health.serves is not None and health.serves != health.told:
        health.told = health.serves
        if health.serves == reference(chain):
            alarms.end(WRONG_CHAIN, subject=health.name, chain=chain)
        else:
            sentence = f"The provider {health.name} serves chain {health.serves}, not {chain}. It is not believed."
            alarms.sound(WRONG_CHAIN, sentence, subject=health.name, chain=chain)
    if _told.get((chain, health.name)) != health.lacks_tag and health.serves is not None:
        _told[chain, health.name] = health.lacks_tag
        if health.lacks_tag:
            tag = Network.of(chain).tag
            sentence = f"The provider {health.name} does not know the tag {tag!r}, by which blocks become final."
            alarms.sound(NO_TAG, sentence, subject=health.name, chain=chain)
        else:
            alarms.end(NO_TAG, subject=health.name, chain=chain)
