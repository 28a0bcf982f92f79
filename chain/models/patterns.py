"""Shapes of chain ids, addresses and hashes, as the database checks them."""

from django.db.models import CheckConstraint, Q

CHAIN_PATTERN = r"^[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}$"
ADDRESS_PATTERN = r"^0x[0-9a-fA-F]{40}$"
HASH_PATTERN = r"^0x[0-9a-f]{64}$"


def chain_check(name: str) -> CheckConstraint:
    """A CAIP-2 chain id in the column `chain`."""
    return CheckConstraint(condition=Q(chain__regex=CHAIN_PATTERN), name=name)
