"""Say how the chain, its copy and the outbox stand."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db.models import Count

from chain import alarms, freezing, status
from chain.client import NodeUnreachable, WrongChain, client, witness
from chain.models import Contract, GasDay, OutgoingTransaction, SendingAccount
from chain.reader import NodeMoved
from chain.rpc import NodeRefused

SHOWN = 10
WHAT_TO_DO = (
    "Compare with an independent explorer of this chain. If the node is wrong, configure one that is right and run "
    "manage.py thaw_chain --accept ours --reason …; if the chain was really rewritten, run manage.py reconcile and "
    "then manage.py thaw_chain --accept node --reason …"
)


class Command(BaseCommand):
    help = "Explain how far the chain is copied, what is final, whether it is frozen, and what waits to be sent."

    def handle(self, *args: Any, **options: Any) -> None:
        for chain in settings.CHAINS:
            self.stdout.write(
                "\n".join([f"{chain}:", *(f"  {line}" for line in [*copy(chain), *outbox(chain), *alarmed(chain)])])
            )


def copy(chain: str) -> list[str]:
    """The node and our copy of it, a sentence each."""
    try:
        provider = client(chain)
        node = f"The newest block of {provider.node.health.name} is {provider.head()}."
    except (NodeUnreachable, NodeRefused) as problem:
        node = f"The node cannot be reached. {problem}"
    lag = status.lag(chain)
    if lag.copied < 0:
        return [node, "Nothing is copied yet: no watcher has run (celery beat starts it every second)."]
    level = f"Copied up to {lag.copied}, final up to {lag.final}; level with the head {lag.seconds_behind:.0f} s ago."
    second = witness(chain)
    confirmed = f"confirmed all that was due {lag.seconds_unconfirmed:.0f} s ago" if second else ""
    word = (
        f"The witness {second.node.health.name} {confirmed}." if second else "No witness: one provider's word counts."
    )
    watched = ", ".join(f"{c.name} {c.address}" for c in Contract.objects.watched(chain).order_by("pk"))
    lines = [node, level, word, f"Watched: {watched or 'no contract; run manage.py deploy_market on a local chain'}."]
    return lines + (frozen(chain, lag.frozen) if lag.frozen else [])


def frozen(chain: str, reason: str) -> list[str]:
    """Why nothing moves, what was replaced, and what to do."""
    lines = [f"FROZEN. {reason} Nothing becomes final and nothing is sent."]
    try:
        odd = freezing.replaced(chain, client(chain))
        lost = freezing.gone(chain, odd[0].number, client(chain)) if odd else []
    except (NodeUnreachable, NodeRefused, NodeMoved, WrongChain) as problem:
        return [*lines, f"What was replaced cannot be said now. {problem}", WHAT_TO_DO]
    lines.append(
        f"The node has {len(odd)} of our blocks otherwise, {sum(each.is_final for each in odd)} of them final."
    )
    for each in odd[:SHOWN]:
        kind = "final" if each.is_final else "not final"
        lines.append(f"Block {each.number} ({kind}, {each.logs} logs): ours {each.ours}, the node's {each.theirs}.")
    lines.append(f"{len(lost)} final logs are nowhere on the node's branch.")
    lines += [f"{each.what}, block {each.number}, transaction {each.tx_hash}." for each in lost[:SHOWN]]
    return [*lines, WHAT_TO_DO]


def alarmed(chain: str) -> list[str]:
    """The open alarms, with the number by which a person ends one."""
    return [
        f"Alarm {each.pk} since {each.began_at:%d %b %H:%M} UTC: {each.sentence}" for each in alarms.sounding(chain)
    ]


def outbox(chain: str) -> list[str]:
    """What waits to be sent, and what went wrong."""
    rows = OutgoingTransaction.objects.filter(chain=chain)
    counts = rows.order_by("state").values_list("state").annotate(count=Count("pk"))
    lines = ["Outbox: " + (", ".join(f"{count} {state}" for state, count in counts) or "empty") + "."]
    lines += [str(account) for account in SendingAccount.objects.filter(chain=chain)]
    lines += [f"Gas: {day}." for day in GasDay.objects.filter(chain=chain).order_by("-day")[:1]]
    for row in rows.exclude(last_error="").order_by("pk")[:5]:
        lines.append(f"{row.key} ({row.state}): {row.last_error}")
    return lines
