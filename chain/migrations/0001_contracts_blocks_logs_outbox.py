import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import chain.fields
from chain.cascade import cascade_in_database


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Cursor",
            fields=[
                ("name", models.CharField(max_length=200, primary_key=True, serialize=False)),
                ("number", models.BigIntegerField(default=-1)),
                ("log_index", models.IntegerField(default=-1)),
            ],
        ),
        migrations.CreateModel(
            name="Block",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("chain", models.CharField(max_length=41)),
                ("number", models.BigIntegerField()),
                ("hash", models.CharField(max_length=66)),
                ("parent_hash", models.CharField(max_length=66)),
                ("timestamp", models.BigIntegerField()),
                ("is_final", models.BooleanField(default=False)),
                ("has_logs", models.BooleanField(default=False)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("is_final", False)), fields=["chain", "number"], name="block_unfinal"
                    ),
                    models.Index(
                        condition=models.Q(("has_logs", False)), fields=["chain", "number"], name="block_empty"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("chain", "hash"), name="block_hash_once"),
                    models.UniqueConstraint(fields=("chain", "number"), name="block_number_once"),
                    models.CheckConstraint(
                        condition=models.Q(("chain__regex", "^[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}$")),
                        name="block_chain_is_caip2",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("hash__regex", "^0x[0-9a-f]{64}$")), name="block_hash_is_hex"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("parent_hash__regex", "^0x[0-9a-f]{64}$")), name="block_parent_is_hex"
                    ),
                    models.CheckConstraint(condition=models.Q(("number__gte", 0)), name="block_number_not_negative"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Contract",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("chain", models.CharField(max_length=41)),
                ("name", models.CharField(max_length=100)),
                ("address", models.CharField(max_length=42)),
                ("deployed_block", models.BigIntegerField()),
                ("watched", models.BooleanField(default=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("chain", "address"), name="contract_once"),
                    models.CheckConstraint(
                        condition=models.Q(("chain__regex", "^[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}$")),
                        name="contract_chain_is_caip2",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("address__regex", "^0x[0-9a-fA-F]{40}$")), name="contract_address_is_hex"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("deployed_block__gte", 0)), name="contract_block_not_negative"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CopyPosition",
            fields=[
                ("chain", models.CharField(max_length=41, primary_key=True, serialize=False)),
                ("copied_number", models.BigIntegerField(default=-1)),
                ("copied_hash", models.CharField(blank=True, default="", max_length=66)),
                ("final_number", models.BigIntegerField(default=-1)),
                ("head_number", models.BigIntegerField(default=-1)),
                ("span", models.IntegerField(default=1000)),
                ("checked_at", models.DateTimeField(null=True)),
                ("caught_up_at", models.DateTimeField(null=True)),
                ("frozen_at", models.DateTimeField(null=True)),
                ("frozen_reason", models.TextField(blank=True, default="")),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("chain__regex", "^[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}$")),
                        name="position_chain_is_caip2",
                    ),
                    models.CheckConstraint(condition=models.Q(("span__gte", 1)), name="position_span_positive"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("frozen_at__isnull", True), ("frozen_reason", "")),
                            models.Q(("frozen_at__isnull", False), models.Q(("frozen_reason", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="position_frozen_has_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OutgoingTransaction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=200, unique=True)),
                ("chain", models.CharField(max_length=41)),
                ("to", models.CharField(max_length=42)),
                ("data", models.BinaryField(default=b"")),
                ("value", chain.fields.Uint256Field(default=0)),
                ("sender", models.CharField(blank=True, default="", max_length=42)),
                ("nonce", models.BigIntegerField(null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("signed", "Signed"),
                            ("sent", "Sent"),
                            ("mined", "Mined"),
                            ("final", "Final"),
                            ("replaced", "Replaced"),
                            ("failed", "Failed"),
                            ("unknown", "Unknown"),
                        ],
                        default="queued",
                        max_length=10,
                    ),
                ),
                ("refusal", models.TextField(blank=True, default="")),
                ("reverted", models.BooleanField(default=False)),
                ("last_error", models.TextField(blank=True, default="")),
                ("mined_tx_hash", models.CharField(blank=True, default="", max_length=66)),
                ("mined_number", models.BigIntegerField(null=True)),
                ("mined_hash", models.CharField(blank=True, default="", max_length=66)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("checked_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "queued")), fields=["chain", "id"], name="outgoing_queued"
                    ),
                    models.Index(
                        models.F("chain"),
                        models.OrderBy(models.F("checked_at"), nulls_first=True),
                        condition=models.Q(("state__in", ["signed", "sent", "unknown", "mined"])),
                        name="outgoing_open",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("chain__regex", "^[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}$")),
                        name="outgoing_chain_is_caip2",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                ["queued", "signed", "sent", "mined", "final", "replaced", "failed", "unknown"],
                            )
                        ),
                        name="outgoing_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("to__regex", "^0x[0-9a-fA-F]{40}$")), name="outgoing_to_is_hex"
                    ),
                    models.CheckConstraint(condition=models.Q(("value__gte", 0)), name="outgoing_value_not_negative"),
                    models.UniqueConstraint(
                        condition=models.Q(("nonce__isnull", False)),
                        fields=("chain", "sender", "nonce"),
                        name="nonce_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("nonce__isnull", True), ("state", "queued")),
                            ("state", "failed"),
                            models.Q(
                                ("nonce__isnull", False),
                                models.Q(("state", "queued"), _negated=True),
                                models.Q(("sender", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="outgoing_nonce_when_signed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["mined", "final"]), _negated=True),
                            ("mined_number__isnull", False),
                            _connector="OR",
                        ),
                        name="outgoing_mined_has_block",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["failed", "replaced"]), _negated=True),
                            models.Q(("refusal", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="outgoing_failed_says_why",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Attempt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("tx_hash", models.CharField(max_length=66, unique=True)),
                ("raw", models.BinaryField()),
                ("gas", models.BigIntegerField()),
                ("max_fee", chain.fields.Uint256Field()),
                ("priority_fee", chain.fields.Uint256Field()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("broadcast_at", models.DateTimeField(null=True)),
                (
                    "transaction",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="attempts",
                        to="chain.outgoingtransaction",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SendingAccount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("chain", models.CharField(max_length=41)),
                ("address", models.CharField(max_length=42)),
                ("next_nonce", models.BigIntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("chain", "address"), name="sending_account_once"),
                    models.CheckConstraint(
                        condition=models.Q(("chain__regex", "^[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}$")),
                        name="sending_account_chain_is_caip2",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("next_nonce__gte", 0)), name="sending_account_nonce_not_negative"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Log",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("chain", models.CharField(max_length=41)),
                ("number", models.BigIntegerField()),
                ("block_hash", models.CharField(max_length=66)),
                ("log_index", models.IntegerField()),
                ("tx_hash", models.CharField(max_length=66)),
                ("address", models.CharField(max_length=42)),
                ("topic0", models.CharField(blank=True, max_length=66)),
                (
                    "topics",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=66), size=None),
                ),
                ("data", models.BinaryField()),
                (
                    "block",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="logs",
                        to="chain.block",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["chain", "address", "number", "log_index"], name="log_of_contract"),
                    models.Index(fields=["chain", "tx_hash"], name="log_of_transaction"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("chain", "block_hash", "log_index"), name="log_once"),
                    models.CheckConstraint(
                        condition=models.Q(("address__regex", "^0x[0-9a-f]{40}$")), name="log_address_lower_case"
                    ),
                ],
            },
        ),
        cascade_in_database("chain_log", "block_id", "chain_block"),
    ]
