"""Let time pass on the local chain."""

import re
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from chain import market
from chain.client import client

UNITS = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def seconds(text: str) -> int:
    """A span of time: 90, 90s, 15m, 2h, 30d, 1w."""
    match = re.fullmatch(r"(\d+)([smhdw]?)", text.strip())
    if not match or not int(match[1]):
        raise CommandError(f"{text!r} is not a span of time. Write 90, 15m, 2h, 30d or 1w.")
    return int(match[1]) * UNITS[match[2]]


class Command(BaseCommand):
    help = "Move the local chain's clock forward and mine a block: advance_time 30d."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("span", help="seconds, or 15m, 2h, 30d, 1w")

    def handle(self, *args: Any, span: str, **options: Any) -> None:
        try:
            market.require_local(settings.CHAIN_ID)
        except market.CannotDeploy as problem:
            raise CommandError(str(problem)) from problem
        node = client()
        node.rpc("evm_increaseTime", seconds(span))
        node.rpc("evm_mine")
        block = node.rpc("eth_getBlockByNumber", "latest", False)
        self.stdout.write(f"The chain's clock is at {int(block['timestamp'], 16)}, block {int(block['number'], 16)}.")
