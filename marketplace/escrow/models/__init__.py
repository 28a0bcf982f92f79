"""The mirror of the escrow contract, what was done towards it, and how the two compare."""

from marketplace.escrow.models.books import Reconciliation
from marketplace.escrow.models.mirror import Credit, Escrow, LedgerEntry, Settlement, StrayDeposit, Withdrawal
from marketplace.escrow.models.sending import Payment, Release, WalletTransaction

__all__ = [
    "Credit",
    "Escrow",
    "LedgerEntry",
    "Payment",
    "Reconciliation",
    "Release",
    "Settlement",
    "StrayDeposit",
    "WalletTransaction",
    "Withdrawal",
]
