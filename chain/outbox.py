"""Leave a transaction to be sent. Nothing is signed or sent here: that is `chain.sender`, which survives its death."""

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone
from eth_utils.address import is_address, to_checksum_address

from chain import budget
from chain.models import OutgoingTransaction, SendingAccount, State

LATELY = dt.timedelta(minutes=5)


class KeyReused(ValueError):
    """A key was used before for another transaction."""


def submit(
    *,
    key: str,
    to: str,
    data: bytes,
    value: int = 0,
    chain: str | None = None,
    sender: str = "",
    urgent: bool = False,
) -> OutgoingTransaction:
    """A row to be sent once, in the caller's transaction: no commit, no sending. `value` in wei.

    `sender` is an address or a role of RELAYER_ROLES that alone may sign it; by default any account does. What is
    `urgent` goes first, and may use the part of the day's gas budget that is kept from others.
    The same key gives the same row. Raises KeyReused when it names another destination, data, value or sender.
    """
    chain = chain or settings.CHAIN_ID
    to = to_checksum_address(to)
    only_by = to_checksum_address(sender) if is_address(sender) else sender
    fresh = OutgoingTransaction(
        key=key, chain=chain, to=to, data=bytes(data), value=value, only_by=only_by, urgent=urgent
    )
    OutgoingTransaction.objects.bulk_create([fresh], ignore_conflicts=True)
    row = OutgoingTransaction.objects.get(key=key)
    if (row.chain, row.to, bytes(row.data), row.value, row.only_by) != (chain, to, bytes(data), value, only_by):
        raise KeyReused(f"The key {key!r} already names another transaction.")
    return row


@dataclass(frozen=True)
class Capacity:
    """What the outbox can still do today: wei left for what is not urgent (None: no budget), the most that one costs of
    late, accounts short of funds, accounts in all, and how many transactions wait."""

    budget_left: int | None
    usual: int
    low: tuple[str, ...]
    accounts: int
    waiting: int

    @property
    def is_exhausted(self) -> bool:
        """Whether today's budget has no room for one more beside those that wait."""
        return self.budget_left is not None and self.budget_left < max(self.usual, 1) * (self.waiting + 1)

    @property
    def problem(self) -> str:
        """Why a transaction that is left now may not go out today, as a sentence for people; or an empty text."""
        if self.is_exhausted:
            return "The market has used up what it spends on fees today. It sends again after 00:00 UTC."
        if self.accounts and len(self.low) == self.accounts:
            return "The market's sending accounts are short of funds, so sending may take longer."
        return ""


def capacity(chain: str | None = None) -> Capacity:
    """As the sender last saw it; asks the database only, so that a page may ask before people sign."""
    chain = chain or settings.CHAIN_ID
    accounts = SendingAccount.objects.filter(chain=chain, balance_at__gt=timezone.now() - LATELY)
    return Capacity(
        budget_left=budget.left(chain),
        usual=budget.usual(chain),
        low=tuple(accounts.filter(is_low=True).order_by("pk").values_list("address", flat=True)),
        accounts=accounts.count(),
        waiting=OutgoingTransaction.objects.filter(chain=chain, state=State.QUEUED).count(),
    )
