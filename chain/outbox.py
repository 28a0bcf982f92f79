"""Leave a transaction to be sent. Nothing is signed or sent here: that is `chain.sender`, which survives its death."""

from django.conf import settings
from eth_utils.address import to_checksum_address

from chain.models import OutgoingTransaction


class KeyReused(ValueError):
    """A key was used before for another transaction."""


def submit(*, key: str, to: str, data: bytes, value: int = 0, chain: str | None = None) -> OutgoingTransaction:
    """A row to be sent once, in the caller's transaction: no commit, no sending. `value` in wei.

    The same key gives the same row. Raises KeyReused when it names another destination, data or value.
    """
    chain = chain or settings.CHAIN_ID
    to = to_checksum_address(to)
    fresh = OutgoingTransaction(key=key, chain=chain, to=to, data=bytes(data), value=value)
    OutgoingTransaction.objects.bulk_create([fresh], ignore_conflicts=True)
    row = OutgoingTransaction.objects.get(key=key)
    if (row.chain, row.to, bytes(row.data), row.value) != (chain, to, bytes(data), value):
        raise KeyReused(f"The key {key!r} already names another transaction.")
    return row
