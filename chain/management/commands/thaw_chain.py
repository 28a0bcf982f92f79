"""Let a frozen chain go on, with the history that an operator decides for."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from chain import freezing
from chain.client import NodeUnreachable, WrongChain, client
from chain.reader import NodeMoved
from chain.rpc import NodeRefused


class Command(BaseCommand):
    help = (
        "Thaw a chain: --accept ours when the node has come back to our history, --accept node to take the node's. "
        "Says what would happen; does it with --yes."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("chain", nargs="?", help="CAIP-2 id, the market's chain by default")
        parser.add_argument("--accept", choices=["ours", "node"], required=True)
        parser.add_argument("--reason", required=True, help="why; it is kept")
        parser.add_argument("--yes", action="store_true", help="do it")

    def handle(self, *args: Any, accept: str, reason: str, yes: bool, **options: Any) -> None:
        chain = options["chain"] or settings.CHAIN_ID
        if chain not in settings.CHAINS:
            raise CommandError(f"{chain} is not configured.")
        try:
            if accept == "ours":
                self._keep_ours(chain, reason, yes)
            else:
                self._accept_node(chain, reason, yes)
        except freezing.CannotThaw as problem:
            raise CommandError(str(problem)) from problem
        except (NodeUnreachable, NodeRefused, NodeMoved, WrongChain) as problem:
            raise CommandError(f"Nothing was changed. {problem}") from problem

    def _keep_ours(self, chain: str, reason: str, yes: bool) -> None:
        if not yes:
            self.stdout.write("Our history stays; what is not final is read again. Nothing was changed: add --yes.")
            return
        freezing.keep_ours(chain, reason)
        self.stdout.write(f"{chain} goes on with our history. Now run manage.py reconcile.")

    def _accept_node(self, chain: str, reason: str, yes: bool) -> None:
        client(chain).check_chain()
        odd = freezing.replaced(chain, client(chain))
        lost = freezing.gone(chain, odd[0].number, client(chain)) if odd else []
        self.stdout.write(f"{len(odd)} of our blocks are not the node's; {len(lost)} final logs are not on its branch.")
        for each in lost:
            self.stdout.write(f"  {each.sentence}")
        if not yes:
            self.stdout.write("Run manage.py reconcile first. Nothing was changed: add --yes.")
            return
        kept = freezing.accept_node(chain, reason)
        self.stdout.write(f"{chain} goes on with the node's history from there on.")
        if kept:
            self.stdout.write(
                f"{len(kept)} alarms stay, and no money moves: run manage.py reconcile, put right what each names, "
                "and end it with manage.py end_alarm."
            )
