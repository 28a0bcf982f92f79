"""Fund, settle, release, refund, withdraw: every step of the money."""

from marketplace.escrow.services.following import Life, followed, payment_of
from marketplace.escrow.services.funding import (
    ask_authorization,
    checked_address,
    escrow_address,
    give_up,
    give_up_order,
    hand_in,
    note_wallet_payment,
    open_wallet_payment,
)
from marketplace.escrow.services.leaving import (
    addresses_of,
    cancel_call,
    credits_of,
    deposits_of,
    first_deposit,
    if_stopped,
    note_sent,
    stopping,
    withdraw_call,
)
from marketplace.escrow.services.own import allowed_call, own_step, permitted_call
from marketplace.escrow.services.reconciling import ask_reconciliation, reconcile, reconcile_due
from marketplace.escrow.services.releasing import release_matured
from marketplace.escrow.services.settling import settle, stopped

__all__ = [
    "Life",
    "addresses_of",
    "allowed_call",
    "ask_authorization",
    "ask_reconciliation",
    "cancel_call",
    "checked_address",
    "credits_of",
    "deposits_of",
    "escrow_address",
    "first_deposit",
    "followed",
    "give_up",
    "give_up_order",
    "hand_in",
    "if_stopped",
    "note_sent",
    "note_wallet_payment",
    "open_wallet_payment",
    "own_step",
    "payment_of",
    "permitted_call",
    "reconcile",
    "reconcile_due",
    "release_matured",
    "settle",
    "stopped",
    "stopping",
    "withdraw_call",
]
