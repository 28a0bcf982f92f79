"""Gather what proves an order's events, event by event behind the settlement, and leave rows. Nothing here moves money.

The node is asked with no transaction open. Twice at once gathers the same rows once.
"""

from itertools import groupby
from typing import Any, Final, NamedTuple

import structlog
from django.conf import settings
from django.db import transaction

from chain import alarms
from chain.client import NodeRefused, NodeUnreachable, client
from chain.models import Contract, Cursor, Log, ReceiptProof
from chain.proofs import Unprovable, prove
from marketplace.catalog import offer
from marketplace.catalog.models import ListingVersion
from marketplace.escrow.models import CallDeposit, Escrow, ProvenEvent, SoldOffer
from marketplace.escrow.services.settling import ESCROW, cursor_name
from marketplace.subscriptions.models import Order
from marketplace.tenancy.scope import as_system

BATCH: Final = 100
ALARM: Final = "proofs"
OPENING: Final = {"Funded", "ChannelOpened"}
REASON: Final = "proofs are gathered for orders of every organization"
log = structlog.get_logger(__name__)


class Found(NamedTuple):
    """A settled log of a deposit of ours, for periods or for calls."""

    log: Log
    deposit: Escrow | CallDeposit
    seq: int
    name: str


def gather() -> int:
    """Prove the settled events that are not proven yet; returns how many. A node without an answer is asked again."""
    done = 0
    for contract in Contract.objects.filter(chain=settings.CHAIN_ID, name=ESCROW).order_by("pk"):
        try:
            done += _gather(contract)
        except Unprovable as problem:
            alarms.sound(ALARM, f"Events cannot be proven: {problem}", subject=contract.address, chain=contract.chain)
        except (NodeUnreachable, NodeRefused) as problem:
            log.warning("escrow.not_proven", contract=contract.address, problem=str(problem))
        else:
            alarms.end(ALARM, subject=contract.address, chain=contract.chain)
    return done


def _gather(contract: Contract) -> int:
    done = 0
    while waiting := _waiting(contract):
        found = _ours(contract, waiting)
        proofs = _proofs(contract, found)
        done += _keep(contract, waiting[-1], found, proofs)
    return done


def _place(contract: Contract) -> str:
    return f"escrow.proven:{contract.chain}:{contract.address}"


def _waiting(contract: Contract) -> list[Log]:
    """The next logs that are settled and not looked at here."""
    places = {
        cursor.name: cursor for cursor in Cursor.objects.filter(name__in=[_place(contract), cursor_name(contract)])
    }
    settled = places.get(cursor_name(contract), Cursor(name=""))
    logs = Log.objects.of(contract).final().after(places.get(_place(contract), Cursor(name=""))).in_order()
    end = (settled.number, settled.log_index)
    return [each for each in logs[:BATCH] if (each.number, each.log_index) <= end]


def _ours(contract: Contract, waiting: list[Log]) -> list[Found]:
    ids = {each.topics[1] for each in waiting if len(each.topics) > 1}
    deposits: dict[str, Escrow | CallDeposit] = {}
    with transaction.atomic(), as_system(REASON):
        held = Escrow.objects.filter(chain=contract.chain, contract=contract.address, escrow_id__in=ids)
        deposits |= {row.escrow_id: row for row in held.select_related("order__plan")}
        put_in = CallDeposit.objects.filter(channel__chain=contract.chain, channel__contract=contract.address)
        calls = put_in.filter(channel__channel_id__in=ids).select_related("order__plan", "channel")
        deposits |= {row.escrow_id: row for row in calls}
    found = []
    for each in waiting:
        event, deposit = each.decoded, deposits.get(each.topics[1]) if len(each.topics) > 1 else None
        if event and deposit and event.args.get("id") == deposit.escrow_id:
            found.append(Found(each, deposit, event.args["seq"], event.name))
    return found


def _proofs(contract: Contract, found: list[Found]) -> dict[tuple[str, str], ReceiptProof]:
    """The proof of each log's receipt, asked of the node where none is kept yet."""
    for block_hash, group in groupby(found, key=lambda each: each.log.block_hash):
        wanted = {each.log.tx_hash for each in group}
        known = ReceiptProof.objects.filter(chain=contract.chain, block_hash=block_hash, tx_hash__in=wanted)
        missing = wanted - set(known.values_list("tx_hash", flat=True))
        if missing:
            ReceiptProof.objects.bulk_create(prove(client(contract.chain), block_hash, missing), ignore_conflicts=True)
    hashes = {each.log.block_hash for each in found}
    rows = ReceiptProof.objects.filter(chain=contract.chain, block_hash__in=hashes)
    return {(row.block_hash, row.tx_hash): row for row in rows}


def _keep(contract: Contract, last: Log, found: list[Found], proofs: dict[tuple[str, str], ReceiptProof]) -> int:
    with transaction.atomic(), as_system(REASON):
        place = Cursor.objects.locked(_place(contract))
        if (place.number, place.log_index) >= (last.number, last.log_index):
            return 0  # another worker was faster
        for each in found:
            proof = proofs[each.log.block_hash, each.log.tx_hash]
            both = {"buyer_id": each.deposit.buyer_id, "provider_id": each.deposit.provider_id}
            kept = {"name": each.name, "log": each.log.log_index - proof.first_log, "proof": proof, **both}
            of: Any = {"escrow" if isinstance(each.deposit, Escrow) else "calls": each.deposit}
            ProvenEvent.objects.update_or_create(**of, seq=each.seq, defaults=kept)
            if each.name in OPENING:
                _keep_offer(each.deposit.order)
        place.advance(last)
    return len(found)


def _keep_offer(order: Order) -> None:
    """Keep the wording that was agreed to beside the order: the provider's own copy goes when the provider goes."""
    version = ListingVersion.objects.filter(listing_id=order.listing_id, number=order.plan.version_number)
    wording = version.select_related("listing", "category").first()
    agreed = order.plan.content_hash
    is_it = wording is not None and offer.content_hash(wording) == agreed
    if not is_it:
        log.error("escrow.offer_not_kept", order=str(order.public_id), agreed=agreed)
    text = offer.canonical(offer.content(wording)) if wording and is_it else ""
    both = {"buyer_id": order.buyer_id, "provider_id": order.provider_id}
    SoldOffer.objects.get_or_create(order=order, defaults={"content_hash": agreed, "text": text, **both})
