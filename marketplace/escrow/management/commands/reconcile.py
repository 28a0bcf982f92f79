"""Compare our books with the contract's."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from marketplace.escrow.services.reconciling import differences


class Command(BaseCommand):
    help = (
        "Compare ledger, deposits and credits with the escrow contract; print every difference, exit 1 if there is one."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        found = differences()
        for sentence in found:
            self.stdout.write(sentence)
        if found:
            sys.exit(1)
        if options["verbosity"]:
            self.stdout.write("Ledger, deposits and credits agree with the contract, to the unit.")
