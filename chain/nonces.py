"""Nonces of our accounts: taken under the account's row lock, gaps first; and who used one that was not us."""

from chain import alarms, reader
from chain.client import Client
from chain.models import OutgoingTransaction, SendingAccount, State
from chain.rpc import NodeRefused, number

FOREIGN = "foreign_nonce"


def in_flight(chain: str, address: str) -> int:
    """How many transactions of an account wait to be mined."""
    return OutgoingTransaction.objects.filter(chain=chain, sender=address, state__in=[State.SIGNED, State.SENT]).count()


def take(chain: str, address: str, *, used: int, count: int, cap: int) -> list[int]:
    """Up to `count` nonces, fewer when the account would have more than `cap` in flight.

    The account stays locked until the commit. A nonce below our counter that the chain has not used and no row of ours
    has is a gap, which nothing above can pass: a foreign transaction that a reorg took back leaves one. Gaps go first.
    What others sent with the account is stepped over, and alarms.
    """
    fresh = SendingAccount(chain=chain, address=address, next_nonce=used)
    SendingAccount.objects.bulk_create([fresh], ignore_conflicts=True)
    account = SendingAccount.objects.select_for_update().get(chain=chain, address=address)
    if used > account.next_nonce:
        alarm_foreign(chain, address, f"the nonces {account.next_nonce} to {used - 1}")
    count = max(0, min(count, cap - in_flight(chain, address)))
    first = max(account.next_nonce, used)
    found = [*gaps(chain, address, used, account.next_nonce), *range(first, first + count)][:count]
    account.next_nonce = max([first, *(nonce + 1 for nonce in found)])
    account.save(update_fields=["next_nonce"])
    return found


def gaps(chain: str, address: str, used: int, upto: int) -> list[int]:
    """The nonces from `used` to below `upto` that no row of ours has."""
    if used >= upto:
        return []
    rows = OutgoingTransaction.objects.filter(chain=chain, sender=address, nonce__gte=used, nonce__lt=upto)
    taken = set(rows.values_list("nonce", flat=True))
    return [nonce for nonce in range(used, upto) if nonce not in taken]


def alarm_foreign(chain: str, address: str, what: str) -> None:
    """Not ended by us: somebody has to find out who has the key. In the transaction that notes the loss."""
    alarms.sound(
        FOREIGN,
        f"The sending account {address} was used elsewhere: {what} were not ours. Find out who has its key.",
        subject=address,
        chain=chain,
    )


def used_by(node: Client, address: str, nonce: int, upto: int) -> str | None:
    """The hash of the transaction that used a nonce, at or below block `upto`; None when the node cannot tell.

    Steps back in doubling strides to a block before it, halves the range, and reads that block.
    """
    try:
        low, stride = upto, 1
        while _count(node, address, low) > nonce:
            if low == 0:
                return None
            low, stride = max(0, low - stride), stride * 2
        high = upto
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if _count(node, address, middle) > nonce else (middle, high)
        block = node.rpc("eth_getBlockByNumber", hex(high), True)
    except NodeRefused:  # a node that keeps no states as old as that
        return None
    for each in (block or {}).get("transactions", []):
        if each["from"].lower() == address.lower() and int(each["nonce"], 16) == nonce:
            return str(each["hash"])
    return None


def _count(node: Client, address: str, height: int) -> int:
    return number(reader.ask(node, [("eth_getTransactionCount", [address, hex(height)])])[0])
