"""Renewals, disputes, channels, arbiters and pauses are mirrored too: all that the contract tells of."""

import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models

import chain.fields


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0014_saved_lists"),
        ("escrow", "0002_reconciliations"),
        ("organizations", "0008_domain_check"),
        ("subscriptions", "0005_added_periods"),
    ]

    operations = [
        migrations.CreateModel(
            name="Arbiter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("chain", models.CharField(max_length=32)),
                ("contract", models.CharField(max_length=42)),
                ("address", models.CharField(max_length=42)),
                ("allowed", models.BooleanField()),
                ("seq", models.PositiveBigIntegerField(verbose_name="place in the contract's events")),
                ("block_number", models.PositiveBigIntegerField()),
                ("tx_hash", models.CharField(max_length=66)),
                ("at", models.DateTimeField(verbose_name="time of the block")),
            ],
        ),
        migrations.CreateModel(
            name="Channel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("chain", models.CharField(max_length=32)),
                ("contract", models.CharField(max_length=42)),
                ("channel_id", models.CharField(max_length=66, verbose_name="id in the contract, bytes32")),
                ("channel_ref", models.CharField(max_length=66, verbose_name="hash of what the payer saw, bytes32")),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "open"), ("closing", "asked to close"), ("closed", "closed")],
                        default="open",
                        max_length=20,
                    ),
                ),
                ("payer_address", models.CharField(max_length=42)),
                ("provider_address", models.CharField(max_length=42)),
                ("signer", models.CharField(max_length=42, verbose_name="whose signature under a receipt counts")),
                ("fee_bps", models.PositiveSmallIntegerField()),
                ("treasury", models.CharField(max_length=42)),
                ("close_delay_seconds", models.PositiveIntegerField()),
                ("deposit", chain.fields.Uint256Field()),
                ("claimed", chain.fields.Uint256Field(default=0, verbose_name="gross paid out so far")),
                ("refunded", chain.fields.Uint256Field(default=0)),
                ("closes_at", models.DateTimeField(null=True, verbose_name="from when on anybody may close it")),
                ("seq", models.PositiveBigIntegerField(verbose_name="place in the contract's events")),
                ("block_number", models.PositiveBigIntegerField()),
                ("tx_hash", models.CharField(max_length=66)),
                ("at", models.DateTimeField(verbose_name="time of the block")),
            ],
        ),
        migrations.CreateModel(
            name="Pause",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("chain", models.CharField(max_length=32)),
                ("contract", models.CharField(max_length=42)),
                ("paused", models.BooleanField()),
                ("seq", models.PositiveBigIntegerField(verbose_name="place in the contract's events")),
                ("block_number", models.PositiveBigIntegerField()),
                ("tx_hash", models.CharField(max_length=66)),
                ("at", models.DateTimeField(verbose_name="time of the block")),
            ],
        ),
        migrations.AddField(
            model_name="escrow",
            name="arbiter",
            field=models.CharField(
                blank=True, db_default="", max_length=42, verbose_name="who ruled; empty when the time did"
            ),
        ),
        migrations.AddField(
            model_name="escrow",
            name="evidence_hash",
            field=models.CharField(
                blank=True, db_default="", max_length=66, verbose_name="what the buyer says and shows, bytes32"
            ),
        ),
        migrations.AddField(
            model_name="escrow",
            name="frozen_at",
            field=models.DateTimeField(
                null=True, verbose_name="when the buyer disputed it: from here on nothing is earned"
            ),
        ),
        migrations.AddField(
            model_name="escrow",
            name="provider_bps",
            field=models.PositiveSmallIntegerField(null=True, verbose_name="provider's share of what was contested"),
        ),
        migrations.AddField(
            model_name="escrow",
            name="ruling_due_at",
            field=models.DateTimeField(null=True, verbose_name="from when on anybody may end the dispute"),
        ),
        migrations.AddField(
            model_name="escrow",
            name="ruling_hash",
            field=models.CharField(
                blank=True, db_default="", max_length=66, verbose_name="the arbiter's reasons, bytes32"
            ),
        ),
        migrations.AlterField(
            model_name="escrow",
            name="refunded",
            field=chain.fields.Uint256Field(default=0, verbose_name="back to the buyer so far"),
        ),
        migrations.AddConstraint(
            model_name="escrow",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["disputed", "resolved"]), _negated=True),
                    models.Q(("frozen_at__isnull", False), ("ruling_due_at__isnull", False)),
                    _connector="OR",
                ),
                name="disputed_escrow_has_its_dates",
            ),
        ),
        migrations.AddConstraint(
            model_name="arbiter",
            constraint=models.UniqueConstraint(fields=("chain", "contract", "address"), name="one_row_per_arbiter"),
        ),
        migrations.AddField(
            model_name="channel",
            name="currency",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.currency"
            ),
        ),
        migrations.AddConstraint(
            model_name="pause",
            constraint=models.UniqueConstraint(fields=("chain", "contract", "seq"), name="one_pause_change_per_event"),
        ),
        migrations.AddConstraint(
            model_name="channel",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["open", "closing", "closed"])), name="channel_state"
            ),
        ),
        migrations.AddConstraint(
            model_name="channel",
            constraint=models.UniqueConstraint(fields=("chain", "contract", "channel_id"), name="one_channel_per_id"),
        ),
        migrations.AddConstraint(
            model_name="channel",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "deposit__gte",
                        django.db.models.expressions.CombinedExpression(models.F("claimed"), "+", models.F("refunded")),
                    )
                ),
                name="channel_pays_no_more_than_it_holds",
            ),
        ),
    ]
