"""The mirror of the escrow contract, and what was done towards it."""

from marketplace.escrow.models.mirror import Credit, Escrow, LedgerEntry, Settlement, StrayDeposit, Withdrawal
from marketplace.escrow.models.sending import Payment, Release, WalletTransaction

__all__ = [
    "Credit",
    "Escrow",
    "LedgerEntry",
    "Payment",
    "Release",
    "Settlement",
    "StrayDeposit",
    "WalletTransaction",
    "Withdrawal",
]
