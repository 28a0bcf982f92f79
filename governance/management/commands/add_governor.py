"""Follow a further DAO: say what kind of governor stands at an address, watch its contracts, read its past."""

import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from chain import watcher
from chain.client import NodeRefused, NodeUnreachable, WrongChain
from chain.watcher import Outcome
from governance import services
from governance.adding import add_governor
from governance.models import Governor
from governance.probing import NotSupported
from governance.reading import Reading

EVERY = 2.0
PAUSE = 0.5
PATIENCE = 60.0


class Command(BaseCommand):
    help = "Mirror any OpenZeppelin Governor of 4.9 to 5.x by its address. May be interrupted and run again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address")
        parser.add_argument("--chain", choices=list(settings.CHAINS), default=settings.CHAIN_ID)
        parser.add_argument("--from-block", type=int, help="read from this block on, instead of each one's deployment")
        parser.add_argument("--no-wait", action="store_true", help="leave the reading of its past to the worker")

    def handle(
        self, *args: Any, address: str, chain: str, from_block: int | None, no_wait: bool, **options: Any
    ) -> None:
        try:
            governor, is_new = add_governor(chain=chain, address=address, from_block=from_block)
        except (NotSupported, NodeUnreachable, NodeRefused, WrongChain) as problem:
            raise CommandError(f"Nothing was changed. {problem}") from problem
        if is_new:
            self.stdout.write("\n".join([f"{governor.name} {governor.address}", *described(governor)]))
        else:
            self.stdout.write(f"{governor.name} is mirrored already: /governance/{governor.slug}/")
        if not no_wait:
            self._read(governor)

    def _read(self, governor: Governor) -> None:
        """The watcher's own steps and the mirror's, until level with the node; beside a worker as well."""
        shown = moved_at = time.monotonic()
        last = Reading.of(governor)
        while True:
            outcome = watcher.watch(governor.chain, seconds=1.0)
            services.mirror(governor.chain)
            governor.refresh_from_db()
            now, reading = time.monotonic(), Reading.of(governor)
            is_done = governor.caught_up_at is not None
            if is_done or now - shown >= EVERY:
                shown = now
                self.stdout.write(line(reading))
            if is_done:
                return
            if outcome is Outcome.FROZEN:
                raise CommandError(f"{governor.chain} is frozen. Run manage.py chain_status.")
            moved_at = now if reading != last else moved_at
            last = reading
            if now - moved_at > PATIENCE:
                raise CommandError(f"Nothing was read for {PATIENCE:.0f} s: {outcome.value}. Run it again to go on.")
            time.sleep(0 if outcome is Outcome.COPIED else PAUSE)


def line(reading: Reading) -> str:
    """How far it is."""
    share = min(max(reading.copied, 0) / reading.head, 1.0) if reading.head > 0 else 0.0
    return (
        f"{reading.name} read to block {max(reading.copied, 0):,} of {max(reading.head, 0):,} ({share:.0%}): "
        f"{reading.proposals:,} proposals, {reading.votes:,} votes"
    )


def described(governor: Governor) -> list[str]:
    """What kind of governor it was found to be."""
    token = governor.token
    have = {"late quorum": governor.has_late_quorum, "storage": governor.has_storage, "settings": governor.has_settings}
    kinds = {
        "token": f"{token.symbol} ({token.kind}) {token.address}",
        "clock": governor.clock_mode,
        "timelock": f"{governor.timelock_kind} {governor.timelock}".strip(),
        "salt of operations": governor.salt,
        "quorum": governor.quorum_kind,
        "nonces of ballots": governor.nonces,
        "extensions": ", ".join(name for name, there in have.items() if there) or "none",
    }
    return [f"  {name}: {value}" for name, value in kinds.items()]
