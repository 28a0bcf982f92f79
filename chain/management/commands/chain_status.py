"""Say how the chain, its copy and the outbox stand."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db.models import Count

from chain import status
from chain.client import NodeUnreachable, client
from chain.models import Contract, OutgoingTransaction, SendingAccount


class Command(BaseCommand):
    help = "Explain how far the chain is copied, what is final, whether it is frozen, and what waits to be sent."

    def handle(self, *args: Any, **options: Any) -> None:
        for chain in settings.CHAINS:
            self.stdout.write("\n".join([f"{chain}:", *(f"  {line}" for line in [*copy(chain), *outbox(chain)])]))


def copy(chain: str) -> list[str]:
    """The node and our copy of it, a sentence each."""
    try:
        node = f"The node's newest block is {client(chain).head()}."
    except NodeUnreachable as problem:
        node = f"The node cannot be reached. {problem}"
    lag = status.lag(chain)
    if lag.copied < 0:
        return [node, "Nothing is copied yet: no watcher has run (celery beat starts it every second)."]
    level = f"Copied up to {lag.copied}, final up to {lag.final}; level with the head {lag.seconds_behind:.0f} s ago."
    watched = ", ".join(f"{c.name} {c.address}" for c in Contract.objects.watched(chain).order_by("pk"))
    lines = [node, level, f"Watched: {watched or 'no contract; run manage.py deploy_market on a local chain'}."]
    if lag.frozen:
        lines.append(
            f"FROZEN. {lag.frozen} Nothing becomes final and nothing is sent, until an operator has compared the "
            "ledger with the contracts."
        )
    return lines


def outbox(chain: str) -> list[str]:
    """What waits to be sent, and what went wrong."""
    rows = OutgoingTransaction.objects.filter(chain=chain)
    counts = rows.order_by("state").values_list("state").annotate(count=Count("pk"))
    lines = ["Outbox: " + (", ".join(f"{count} {state}" for state, count in counts) or "empty") + "."]
    lines += [str(account) for account in SendingAccount.objects.filter(chain=chain)]
    for row in rows.exclude(last_error="").order_by("pk")[:5]:
        lines.append(f"{row.key} ({row.state}): {row.last_error}")
    return lines
