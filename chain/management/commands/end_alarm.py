"""End an alarm that only a person can end."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chain import alarms
from chain.models import Alarm


class Command(BaseCommand):
    help = "End the alarm with this number (manage.py chain_status lists them), when what it names has been put right."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("number", type=int)

    def handle(self, *args: Any, number: int, **options: Any) -> None:
        alarm = Alarm.objects.open().filter(pk=number).first()
        if alarm is None:
            raise CommandError(f"No alarm {number} is open.")
        alarms.end(alarm.kind, subject=alarm.subject, chain=alarm.chain)
        self.stdout.write(f"Ended: {alarm.sentence}")
