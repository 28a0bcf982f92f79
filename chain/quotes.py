"""What the node asks for today: fees, gas limits, and the nonces that an account has used."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import structlog
from django.utils import timezone

from chain import reader
from chain.client import Client
from chain.models import CopyPosition, OutgoingTransaction
from chain.rpc import Call, Header, NodeRefused, number, read
from chain.signing import Fees, Signer

log = structlog.get_logger(__name__)
GWEI = 10**9


class NodeBehind(Exception):
    """The node is behind what was copied already: its no would not be an answer."""


class Quotes(NamedTuple):
    """`limits`: a gas limit a row, or the node's no. `used`: the nonces used on chain. Amounts in wei."""

    used: int
    base_fee: int
    fees: Fees
    balance: int
    limits: list[int | NodeRefused]


def quote(node: Client, account: Signer, rows: Sequence[OutgoingTransaction]) -> Quotes:
    """Ask in one batch. Raises WrongChain, NodeBehind, and what the node raises."""
    calls: list[Call] = [
        ("eth_getBlockByNumber", ["latest", False]),
        ("eth_maxPriorityFeePerGas", []),
        ("eth_getTransactionCount", [account.address, "latest"]),
        ("eth_getBalance", [account.address, "latest"]),
        *(("eth_estimateGas", [_call_of(row, account.address)]) for row in rows),
    ]
    head, tip, used, balance, *estimates = reader.ask(node, calls)
    header = read(head, Header)
    position = CopyPosition.objects.filter(chain=node.chain).first()
    if position and header.height < position.copied_number:
        raise NodeBehind(f"The node is at {header.height}, {position.copied_number} is copied already.")
    return Quotes(
        number(used),
        int(header.base_fee_per_gas, 16),
        _fees(node, header, tip),
        number(balance),
        [answer if isinstance(answer, NodeRefused) else number(answer) * 6 // 5 + 10_000 for answer in estimates],
    )


def _fees(node: Client, header: Header, tip: msgspec.Raw | NodeRefused) -> Fees:
    """Twice the base fee, which is enough for six full blocks; the tip that the node proposes; not above the cap."""
    cap, base = node.network.max_fee_cap, int(header.base_fee_per_gas, 16)
    priority = GWEI if isinstance(tip, NodeRefused) else number(tip)
    return Fees(min(2 * base + priority, cap), min(priority, cap))


def _call_of(row: OutgoingTransaction, sender: str) -> dict[str, str]:
    return {"from": sender, "to": row.to, "data": "0x" + bytes(row.data).hex(), "value": hex(row.value)}


def leave(rows: Sequence[OutgoingTransaction], error: str) -> None:
    """These wait, and say for what; others have their turn first."""
    if not rows:
        return
    OutgoingTransaction.objects.filter(pk__in=[row.pk for row in rows]).update(
        last_error=error, checked_at=timezone.now()
    )
    if any(row.last_error != error for row in rows):
        log.error("chain.not_sendable", keys=[row.key for row in rows][:5], count=len(rows), error=error)
