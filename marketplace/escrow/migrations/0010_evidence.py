"""The offer as it was sold, and the proven events of each deposit."""

import django.db.models.deletion
from django.db import migrations, models

from marketplace.tenancy.policies import row_policy, same_owner

BOTH = ["id", "buyer_id", "provider_id"]


class Migration(migrations.Migration):
    dependencies = [
        ("chain", "0010_receipt_proofs"),
        ("escrow", "0009_index_what_is_disputed"),
        ("organizations", "0008_domain_check"),
        ("subscriptions", "0007_pause"),
    ]

    operations = [
        migrations.CreateModel(
            name="SoldOffer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("content_hash", models.CharField(max_length=66, verbose_name="its SHA-256")),
                ("text", models.TextField(blank=True)),
                (
                    "buyer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
                    ),
                ),
                (
                    "order",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="sold_offer", to="subscriptions.order"
                    ),
                ),
                (
                    "provider",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ProvenEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("seq", models.PositiveBigIntegerField(verbose_name="place in the contract's events")),
                ("name", models.CharField(max_length=20)),
                ("log", models.PositiveIntegerField(verbose_name="place of the log in its receipt")),
                (
                    "buyer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
                    ),
                ),
                (
                    "escrow",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="proven", to="escrow.escrow"
                    ),
                ),
                (
                    "proof",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="chain.receiptproof"
                    ),
                ),
                (
                    "provider",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
                    ),
                ),
            ],
            options={
                "ordering": ["seq"],
                "constraints": [models.UniqueConstraint(fields=("escrow", "seq"), name="one_proof_per_event")],
            },
        ),
        row_policy("escrow_soldoffer", orgs=["buyer_id", "provider_id"]),
        row_policy("escrow_provenevent", orgs=["buyer_id", "provider_id"]),
        same_owner("escrow_soldoffer", ["order_id", "buyer_id", "provider_id"], "subscriptions_order", BOTH),
        same_owner("escrow_provenevent", ["escrow_id", "buyer_id", "provider_id"], "escrow_escrow", BOTH),
    ]
