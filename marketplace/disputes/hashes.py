"""What the evidence of an order says of its disputes: hashes of what was said and shown, and none of the words."""

import hashlib
from typing import Any

from marketplace.disputes.models import Dispute, Evidence, Ruling
from marketplace.subscriptions.models import Order


def of_order(order: Order) -> list[dict[str, Any]]:
    """Each dispute that was opened, with the hashes that the chain has and one of each document.

    A document's is the SHA-256 of salt and the SHA-256 of the file, both as hexadecimal text with a colon between.
    """
    opened = Dispute.objects.filter(order=order).exclude(provider=None).order_by("pk")
    return [_said(dispute) for dispute in opened]


def _said(dispute: Dispute) -> dict[str, Any]:
    ruling = Ruling.objects.filter(dispute=dispute, state=Ruling.State.DONE).first()
    said = Evidence.objects.filter(dispute=dispute).prefetch_related("files").order_by("pk")
    return {
        "deposit": dispute.escrow.escrow_id,
        "category": dispute.category,
        "outcome": dispute.outcome,
        "evidence_hash": dispute.evidence_hash,
        "ruling_hash": ruling.ruling_hash if ruling else "",
        "documents": [
            {
                "side": each.side,
                "part": each.part,
                "added_at": each.added_at.isoformat(),
                "bytes": file.size,
                "salted_sha256": hashlib.sha256(f"{dispute.salt}:{file.sha256}".encode()).hexdigest(),
            }
            for each in said
            for file in each.files.all()
        ],
    }
