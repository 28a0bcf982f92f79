"""Bring the database and the chain up to date: migrations, contracts, demo data, in one process.

One process, because loading Django costs more than the work of a warm start. Only the migrations use the owner's
connection; everything after them is the app role's, bound by the row policies like the running market.
"""

import django
from django.core.management import call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor


def migrate() -> None:
    """Apply what is missing, as the owner of the tables."""
    owner = connections["owner"]
    executor = MigrationExecutor(owner)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", database="owner", interactive=False, verbosity=0, skip_checks=True)
    owner.close()


def main() -> None:
    """Migrate, deploy, fill; each step does nothing if it was done before."""
    django.setup()
    migrate()
    call_command("deploy_market")
    call_command("demo")


if __name__ == "__main__":
    main()
