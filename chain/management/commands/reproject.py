"""Rebuild what is derived from logs beside what is stored, and compare."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from chain import projections


class Command(BaseCommand):
    help = (
        "Derive deposits, ledger, credits, votes and all else anew from the stored logs, with today's handlers, in "
        "temporary tables of a transaction that is rolled back; print every row that differs, exit 1 if there is one."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("names", nargs="*", choices=[*sorted(projections.PROJECTIONS), []], help="all by default")

    def handle(self, *args: Any, names: list[str], **options: Any) -> None:
        differ = False
        for name in names or sorted(projections.PROJECTIONS):
            found = projections.rebuild(name)
            differ = differ or bool(found)
            for sentence in found:
                self.stdout.write(sentence)
            if not found and options["verbosity"]:
                self.stdout.write(f"{name}: every stored row is what the logs make of it.")
        if differ:
            sys.exit(1)
