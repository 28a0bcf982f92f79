"""What the evidence of an order says of its disputes: the hashes, and the texts that can be hashed anew."""

import hashlib
from typing import Any

from marketplace.disputes import hashing
from marketplace.disputes.models import Dispute, Evidence, Ruling
from marketplace.subscriptions.models import Order


def of_order(order: Order) -> list[dict[str, Any]]:
    """Each dispute that was opened, with the hashes that the chain has and one of each document.

    A document's is the SHA-256 of salt and the SHA-256 of the file, both as hexadecimal text with a colon between.
    `statement` and `ruling` are the very texts whose hashes the chain has, their salts among them; they stand for both
    sides to check, and may be taken out before the file is passed on: the rest holds without them.
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
        "statement": statement_of(dispute),
        "ruling": reasoning_of(dispute),
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


def statement_of(dispute: Dispute) -> str:
    """The text whose hash is the contract's `evidenceHash`; empty where nothing was written here, or it was erased."""
    said = Evidence.objects.filter(dispute=dispute, part=Evidence.Part.STATEMENT).prefetch_related("files").first()
    if said is None or not dispute.salt:
        return ""
    about = {"escrow_id": dispute.escrow.escrow_id, "category": dispute.category, "salt": dispute.salt}
    text = hashing.statement(text=said.text, files=said.files.all(), **about)
    return text if hashing.bytes32(text) == dispute.evidence_hash else ""


def reasoning_of(dispute: Dispute) -> str:
    """The text whose hash is the contract's `rulingHash`; empty before it is carried out, or when nobody here ruled."""
    ruling = Ruling.objects.filter(dispute=dispute, state=Ruling.State.DONE).first()
    if ruling is None:
        return ""
    return hashing.reasoning(
        escrow_id=dispute.escrow.escrow_id,
        provider_bps=ruling.provider_bps,
        reasons=ruling.reasons,
        salt=ruling.salt,
    )
