"""Bring the database and the chain up to date: migrations, contracts, demo data, in one process.

One process, because loading Django costs more than the work of a warm start. Only the migrations use the owner's
connection; everything after them is the app role's, bound by the row policies like the running market.
"""

import os
import sys

import django
from django.core.management import call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from settings.local import rpc


def migrate() -> None:
    """Apply what is missing, as the owner of the tables."""
    owner = connections["owner"]
    executor = MigrationExecutor(owner)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", database="owner", interactive=False, verbosity=0, skip_checks=True)
    owner.close()


def same_history() -> bool:
    """Whether the chain still knows the last final block that the database knows."""
    from chain.models import Block

    last = Block.objects.filter(chain=os.environ["CHAIN_ID"], is_final=True).order_by("-number").first()
    if last is None:
        return True
    found = rpc.call(os.environ["CHAIN_RPC_URL"], "eth_getBlockByNumber", hex(last.number), False)
    return found is not None and found["hash"] == last.hash


def main() -> None:
    """Migrate, compare, deploy, fill; each step does nothing if it was done before."""
    django.setup()
    migrate()
    if not same_history():
        sys.exit("The chain and the database tell different histories: run bin/up --reset to begin both anew.")
    call_command("deploy_market")
    call_command("demo")


if __name__ == "__main__":
    main()
