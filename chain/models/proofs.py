"""Receipts with what proves them, for people who trust neither us nor our node. Public facts: no row policies."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from chain.models.patterns import HASH_PATTERN, chain_check


class ReceiptProof(models.Model):
    """A transaction's receipt, and why it is one: its place in the receipts trie of a block whose header is beside it.

    `header` is the block header's RLP, whose Keccak-256 is `block_hash`. `receipt` is what the trie holds at `index`
    (EIP-2718). `nodes` lead to it from the header's receipts root, the root first.
    """

    chain = models.CharField(max_length=41)
    block_number = models.BigIntegerField()
    block_hash = models.CharField(max_length=66)
    tx_hash = models.CharField(max_length=66)
    index = models.PositiveIntegerField("place of the transaction in its block")
    first_log = models.PositiveIntegerField("number in the block of the receipt's first log")
    header = models.BinaryField()
    receipt = models.BinaryField()
    nodes = ArrayField(models.BinaryField())

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["chain", "block_hash", "tx_hash"], name="receipt_proof_once"),
            chain_check("receipt_proof_chain_is_caip2"),
            CheckConstraint(condition=Q(block_hash__regex=HASH_PATTERN), name="receipt_proof_block_is_hex"),
            CheckConstraint(condition=Q(tx_hash__regex=HASH_PATTERN), name="receipt_proof_transaction_is_hex"),
        ]

    def __str__(self) -> str:
        return f"proof of {self.tx_hash}"
