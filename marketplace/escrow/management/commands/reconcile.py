"""Compare our books with the contract's."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from marketplace.escrow.services.reconciling import reconcile


class Command(BaseCommand):
    help = (
        "Compare ledger, deposits, credits and parameters with the escrow contracts at the final block, keep the "
        "result for the console, and print every difference. Exit 1 if there is one, 2 if the node did not answer."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        run = reconcile()
        if run.error:
            raise CommandError(run.error, returncode=2)
        for sentence in run.differences:
            self.stdout.write(sentence)
        if run.found > len(run.differences):
            self.stdout.write(f"And {run.found - len(run.differences)} more.")
        if run.found:
            sys.exit(1)
        if options["verbosity"]:
            self.stdout.write(f"{run.compared} figures agree with the contracts, to the unit, at block {run.block}.")
