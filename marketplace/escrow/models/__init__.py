"""The mirror of the escrow contract, what was done towards it, and how the two compare."""

from marketplace.escrow.models.books import Reconciliation
from marketplace.escrow.models.evidence import ProvenEvent, SoldOffer
from marketplace.escrow.models.mirror import Escrow, LedgerEntry
from marketplace.escrow.models.public import Arbiter, Channel, Credit, Settlement, StrayDeposit, Withdrawal
from marketplace.escrow.models.sending import Payment, Release, WalletTransaction
from marketplace.escrow.models.statements import Statement

__all__ = [
    "Arbiter",
    "Channel",
    "Credit",
    "Escrow",
    "LedgerEntry",
    "Payment",
    "ProvenEvent",
    "Reconciliation",
    "Release",
    "Settlement",
    "SoldOffer",
    "Statement",
    "StrayDeposit",
    "WalletTransaction",
    "Withdrawal",
]
