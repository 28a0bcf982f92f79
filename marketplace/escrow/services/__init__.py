"""Fund, settle, release, refund, withdraw: every step of the money."""

from marketplace.escrow.services.following import Life, followed, payment_of
from marketplace.escrow.services.funding import (
    ask_authorization,
    checked_address,
    give_up,
    hand_in,
    note_wallet_payment,
    open_wallet_payment,
)
from marketplace.escrow.services.leaving import (
    addresses_of,
    cancel_call,
    credits_of,
    if_stopped,
    note_sent,
    withdraw_call,
)
from marketplace.escrow.services.releasing import release_matured
from marketplace.escrow.services.settling import settle, stopped

__all__ = [
    "Life",
    "addresses_of",
    "ask_authorization",
    "cancel_call",
    "checked_address",
    "credits_of",
    "followed",
    "give_up",
    "hand_in",
    "if_stopped",
    "note_sent",
    "note_wallet_payment",
    "open_wallet_payment",
    "payment_of",
    "release_matured",
    "settle",
    "stopped",
    "withdraw_call",
]
