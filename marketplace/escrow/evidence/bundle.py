"""The evidence of an order as one ZIP: the same bytes each time, until something more happens to the order's money.

Reads rows only: what proves the events was gathered before. Everything in it is in English, so that both sides hold
the same file whatever they speak.
"""

import io
import json
import re
import zipfile
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

from django.db.models import Q

from chain.models import ReceiptProof
from chain.proofs import logs_in
from marketplace.escrow import terms
from marketplace.escrow.evidence.parts import parts_of
from marketplace.escrow.models import CallDeposit, Channel, Escrow, LedgerEntry, Payment, ProvenEvent, SoldOffer
from marketplace.escrow.papers import plain
from marketplace.subscriptions.models import Order
from marketplace.subscriptions.services import agreement

HERE: Final = Path(__file__).parent
IMPORTED: Final = re.compile(r"from marketplace\.escrow\.evidence\.(\w+) import (?:\([^)]*\)|[^\n(]*)\n+")
EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the first moment that a ZIP can name
LAST: Final[dict[str, str]] = {  # the event that has brought a deposit into its state
    Escrow.State.RELEASED: "Closed",
    Escrow.State.REFUNDED: "Closed",
    Escrow.State.RESOLVED: "Closed",
    Escrow.State.DISPUTED: "Disputed",
    Channel.State.CLOSING: "ChannelCloseRequested",
    Channel.State.CLOSED: "ChannelClosed",
}
Deposits = list[Escrow] | list[CallDeposit]


@dataclass(frozen=True, slots=True)
class Gathered:
    """How far the evidence of an order has come: how many events are proven, and whether those are all."""

    events: int
    is_whole: bool


def gathered(order: Order) -> Gathered:
    """Counts rows only, so that a page may ask."""
    deposits = _deposits(order)
    proven = {(row.escrow_id, row.calls_id, row.seq): row.name for row in ProvenEvent.objects.of(order)}
    moved = set(LedgerEntry.objects.of(order).values_list("escrow", "calls", "seq"))
    names = {(escrow_id or calls_id, name) for (escrow_id, calls_id, _), name in proven.items()}
    whole = all((each.pk, LAST[each.state]) in names for each in deposits if each.state in LAST)
    return Gathered(len(proven), bool(deposits) and whole and moved <= proven.keys())


def bundle(order: Order) -> bytes:
    """The ZIP of an order, in the scope of one of its sides or as the system."""
    deposits = _deposits(order)
    found = ProvenEvent.objects.of(order).select_related("escrow", "calls__channel", "proof")
    events = list(found.order_by("seq"))
    offer = SoldOffer.objects.filter(order=order).first()
    files: dict[str, bytes] = {
        "README.txt": _readme(order, deposits, events),
        "agreement.json": agreement(order, content_hash=order.plan.content_hash).encode(),
        "terms.json": _json(_terms(order, deposits)),
        "payments.json": _json(_payments(order)),
        "events.json": _json([_event(each) for each in events]),
        "ledger.json": _json(_ledger(order, events)),
        "verify.py": program(),
        **_counted(order, deposits),
        **{f"proofs/{each.proof.tx_hash}.json": _json(_proof(each.proof)) for each in events},
    }
    if offer and offer.text:
        files["offer.json"] = offer.text.encode()
    return _zipped(files)


def program() -> bytes:
    """The program that checks a bundle, in one file: each module stands, once, where the source imports it."""
    there: set[str] = set()

    def source(name: str) -> str:
        there.add(name)
        return IMPORTED.sub(put_in, (HERE / f"{name}.py").read_text(encoding="utf-8"))

    def put_in(found: re.Match[str]) -> str:
        if found[1] in there:
            return ""
        _, first, rest = source(found[1]).partition("from ")  # without what it says of itself
        return first + rest + "\n\n"

    return source("verify").encode()


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


def _deposits(order: Order) -> Deposits:
    if order.is_per_call:
        return list(CallDeposit.objects.filter(order=order).select_related("channel").order_by("pk"))
    return list(Escrow.objects.filter(order=order).order_by("pk"))


def _terms(order: Order, deposits: Deposits) -> dict[str, Any]:
    agreed = terms.channel_terms(order) if order.is_per_call else terms.terms(order)
    amounts = {name: str(agreed[name]) for name in ("pricePerPeriod", "deposit") if name in agreed}
    return {
        "chain_id": terms.chain_number(order.currency.chain),
        "terms": {**agreed, **amounts},
        "deposits": [
            {"id": each.escrow_id, "contract": each.contract, "buyer": each.buyer_address} for each in deposits
        ],
    }


def _counted(order: Order, deposits: Deposits) -> dict[str, bytes]:
    """What apps above this one count and know; for calls the receipts too, and what was answered after the last."""
    receipts = [each for deposit in deposits if isinstance(deposit, CallDeposit) for each in _receipts(deposit)]
    parts = parts_of(order)  # read after the receipts: what is used only grows, so it covers what they say
    if order.is_per_call:
        signed = max((int(each["typed"]["message"]["cumulative"]) for each in receipts), default=0)
        used = sum(int(day["cost"]) for day in parts.get("usage.json", ()))
        parts["receipts.json"] = {"receipts": receipts, "answered_since": str(used - signed)}
    return {name: _json(part) for name, part in parts.items()}


def _receipts(deposit: CallDeposit) -> list[dict[str, Any]]:
    """The receipts that the contract has paid on, and the last one."""
    claims = LedgerEntry.objects.filter(calls=deposit, event="claimed", account=LedgerEntry.Account.ESCROW)
    paid = accumulate(-int(amount) for amount in claims.order_by("seq").values_list("amount", flat=True))
    rows = deposit.receipts.order_by("cumulative")
    last = rows.last()
    shown = rows.filter(Q(cumulative__in=list(paid)) | Q(pk=last.pk if last else None))
    return [
        {
            "deposit": deposit.escrow_id,
            "typed": terms.usage_receipt(deposit.channel, int(each.cumulative)),
            "signature": each.signature,
            "at": each.at.isoformat(),
        }
        for each in shown
    ]


def _payments(order: Order) -> list[dict[str, Any]]:
    rows = Payment.objects.filter(order=order).select_related("relayed", "renews").order_by("pk")
    return [
        {
            "deposit": row.escrow_id,
            "wallet": row.address,
            "way": "signed, and handed in by the market" if row.relayed_id else "the wallet's own transaction",
            "transaction": (row.relayed.mined_tx_hash if row.relayed else row.tx_hash) or None,
            "adds_calls" if order.is_per_call else "adds_periods": row.periods,
            "came_to_nothing": row.given_up or None,
        }
        for row in rows
    ]


def _event(event: ProvenEvent) -> dict[str, Any]:
    address, topics, data = logs_in(bytes(event.proof.receipt))[event.log]
    return {
        "deposit": event.deposit.escrow_id,
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


def _ledger(order: Order, events: list[ProvenEvent]) -> list[dict[str, Any]]:
    """The lines of these events, and none of one that has come since they were read."""
    proven = {each.seq for each in events}
    lines = LedgerEntry.objects.of(order).select_related("escrow", "calls__channel").order_by("seq", "account")
    return [
        {
            "deposit": line.deposit.escrow_id,
            "seq": line.seq,
            "event": line.event,
            "account": line.account,
            "amount": str(int(line.amount)),
            "transaction": line.tx_hash,
            "at": line.at.isoformat(),
        }
        for line in lines
        if line.seq in proven
    ]


def _readme(order: Order, deposits: Deposits, events: list[ProvenEvent]) -> bytes:
    text = (HERE / "README.txt").read_text(encoding="utf-8")
    said = {
        "order": str(order.public_id),
        "buyer": order.buyer.name,
        "provider": order.provider.name,
        "symbol": order.currency.symbol,
        "decimals": order.currency.decimals,
        "chain": order.currency.chain,
        "paid": plain(str(sum(int(each.total) for each in deposits)), order.currency.decimals),
        "count": len(events),
        "last": events[-1].seq if events else "none",
    }
    return text.format(**said).encode()
