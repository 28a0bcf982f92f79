"""A deposit for calls as its two sides see it: what is used and left, how to stop, and how far a stop has come."""

from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from marketplace.escrow import terms
from marketplace.escrow.models import CallDeposit, Channel, WalletTransaction
from marketplace.escrow.services.following import PATIENCE, Life, deposit_log, refused_on_chain
from marketplace.escrow.services.funding import only_wallet
from marketplace.lifecycle import Refused
from marketplace.subscriptions.models import Meter, Order
from marketplace.tenancy.actor import Actor

Purpose = WalletTransaction.Purpose
State = Channel.State


@dataclass(frozen=True, slots=True)
class Using:
    """One deposit from one side. `meter` is missing for one that came too late: nothing can be used of it."""

    deposit: CallDeposit
    meter: Meter | None
    is_buyer: bool
    life: Life | None

    @property
    def channel(self) -> Channel:
        return self.deposit.channel

    @property
    def wallet(self) -> str:
        """The wallet of this side, which alone can end the deposit for it."""
        return self.channel.payer_address if self.is_buyer else self.channel.provider_address

    @property
    def unclaimed(self) -> int:
        """Base units that answered calls came to and that the provider has not been credited with yet."""
        return max(int(self.meter.owed) - int(self.channel.claimed), 0) if self.meter else 0

    @property
    def free(self) -> int:
        """Base units that would come back if no further call were made."""
        return self.channel.remaining - self.unclaimed

    @property
    def can_stop(self) -> bool:
        """Whether this side can ask for an end now: the buyer by a request, the provider at once."""
        if self.life is not None:
            return False
        return self.channel.state == State.OPEN if self.is_buyer else self.channel.state != State.CLOSED


def deposits_for_calls(actor: Actor, order: Order) -> list[Using]:
    """The deposits of an order of calls: one, or more when somebody paid twice or too late; the one in use first."""
    found = CallDeposit.objects.filter(order=order).select_related("channel__currency", "order__subscription")
    meter = Meter.objects.filter(subscription__order=order).first()
    return [
        Using(deposit, None if deposit.is_late else meter, deposit.buyer_id == actor.org_id, _begun(deposit))
        for deposit in found.order_by("is_late", "pk")
    ]


def _begun(deposit: CallDeposit) -> Life | None:
    """How far an end has come that is not settled yet; None when none is known of."""
    channel = deposit.channel
    if channel.state == State.CLOSED:
        return None
    for event in ("ChannelClosed", "ChannelCloseRequested"):
        seen = deposit_log(channel.contract, channel.chain, channel.channel_id, event=event)
        if seen and (event == "ChannelClosed" or channel.state == State.OPEN):
            sentence = _("Stopping: it is in a block, and counts when a few more stand on it.")
            return Life("seen", sentence, seen.tx_hash, seen.number)
    purposes = [Purpose.STOP_CALLS] if channel.state == State.OPEN else []
    mine = WalletTransaction.objects.filter(purpose__in=[*purposes, Purpose.CLOSE_CALLS], subject=channel.channel_id)
    sent = mine.order_by("-pk").first()
    if sent is None or timezone.now() - sent.sent_at > PATIENCE or refused_on_chain(channel.chain, sent.tx_hash):
        return None
    return Life("sent", _("Stopping: your transaction is sent and waits for its block."), sent.tx_hash)


def stop_call(actor: Actor, *, using: Using, address: str) -> dict[str, Any]:
    """The buyer's transaction that asks for the rest; raises Refused for another wallet, or when it is asked for."""
    channel = using.channel
    if channel.state != State.OPEN:
        raise Refused(_("There is nothing to stop: this deposit is closed, or closing."))
    if not using.is_buyer or address != channel.payer_address:
        raise Refused(only_wallet(channel.payer_address))
    return terms.call(channel.contract, channel.chain, "requestClose", channel.channel_id)


def close_call(actor: Actor, *, using: Using, address: str) -> dict[str, Any]:
    """The provider's transaction that gives the rest back at once; raises Refused while something is still owed."""
    channel = using.channel
    if channel.state == State.CLOSED:
        raise Refused(_("There is nothing to stop: this deposit is closed, or closing."))
    if using.is_buyer or address != channel.provider_address:
        raise Refused(only_wallet(channel.provider_address))
    if using.unclaimed or (using.meter and using.meter.spent > using.meter.owed):
        raise Refused(_("Calls are still to be paid out to you; closing now would lose that. Please try again later."))
    return terms.call(channel.contract, channel.chain, "closeChannel", channel.channel_id)
