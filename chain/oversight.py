"""What an operator must see of the outbox. Alarms follow from rows, so that they come and end whoever dies when."""

import datetime as dt
from collections.abc import Sequence

from django.db.models import Count, Max, Min, QuerySet
from django.utils import timezone

from chain import alarms, budget
from chain.client import Client
from chain.failpoints import failpoint
from chain.models import Attempt, OutgoingTransaction, SendingAccount, State
from chain.outbox import capacity
from chain.preparing import TOO_DEAR
from chain.quotes import quote
from chain.replacing import CAPPED
from chain.signing import Signer, only_for

KINDS = ("low_balance", "gas_budget", "fee_cap", "stuck", "unknown", "queue", "signer")
BALANCE_EVERY = dt.timedelta(seconds=30)
PATIENCE = dt.timedelta(minutes=10)
ENOUGH_FOR = 50
USUAL_GAS = 100_000
Found = dict[tuple[str, str], str]


def look(node: Client, accounts: Sequence[Signer], silent: dict[str, str]) -> None:
    """Sound what is wrong now and end what is not any more. `silent`: accounts whose signer did not answer, and how."""
    for account in accounts:
        _weigh(node, account)
    failpoint("sender.after_balances")
    found: Found = {("signer", address): sentence for address, sentence in silent.items()}
    found |= _exhausted(node.chain)
    found |= _low(node.chain, accounts) | _homeless(node.chain, accounts) | _waiting(node.chain) | _stuck(node.chain)
    for (kind, subject), sentence in found.items():
        alarms.sound(kind, sentence, subject=subject, chain=node.chain)
    for alarm in alarms.sounding(node.chain):
        if alarm.kind in KINDS and (alarm.kind, alarm.subject) not in found:
            alarms.end(alarm.kind, subject=alarm.subject, chain=node.chain)


def _weigh(node: Client, account: Signer) -> None:
    """Look up an account's balance, now and then; low is below the setting, else too little for fifty transactions."""
    row = SendingAccount.objects.filter(chain=node.chain, address=account.address).first()
    if row and row.balance_at and row.balance_at > timezone.now() - BALANCE_EVERY:
        return
    quotes = quote(node, account, [])
    if row is None:
        fresh = SendingAccount(chain=node.chain, address=account.address, next_nonce=quotes.used)
        SendingAccount.objects.bulk_create([fresh], ignore_conflicts=True)
    lately = list(_of(node.chain).order_by("-pk").values_list("gas", flat=True)[:20]) or [USUAL_GAS]
    enough = node.network.low_balance or sum(lately) // len(lately) * quotes.fees.max_fee * ENOUGH_FOR
    SendingAccount.objects.filter(chain=node.chain, address=account.address).update(
        balance=quotes.balance, balance_at=timezone.now(), is_low=quotes.balance < enough
    )


def _of(chain: str) -> QuerySet[Attempt]:
    return Attempt.objects.filter(transaction__chain=chain)


def coins(wei: int) -> str:
    """An amount of the chain's own coin, to six places, rounded down."""
    whole, rest = divmod(wei, 10**18)
    return f"{whole}.{rest // 10**12:06d}"


def _low(chain: str, accounts: Sequence[Signer]) -> Found:
    here = [each.address for each in accounts]
    low = SendingAccount.objects.filter(chain=chain, is_low=True, address__in=here)
    return {
        ("low_balance", row.address): f"The sending account {row.address} has {coins(int(row.balance or 0))} of the "
        "chain's coin left. Send it some, or payments stop."
        for row in low
    }


def _homeless(chain: str, accounts: Sequence[Signer]) -> Found:
    """Queued rows that ask for a sender of which no key is here."""
    known = ["", *(name for each in accounts for name in (each.address, *only_for(each)))]
    rows = OutgoingTransaction.objects.filter(chain=chain, state=State.QUEUED).exclude(only_by__in=known)
    found: Found = {}
    for name in rows.order_by("only_by").values_list("only_by", flat=True).distinct():
        found["queue", name] = f"Transactions wait for the sender {name}, of which no key is here."
        rows.filter(only_by=name, last_error="").update(last_error=f"No key of the sender {name} is here.")
    return found


def _exhausted(chain: str) -> Found:
    """The budget has no room for one more: signatures are refused from here on, so nothing need wait to show it."""
    if not capacity(chain).is_exhausted:
        return {}
    return {("gas_budget", ""): "Today's gas budget is used up: the market takes no signatures until 00:00 UTC."}


def _waiting(chain: str) -> Found:
    """What the sentences of waiting rows say together."""
    rows = OutgoingTransaction.objects.filter(chain=chain, state__in=[State.QUEUED, State.SIGNED, State.SENT])
    found: Found = {}
    groups = rows.exclude(last_error="").values("last_error").annotate(count=Count("pk"))
    for group in groups.order_by("last_error"):
        if group["last_error"] == budget.EXHAUSTED:
            sentence = f"Today's gas budget is used up: {group['count']} transactions wait for 00:00 UTC."
            found["gas_budget", ""] = sentence
        elif group["last_error"] in {TOO_DEAR, CAPPED}:
            found["fee_cap", ""] = f"Gas costs more than the fee cap allows: {group['count']} transactions wait."
    late = rows.filter(state=State.QUEUED, created_at__lt=timezone.now() - PATIENCE)
    old = late.exclude(last_error__in=[budget.EXHAUSTED, TOO_DEAR]).aggregate(
        count=Count("pk"), since=Min("created_at"), why=Max("last_error")
    )
    if old["count"]:
        found["queue", ""] = (
            f"{old['count']} transactions have waited since {old['since']:%H:%M} UTC. {old['why']}".strip()
        )
    return found


def _stuck(chain: str) -> Found:
    """What is long signed and not mined, and what nobody can tell the end of."""
    rows = OutgoingTransaction.objects.filter(chain=chain, state__in=[State.SIGNED, State.SENT, State.UNKNOWN])
    groups = (
        rows.values("sender", "state")
        .annotate(since=Min("attempts__created_at"), lowest=Min("nonce"), count=Count("pk", distinct=True))
        .filter(since__lt=timezone.now() - PATIENCE)
    )
    found: Found = {}
    for each in groups.order_by("sender", "state"):
        if each["state"] == State.UNKNOWN:
            sentence = (
                f"The nonce {each['lowest']} of {each['sender']} is used, and the node cannot say by what. "
                "A node with older states can."
            )
            found["unknown", each["sender"]] = sentence
        else:
            sentence = (
                f"{each['sender']} has waited since {each['since']:%H:%M} UTC for nonce {each['lowest']} to be mined."
            )
            found["stuck", each["sender"]] = sentence
    return found
