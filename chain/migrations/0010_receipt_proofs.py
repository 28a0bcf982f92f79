"""Receipts with the header of their block and the way from its root to them."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chain", "0009_contract_topics"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReceiptProof",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("chain", models.CharField(max_length=41)),
                ("block_number", models.BigIntegerField()),
                ("block_hash", models.CharField(max_length=66)),
                ("tx_hash", models.CharField(max_length=66)),
                ("index", models.PositiveIntegerField(verbose_name="place of the transaction in its block")),
                (
                    "first_log",
                    models.PositiveIntegerField(verbose_name="number in the block of the receipt's first log"),
                ),
                ("header", models.BinaryField()),
                ("receipt", models.BinaryField()),
                ("nodes", django.contrib.postgres.fields.ArrayField(base_field=models.BinaryField(), size=None)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("chain", "block_hash", "tx_hash"), name="receipt_proof_once"),
                    models.CheckConstraint(
                        condition=models.Q(("chain__regex", "^[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}$")),
                        name="receipt_proof_chain_is_caip2",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("block_hash__regex", "^0x[0-9a-f]{64}$")), name="receipt_proof_block_is_hex"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("tx_hash__regex", "^0x[0-9a-f]{64}$")),
                        name="receipt_proof_transaction_is_hex",
                    ),
                ],
            },
        ),
    ]
