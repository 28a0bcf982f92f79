import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import chain.fields
from marketplace.tenancy.policies import row_policy, same_owner

BOTH = ["id", "buyer_id", "provider_id"]


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("catalog", "0001_initial"),
        ("organizations", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="MarketParams",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("chain", models.CharField(max_length=32)),
                ("contract", models.CharField(max_length=42)),
                ("seq", models.PositiveBigIntegerField(verbose_name="place in the contract's events")),
                ("fee_bps", models.PositiveSmallIntegerField(verbose_name="fee, in hundredths of a percent")),
                ("treasury", models.CharField(max_length=42)),
                (
                    "hold_seconds",
                    models.PositiveIntegerField(verbose_name="how long a period's money waits after it has elapsed"),
                ),
                ("arbiter_seconds", models.PositiveIntegerField()),
                ("close_delay_seconds", models.PositiveIntegerField()),
                ("block_number", models.PositiveBigIntegerField()),
                ("tx_hash", models.CharField(max_length=66)),
                ("at", models.DateTimeField(verbose_name="time of the block")),
            ],
            options={
                "verbose_name_plural": "market parameters",
                "constraints": [
                    models.UniqueConstraint(fields=("chain", "contract", "seq"), name="one_parameter_change_per_event")
                ],
            },
        ),
        migrations.CreateModel(
            name="Order",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("placed", "waiting for payment"),
                            ("funded", "paid into escrow"),
                            ("completed", "completed"),
                            ("refunded", "refunded"),
                            ("expired", "expired"),
                        ],
                        default="placed",
                        max_length=20,
                    ),
                ),
                ("price", chain.fields.Uint256Field(verbose_name="price per period, in base units")),
                ("period_seconds", models.PositiveIntegerField()),
                ("periods", models.PositiveSmallIntegerField()),
                (
                    "max_fee_bps",
                    models.PositiveSmallIntegerField(verbose_name="highest fee agreed to, in hundredths of a percent"),
                ),
                ("provider_address", models.CharField(max_length=42, verbose_name="provider's payout wallet (EIP-55)")),
                ("order_ref", models.CharField(max_length=66, unique=True, verbose_name="hash of the terms, bytes32")),
                ("form_key", models.UUIDField(default=uuid.uuid4, verbose_name="the form that placed it")),
                ("placed_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("expires_at", models.DateTimeField()),
                (
                    "buyer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders_placed",
                        to="organizations.organization",
                    ),
                ),
                (
                    "currency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.currency"
                    ),
                ),
                (
                    "listing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="orders", to="catalog.listing"
                    ),
                ),
                (
                    "placed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="orders", to="catalog.plan"
                    ),
                ),
                (
                    "provider",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders_received",
                        to="organizations.organization",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Subscription",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "waiting for payment"),
                            ("active", "active"),
                            ("suspended", "suspended"),
                            ("ended", "ended"),
                        ],
                        default="pending",
                        max_length=20,
                    ),
                ),
                ("starts_at", models.DateTimeField(null=True)),
                ("ends_at", models.DateTimeField(null=True)),
                ("ended_reason", models.CharField(blank=True, max_length=160)),
                (
                    "buyer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="subscriptions",
                        to="organizations.organization",
                    ),
                ),
                (
                    "listing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="subscriptions", to="catalog.listing"
                    ),
                ),
                (
                    "order",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="subscription",
                        to="subscriptions.order",
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
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["buyer", "-placed_at"], name="order_by_buyer"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["provider", "-placed_at"], name="order_by_provider"),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["placed", "funded", "completed", "refunded", "expired"])),
                name="order_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.UniqueConstraint(fields=("buyer", "form_key"), name="one_order_per_form"),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(("periods__gt", 0), ("price__gt", 0)), name="order_costs_something"
            ),
        ),
        migrations.AddIndex(
            model_name="subscription",
            index=models.Index(fields=["buyer", "listing", "state"], name="subscription_entitles"),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["pending", "active", "suspended", "ended"])),
                name="subscription_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state", "pending"),
                    ("state", "ended"),
                    models.Q(("ends_at__isnull", False), ("starts_at__isnull", False)),
                    _connector="OR",
                ),
                name="running_subscription_has_dates",
            ),
        ),
        row_policy("subscriptions_order", orgs=["buyer_id", "provider_id"]),
        row_policy("subscriptions_subscription", orgs=["buyer_id", "provider_id"]),
        same_owner("subscriptions_order", ["plan_id", "provider_id"], "catalog_plan", ["id", "org_id"]),
        same_owner("subscriptions_order", ["listing_id", "provider_id"], "catalog_listing", ["id", "org_id"]),
        same_owner("subscriptions_subscription", ["order_id", "buyer_id", "provider_id"], "subscriptions_order", BOTH),
        same_owner("subscriptions_subscription", ["listing_id", "provider_id"], "catalog_listing", ["id", "org_id"]),
    ]
