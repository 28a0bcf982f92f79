"""Make the search table anew."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import connections

from marketplace.catalog.search import indexing


class Command(BaseCommand):
    help = (
        "Make what search reads anew from the listings. The shop stays open; run it after a restore or a bulk import."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        entries = indexing.rebuild()
        if "owner" in connections:
            with connections["owner"].cursor() as cursor:  # only an owner may
                cursor.execute("VACUUM (ANALYZE) catalog_searchentry, catalog_searchword, catalog_shelfcount")
        if options["verbosity"]:
            self.stdout.write(f"{entries} listings can be found.")
