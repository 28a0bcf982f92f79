"""The evidence of an order as one ZIP: the same bytes each time, until something more happens to the order's money.

Reads rows only: what proves the events was gathered before. Everything in it is in English, so that both sides hold
the same file whatever they speak.
"""

import io
import json
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from chain.models import ReceiptProof
from chain.proofs import logs_in
from marketplace.escrow import terms
from marketplace.escrow.evidence.parts import parts_of
from marketplace.escrow.models import Escrow, LedgerEntry, Payment, ProvenEvent, SoldOffer
from marketplace.escrow.papers import plain
from marketplace.subscriptions.models import Order
from marketplace.subscriptions.services import agreement

HERE: Final = Path(__file__).parent
IMPORTED: Final = re.compile(r"from marketplace\.escrow\.evidence\.arithmetic import (?:\([^)]*\)|[^\n(]*)\n")
EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the first moment that a ZIP can name
ENDED: Final = {Escrow.State.RELEASED: "Closed", Escrow.State.REFUNDED: "Closed", Escrow.State.RESOLVED: "Closed"}


@dataclass(frozen=True, slots=True)
class Gathered:
    """How far the evidence of an order has come: how many events are proven, and whether those are all."""

    events: int
    is_whole: bool


def gathered(order: Order) -> Gathered:
    """Counts rows only, so that a page may ask."""
    escrows = list(Escrow.objects.filter(order=order))
    proven = {(row.escrow_id, row.seq): row.name for row in ProvenEvent.objects.filter(escrow__in=escrows)}
    moved = set(LedgerEntry.objects.filter(escrow__in=escrows).values_list("escrow", "seq"))
    last = {**ENDED, Escrow.State.DISPUTED: "Disputed"}
    names = {(escrow_id, name) for (escrow_id, _), name in proven.items()}
    whole = all((each.pk, last[each.state]) in names for each in escrows if each.state in last)  # type: ignore[index]
    return Gathered(len(proven), bool(escrows) and whole and moved <= proven.keys())


def bundle(order: Order) -> bytes:
    """The ZIP of an order, in the scope of one of its sides or as the system."""
    escrows = list(Escrow.objects.filter(order=order).select_related("currency").order_by("pk"))
    events = list(ProvenEvent.objects.filter(escrow__in=escrows).select_related("escrow", "proof").order_by("seq"))
    offer = SoldOffer.objects.filter(order=order).first()
    files: dict[str, bytes] = {
        "README.txt": _readme(order, escrows, events),
        "agreement.json": agreement(order, content_hash=order.plan.content_hash).encode(),
        "terms.json": _json(_terms(order, escrows)),
        "payments.json": _json(_payments(order)),
        "events.json": _json([_event(each) for each in events]),
        "ledger.json": _json(_ledger(escrows)),
        "verify.py": program(),
        **{name: _json(part) for name, part in parts_of(order).items()},
        **{f"proofs/{each.proof.tx_hash}.json": _json(_proof(each.proof)) for each in events},
    }
    if offer and offer.text:
        files["offer.json"] = offer.text.encode()
    return _zipped(files)


def program() -> bytes:
    """The program that checks a bundle, in one file: its arithmetic stands where the source imports it."""
    text = (HERE / "verify.py").read_text(encoding="utf-8")
    arithmetic = (HERE / "arithmetic.py").read_text(encoding="utf-8").partition("from ")
    return IMPORTED.sub(lambda found: arithmetic[1] + arithmetic[2], text, count=1).encode()


def file_name(order: Order) -> str:
    """What the ZIP is called when it is saved."""
    return f"evidence-{str(order.public_id)[:8]}.zip"


def _zipped(files: dict[str, bytes]) -> bytes:
    """Sorted, unpressed and without moments, for other versions of a packer press otherwise."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as packed:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            packed.writestr(entry, content)
    return out.getvalue()


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def _terms(order: Order, escrows: list[Escrow]) -> dict[str, Any]:
    struct = {name: str(value) if name == "pricePerPeriod" else value for name, value in terms.terms(order).items()}
    return {
        "chain_id": terms.chain_number(order.currency.chain),
        "terms": struct,
        "deposits": [
            {"id": each.escrow_id, "contract": each.contract, "buyer": each.buyer_address} for each in escrows
        ],
    }


def _payments(order: Order) -> list[dict[str, Any]]:
    rows = Payment.objects.filter(order=order).select_related("relayed", "renews").order_by("pk")
    return [
        {
            "deposit": row.escrow_id,
            "wallet": row.address,
            "way": "signed, and handed in by the market" if row.relayed_id else "the wallet's own transaction",
            "transaction": (row.relayed.mined_tx_hash if row.relayed else row.tx_hash) or None,
            "adds_periods": row.periods,
            "came_to_nothing": row.given_up or None,
        }
        for row in rows
    ]


def _event(event: ProvenEvent) -> dict[str, Any]:
    address, topics, data = logs_in(bytes(event.proof.receipt))[event.log]
    return {
        "deposit": event.escrow.escrow_id,
        "seq": event.seq,
        "name": event.name,
        "block": event.proof.block_number,
        "block_hash": event.proof.block_hash,
        "transaction": event.proof.tx_hash,
        "log": event.log,
        "address": address,
        "topics": topics,
        "data": data,
    }


def _proof(proof: ReceiptProof) -> dict[str, Any]:
    return {
        "header": _hex(proof.header),
        "index": proof.index,
        "receipt": _hex(proof.receipt),
        "nodes": [_hex(node) for node in proof.nodes],
    }


def _hex(raw: Any) -> str:
    return "0x" + bytes(raw).hex()


def _ledger(escrows: list[Escrow]) -> list[dict[str, Any]]:
    lines = LedgerEntry.objects.filter(escrow__in=escrows).select_related("escrow").order_by("seq", "account")
    return [
        {
            "deposit": line.escrow.escrow_id,
            "seq": line.seq,
            "event": line.event,
            "account": line.account,
            "amount": str(int(line.amount)),
            "transaction": line.tx_hash,
            "at": line.at.isoformat(),
        }
        for line in lines
        if line.escrow is not None
    ]


def _readme(order: Order, escrows: list[Escrow], events: list[ProvenEvent]) -> bytes:
    text = (HERE / "README.txt").read_text(encoding="utf-8")
    said = {
        "order": str(order.public_id),
        "buyer": order.buyer.name,
        "provider": order.provider.name,
        "symbol": order.currency.symbol,
        "decimals": order.currency.decimals,
        "chain": order.currency.chain,
        "paid": plain(str(sum(int(each.total) for each in escrows)), order.currency.decimals),
        "count": len(events),
        "last": events[-1].seq if events else "none",
    }
    return text.format(**said).encode()
