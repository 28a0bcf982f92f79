"""Before a transaction of ours ends for good, the witness must say the same of it: a receipt is one provider's word."""

from collections.abc import Mapping, Sequence

import structlog

from chain.client import WrongChain
from chain.client import witness as witness_of
from chain.models import Attempt, OutgoingTransaction
from chain.rpc import Call, NodeRefused, NodeUnreachable, Receipt, number, read

log = structlog.get_logger(__name__)


def vouched(
    chain: str, rows: Sequence[OutgoingTransaction], receipts: Mapping[int, Receipt], final: int
) -> set[int] | None:
    """The ids of those rows whose end the witness confirms; None where every end counts, for there is no witness.

    A row with a receipt: the witness has the same one. A row without: it has none of any attempt, and the nonce was
    used at the final height. Nobody is confirmed while it does not answer.
    """
    witness = witness_of(chain)
    if witness is None:
        return None
    if not rows:
        return set()
    attempts = list(Attempt.objects.filter(transaction__in=rows).order_by("pk"))
    calls: list[Call] = [("eth_chainId", [])]
    calls += [("eth_getTransactionCount", [row.sender, hex(max(final, 0))]) for row in rows]
    calls += [("eth_getTransactionReceipt", [attempt.tx_hash]) for attempt in attempts]
    try:
        chain_id, *answers = [
            each for start in range(0, len(calls), 100) for each in witness.node.batch(calls[start : start + 100])
        ]
        witness.serves(number(chain_id))
        used = [number(answer) for answer in answers[: len(rows)]]
        found = {
            attempt.transaction_id: receipt
            for attempt, answer in zip(attempts, answers[len(rows) :], strict=True)
            if (receipt := read(answer, Receipt | None))
        }
    except (NodeUnreachable, NodeRefused, WrongChain) as problem:
        log.warning("chain.witness_waits", chain=chain, why=str(problem))
        return set()
    return {
        row.pk
        for row, nonces in zip(rows, used, strict=True)
        if _same(receipts.get(row.pk), found.get(row.pk)) and nonces > (row.nonce or 0)
    }


def _same(ours: Receipt | None, theirs: Receipt | None) -> bool:
    if ours is None or theirs is None:
        return ours is theirs
    names = ("transaction_hash", "block_hash", "block_number", "status")
    return all(getattr(ours, name) == getattr(theirs, name) for name in names)
