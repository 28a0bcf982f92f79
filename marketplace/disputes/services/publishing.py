"""The public log of rulings: a copy of each dispute that was ruled on or timed out, without anybody's name."""

from typing import Any

from marketplace.disputes.models import Dispute, PublishedRuling, Ruling
from marketplace.escrow.services.following import deposit_log
from marketplace.subscriptions.clock import moment

TOLD = (Dispute.Outcome.RULED, Dispute.Outcome.TIMED_OUT)


def unpublished() -> Any:
    """Those that have ended, whose rulings are bound to the log or failed, and that everybody may know of."""
    undone = (Ruling.State.SENT, Ruling.State.DECIDED)
    ended = Dispute.objects.filter(state=Dispute.State.RESOLVED, outcome__in=TOLD, published=None)
    return ended.exclude(rulings__state__in=undone).order_by("resolved_at", "pk")


def publish(dispute_key: int) -> bool:
    """Copy one; in the transaction and the scope of whoever follows. Twice it is copied once."""
    disputes = Dispute.objects.select_related("escrow").select_for_update(of=("self",))
    dispute = disputes.get(pk=dispute_key)
    escrow = dispute.escrow
    log = deposit_log(escrow.contract, escrow.chain, escrow.escrow_id, event="Resolved")
    if dispute.published_id or log is None or log.decoded is None:
        return False
    done = Ruling.objects.filter(dispute=dispute, state=Ruling.State.DONE).exists()
    dispute.published = PublishedRuling.objects.create(
        chain=escrow.chain,
        category=dispute.category,
        outcome=dispute.outcome,
        provider_bps=log.decoded.args["providerBps"],
        currency_id=escrow.currency_id,
        contested=dispute.contested or 0,
        net=dispute.net,
        fee=dispute.fee,
        refund=dispute.refund,
        arbiter=escrow.arbiter,
        ruling_hash=escrow.ruling_hash,
        tx_hash=log.tx_hash,
        block_number=log.number,
        resolved_at=moment(log.block.timestamp),
        decided_here=done or not escrow.arbiter,
    )
    dispute.save(update_fields=["published"])
    return True
