"""What the contract's channels hold and pay; what those of our orders mean besides, `calls` knows."""

from typing import Any

from django.db.models import F

from chain.models import Log
from marketplace.catalog.models import Currency
from marketplace.escrow.handlers import Impossible
from marketplace.escrow.models import Channel, Credit
from marketplace.escrow.services import calls
from marketplace.escrow.services.calls import Tell
from marketplace.subscriptions.clock import moment

Args = dict[str, Any]


class Channels:
    """The handlers of the channel events of one contract; `here` are its chain and address.

    What happened to an order of ours is handed to `tell`.
    """

    def __init__(self, here: dict[str, str], tell: Tell) -> None:
        self._here, self._tell = here, tell

    def ChannelOpened(self, args: Args, at: Log) -> None:  # noqa: N802
        """Money is put in."""
        channel = Channel.objects.create(
            **self._here,
            channel_id=args["id"],
            channel_ref=args["channelRef"],
            payer_address=args["payer"],
            provider_address=args["provider"],
            signer=args["signer"],
            currency=Currency.objects.get(chain=self._here["chain"], address=args["token"]),
            fee_bps=args["feeBps"],
            treasury=args["treasury"],
            close_delay_seconds=args["closeDelay"],
            deposit=args["deposit"],
            seq=args["seq"],
            **place(at),
        )
        calls.opened(channel, args, at, self._tell)

    def ChannelToppedUp(self, args: Args, at: Log) -> None:  # noqa: N802
        """More money is put in."""
        channel = self._open(args["id"])
        _possible(channel, args["deposit"] == channel.deposit + args["amount"])
        channel.deposit = args["deposit"]
        channel.save(update_fields=["deposit"])
        calls.topped_up(channel, args, at, self._tell)

    def Claimed(self, args: Args, at: Log) -> None:  # noqa: N802
        """A receipt pays the provider and the market's fee."""
        channel, gross = self._open(args["id"]), args["gross"]
        paid = args["fee"] + args["net"] == gross <= channel.remaining
        _possible(channel, paid and args["claimed"] == channel.claimed + gross)
        channel.claimed = args["claimed"]
        channel.save(update_fields=["claimed"])
        self._credit(channel, channel.provider_address, args["net"])
        self._credit(channel, channel.treasury, args["fee"])
        calls.claimed(channel, args, at, self._tell)

    def ChannelCloseRequested(self, args: Args, at: Log) -> None:  # noqa: N802
        """The payer asks for an end."""
        channel = self._open(args["id"])
        _possible(channel, channel.state == Channel.State.OPEN and args["left"] == channel.remaining)
        channel.state, channel.closes_at = Channel.State.CLOSING, moment(args["closesAt"])
        channel.save(update_fields=["state", "closes_at"])
        calls.close_requested(channel, at, self._tell)

    def ChannelClosed(self, args: Args, at: Log) -> None:  # noqa: N802
        """What was not claimed is the payer's again."""
        channel = self._open(args["id"])
        _possible(channel, args["refund"] == channel.remaining)
        channel.state, channel.refunded = Channel.State.CLOSED, args["refund"]
        channel.save(update_fields=["state", "refunded"])
        self._credit(channel, channel.payer_address, args["refund"])
        calls.closed(channel, args, at, self._tell)

    def _open(self, wanted: str) -> Channel:
        channels = Channel.objects.select_related("currency").select_for_update(of=("self",))
        found = channels.filter(**self._here, channel_id=wanted).exclude(state=Channel.State.CLOSED).first()
        if found is None:
            raise Impossible(f"No channel is open under {wanted}.")
        return found

    def _credit(self, channel: Channel, address: str, amount: int) -> None:
        credit(self._here, channel.currency, {address: amount} if amount else {})


def _possible(channel: Channel, holds: bool) -> None:
    if not holds:
        raise Impossible(f"The contract moved money that {channel} does not have.")


def credit(here: dict[str, str], currency: Currency, credited: dict[str, int]) -> None:
    """Each address may withdraw so much more, in base units."""
    for address, amount in credited.items():
        key: dict[str, Any] = {**here, "address": address, "currency": currency}
        row, _ = Credit.objects.get_or_create(**key)
        Credit.objects.filter(pk=row.pk).update(credited=F("credited") + amount)


def place(at: Log) -> dict[str, Any]:
    """Where a log stands: block, transaction and time."""
    return {"block_number": at.number, "tx_hash": at.tx_hash, "at": moment(at.block.timestamp)}
