"""How a decided ruling reaches the contract: by the market's arbiter key, or by the own wallet of an arbiter.

One way at a time: the contract takes one ruling on a dispute, and whatever comes second it refuses.
"""

from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from eth_utils.address import is_address, to_checksum_address

from chain import abi, outbox
from marketplace.accounts.acting import person_of
from marketplace.audit.services import record
from marketplace.disputes.models import Dispute, Ruling
from marketplace.disputes.services.deciding import facts_of, locked_for, rulable, standing_on
from marketplace.escrow import terms
from marketplace.escrow.models import Arbiter, Escrow
from marketplace.escrow.services.following import PATIENCE, Life, deposit_log, refused_on_chain
from marketplace.escrow.services.funding import checked_hash
from marketplace.lifecycle import Refused
from marketplace.subscriptions.clock import market_time
from marketplace.tenancy.actor import Actor

ROLE: Final = "arbiter"
State = Ruling.State


def arbiter_address(escrow: Escrow) -> str:
    """The account that rules for this market, if a vote has made it an arbiter of the contract; or an empty text."""
    address = settings.RELAYER_ROLES.get(ROLE, "")
    if not is_address(address):
        return ""
    address = to_checksum_address(address)
    allowed = Arbiter.objects.filter(chain=escrow.chain, contract=escrow.contract, address=address, allowed=True)
    return address if allowed.exists() else ""


def arbiter_wallets(escrow: Escrow) -> list[str]:
    """The wallets whose ruling on this deposit the contract takes, without the market's own account.

    That one's transactions are numbered by the outbox, so no wallet may send with it.
    """
    sides = [escrow.buyer_address, escrow.provider_address]
    allowed = Arbiter.objects.filter(chain=escrow.chain, contract=escrow.contract, allowed=True)
    others = allowed.exclude(address__in=[*sides, arbiter_address(escrow)])
    return list(others.order_by("address").values_list("address", flat=True))


def decide(actor: Actor, dispute: Dispute, ruling: Ruling, *, by_wallet: bool) -> None:
    """Hand a decided ruling to the key, or keep it for an arbiter's wallet; under the caller's lock."""
    if not by_wallet and arbiter_address(dispute.escrow):
        _hand_over(actor, dispute, ruling)
        return
    if not arbiter_wallets(dispute.escrow):
        raise Refused(_("The market's arbiter account is not set up, or no vote has made it an arbiter."))
    ruling.move(State.DECIDED, confirmed_by_id=person_of(actor), confirmed_at=market_time())
    record(actor, "ruling.awaits_wallet", dispute.order, ruling=ruling.pk, **facts_of(dispute))


def send_by_key(actor: Actor, *, dispute_id: int) -> Ruling:
    """Have the market's key carry out what waits for a wallet. Refused while a wallet's transaction is under way."""
    with transaction.atomic():
        dispute, ruling = _decided(actor, dispute_id)
        if ruling.sending_id:
            return ruling
        refuse_while_asked(ruling)
        if not arbiter_address(dispute.escrow):
            raise Refused(_("The market's arbiter account is not set up, or no vote has made it an arbiter."))
        _hand_over(actor, dispute, ruling)
    return ruling


def resolve_call(actor: Actor, *, dispute_id: int, address: str) -> dict[str, Any]:
    """The transaction by which an arbiter's wallet carries out what is decided.

    Raises Refused for a ruling that another moderator has to confirm, for a wallet from which the contract takes none,
    and while the ruling is under way already, by the key or by a wallet. The same wallet may ask again.
    """
    with transaction.atomic():
        dispute, ruling = _decided(actor, dispute_id)
        if ruling.sending_id:
            raise Refused(_("The market's key is sending this ruling already. The contract would refuse a second one."))
        _accepted(dispute.escrow, address)
        if ruling.wallet != address:
            refuse_while_asked(ruling)
        Ruling.objects.filter(pk=ruling.pk).update(wallet=address, asked_at=timezone.now())
        record(actor, "ruling.wallet_asked", dispute.order, ruling=ruling.pk, address=address, **facts_of(dispute))
        call = (dispute.escrow.escrow_id, ruling.provider_bps, ruling.ruling_hash)
        return terms.call(dispute.escrow.contract, dispute.escrow.chain, "resolve", *call)


def note_resolving(actor: Actor, *, dispute_id: int, address: str, tx_hash: str) -> Ruling:
    """Keep the hash of what an arbiter's wallet has sent, to be looked for, and let both sides read the ruling.

    Told twice it is kept once. The final log alone says that it was done.
    """
    sent = checked_hash(tx_hash)
    with transaction.atomic():
        dispute = locked_for(actor, dispute_id)
        ruling = standing_on(dispute)
        if ruling is None or ruling.state == State.PROPOSED or ruling.sending_id:
            raise Refused(_("No ruling on this dispute waits for a wallet."))
        if ruling.state == State.DONE or ruling.tx_hash == sent:
            return ruling
        _accepted(dispute.escrow, address)
        also = {"wallet": address, "tx_hash": sent, "sent_at": timezone.now()}
        if ruling.state == State.SENT:
            Ruling.objects.filter(pk=ruling.pk).update(**also)
        else:
            ruling.move(State.SENT, buyer_id=dispute.buyer_id, provider_id=dispute.provider_id, **also)
        _tell(actor, dispute, ruling, tx_hash=sent)
    return ruling


def refuse_while_asked(ruling: Ruling) -> None:
    """Raise Refused while a wallet that was given the transaction a moment ago may be about to send it."""
    if ruling.asked_at and timezone.now() - ruling.asked_at < PATIENCE:
        raise Refused(_("An arbiter's wallet was asked to send this ruling a moment ago. Wait two minutes."))


def wallet_life(ruling: Ruling) -> Life | None:
    """How far the transaction of an arbiter's wallet has come; None when none is known of."""
    escrow = ruling.dispute.escrow
    if ruling.state != State.SENT or ruling.sending_id:
        return None
    if seen := deposit_log(escrow.contract, escrow.chain, escrow.escrow_id, event="Resolved"):
        sentence = _("The end of this dispute is in a block. It counts when a few more stand on it.")
        return Life("seen", sentence, seen.tx_hash, seen.number)
    if refused_on_chain(escrow.chain, ruling.tx_hash):
        sentence = _("The contract did not accept the wallet's transaction. The decision stands and can be sent again.")
        return Life("sent", sentence, ruling.tx_hash, failed=True)
    if ruling.sent_at and timezone.now() - ruling.sent_at > PATIENCE:
        sentence = _("We have not seen this transaction in a block yet. We keep looking; it may also be sent again.")
        return Life("sent", sentence, ruling.tx_hash, unknown=True)
    return Life("sent", _("An arbiter's wallet has sent the ruling. It waits for its block."), ruling.tx_hash)


def is_moving(ruling: Ruling) -> bool:
    """Whether a transaction that carries it out is under way, as far as anybody knows."""
    life = wallet_life(ruling)
    by_key = ruling.state == State.SENT and ruling.sending_id is not None
    return by_key or (life is not None and not (life.failed or life.unknown))


def _decided(actor: Actor, dispute_id: int) -> tuple[Dispute, Ruling]:
    """The dispute, locked, and its ruling, which may be sent now by one way or the other."""
    dispute = locked_for(actor, dispute_id)
    ruling = standing_on(dispute)
    if ruling is None:
        raise Refused(_("There is no decision to carry out any more."))
    if ruling.state == State.PROPOSED:
        raise Refused(_("Another moderator has to confirm this ruling before anybody can send it."))
    if ruling.sending_id is None:
        rulable(dispute)
        if is_moving(ruling):
            raise Refused(_("A wallet has sent this ruling already. The contract would refuse a second one."))
    return dispute, ruling


def _accepted(escrow: Escrow, address: str) -> None:
    wallets = arbiter_wallets(escrow)
    if address not in wallets:
        named = ", ".join(f"{each[:6]}…{each[-4:]}" for each in wallets) or "–"
        raise Refused(
            _("The contract takes a ruling on this order from %(wallets)s. Change to such a wallet.")
            % {"wallets": named}
        )


def _hand_over(actor: Actor, dispute: Dispute, ruling: Ruling) -> None:
    """Leave `resolve` to be sent, and let both sides read the ruling. The final log alone says that it was done."""
    escrow = dispute.escrow
    call = (escrow.escrow_id, ruling.provider_bps, ruling.ruling_hash)
    sending = outbox.submit(
        key=f"ruling:{dispute.public_id}:{ruling.pk}",
        to=escrow.contract,
        data=abi.encode_call("MarketEscrow", "resolve", *call),
        chain=escrow.chain,
        sender=ROLE,
        urgent=True,
    )
    also: dict[str, Any] = {"sending_id": sending.pk, "wallet": "", "asked_at": None, "tx_hash": "", "sent_at": None}
    if ruling.confirmed_at is None:
        also |= {"confirmed_by_id": person_of(actor), "confirmed_at": market_time()}
    if ruling.state == State.SENT:  # by a wallet whose transaction came to nothing
        Ruling.objects.filter(pk=ruling.pk).update(**also)
        ruling.refresh_from_db()
    else:
        ruling.move(State.SENT, buyer_id=dispute.buyer_id, provider_id=dispute.provider_id, **also)
    _tell(actor, dispute, ruling)


def _tell(actor: Actor, dispute: Dispute, ruling: Ruling, **more: str) -> None:
    for org_id in sorted(filter(None, (dispute.buyer_id, dispute.provider_id))):
        facts = {"ruling": ruling.pk, "ruling_hash": ruling.ruling_hash, **facts_of(dispute), **more}
        record(actor, "ruling.confirmed", dispute.order, org_id=org_id, **facts)
