"""Whether the market hands signatures in today: it pays the network's fee for them, out of a day's budget."""

from django.utils.translation import gettext as _

from chain import outbox
from marketplace.lifecycle import Refused


def why_not(chain: str) -> str:
    """Why the market cannot hand a signature in now, and what else there is; an empty text when it can.

    Asks the database only. A signature that is not handed in at once would be worth nothing when its time comes.
    """
    if not outbox.capacity(chain).is_exhausted:
        return ""
    return _(
        "The market pays the network's fee for signatures, and has used up what it spends on that today. Pay with "
        "your own transaction, which adds the network's fee, or sign after 00:00 UTC."
    )


def refuse_exhausted(chain: str) -> None:
    """Raise Refused when a signature could not be handed in."""
    if sentence := why_not(chain):
        raise Refused(sentence)
