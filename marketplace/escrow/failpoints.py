"""Named places of the money path where a test may kill a worker; told to `chain.failpoints` when the app is ready."""

from chain.failpoints import FAILPOINTS

OURS = {
    "escrow.settle.after_lock": "the cursor is locked, nothing is applied",
    "escrow.settle.after_event": "one event is applied, the batch is not committed",
    "escrow.settle.before_commit": "the whole batch is applied, not committed",
    "escrow.settle.after_commit": "a batch is committed",
    "escrow.release.after_lock": "due deposits are locked, nothing is left to be sent",
    "escrow.release.after_submit": "transactions are left to be sent, not committed",
    "escrow.release.after_commit": "transactions that are to be sent are committed",
    "escrow.receipts.after_lock": "deposits for calls are locked, nothing is signed",
    "escrow.receipts.before_commit": "receipts are signed and stored, not committed",
    "escrow.receipts.after_commit": "receipts are committed",
    "escrow.claim.after_lock": "deposits for calls are locked, no claim is left to be sent",
    "escrow.claim.before_commit": "claims are left to be sent, not committed",
    "escrow.claim.after_commit": "claims that are to be sent are committed",
    "escrow.close.after_lock": "deposits for calls are locked, no closing is left to be sent",
    "escrow.close.before_commit": "closings are left to be sent, not committed",
    "escrow.close.after_commit": "closings that are to be sent are committed",
}


def declare() -> None:
    """Make the names known, so that FAILPOINT may hold one of them."""
    FAILPOINTS.update(OURS)
