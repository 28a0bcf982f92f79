"""`manage.py second_factor`: what the authenticator apps of the demo people show now."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from settings.local.people import PEOPLE, code


class Command(BaseCommand):
    help = "Show the codes of the demo people's authenticator apps, for signing in on a local market."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO_TOOLS_URL:
            raise CommandError("Demo people live in the local market only: start it with bin/up.")
        for person in PEOPLE:
            if person.authenticator:
                self.stdout.write(f"{person.email}  {code(person.authenticator)}")
