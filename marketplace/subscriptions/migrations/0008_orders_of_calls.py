import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import chain.fields
from marketplace.tenancy.policies import row_policy, same_owner

BOTH = ["id", "buyer_id", "provider_id"]


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0025_prices_by_the_call"),
        ("organizations", "0008_domain_check"),
        ("subscriptions", "0007_pause"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Meter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("price", chain.fields.Uint256Field(verbose_name="price of a call")),
                ("deposit", chain.fields.Uint256Field(verbose_name="what was put in, in all")),
                ("spent", chain.fields.Uint256Field(default=0)),
                ("owed", chain.fields.Uint256Field(default=0)),
                ("is_open", models.BooleanField(default=True, verbose_name="calls may pass")),
                (
                    "warned",
                    models.PositiveSmallIntegerField(
                        default=0, verbose_name="percent of the deposit that the buyer was warned at last"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="order",
            name="beyond",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="further",
                to="subscriptions.subscription",
                verbose_name="subscription that these calls go beyond",
            ),
        ),
        migrations.AddField(
            model_name="order",
            name="signer",
            field=models.CharField(
                blank=True, db_default="", max_length=42, verbose_name="whose signature says how many calls were made"
            ),
        ),
        migrations.AlterField(
            model_name="order",
            name="added_periods",
            field=models.PositiveIntegerField(
                db_default=0, default=0, verbose_name="periods or calls that were added later"
            ),
        ),
        migrations.AlterField(
            model_name="order",
            name="period_seconds",
            field=models.PositiveIntegerField(verbose_name="seconds of a period; 0: calls are paid"),
        ),
        migrations.AlterField(
            model_name="order",
            name="periods",
            field=models.PositiveIntegerField(verbose_name="periods or calls agreed to when it was placed"),
        ),
        migrations.AlterField(
            model_name="order",
            name="price",
            field=chain.fields.Uint256Field(verbose_name="price per period or of a call, in base units"),
        ),
        migrations.AlterField(
            model_name="spendingrequest",
            name="periods",
            field=models.PositiveIntegerField(verbose_name="periods or calls"),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("beyond__isnull", True), ("period_seconds__gt", 0), ("signer", "")),
                    models.Q(("period_seconds", 0), models.Q(("signer", ""), _negated=True)),
                    _connector="OR",
                ),
                name="order_of_calls_has_a_signer",
            ),
        ),
        migrations.AddField(
            model_name="meter",
            name="buyer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
            ),
        ),
        migrations.AddField(
            model_name="meter",
            name="provider",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
            ),
        ),
        migrations.AddField(
            model_name="meter",
            name="subscription",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="meter", to="subscriptions.subscription"
            ),
        ),
        migrations.AddConstraint(
            model_name="meter",
            constraint=models.CheckConstraint(condition=models.Q(("price__gt", 0)), name="call_costs_something"),
        ),
        migrations.AddConstraint(
            model_name="meter",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("owed__gte", 0), ("owed__lte", models.F("spent")), ("spent__lte", models.F("deposit"))
                ),
                name="meter_spends_no_more_than_was_put_in",
            ),
        ),
        row_policy("subscriptions_meter", orgs=["buyer_id", "provider_id"]),
        same_owner(
            "subscriptions_meter", ["subscription_id", "buyer_id", "provider_id"], "subscriptions_subscription", BOTH
        ),
        same_owner("subscriptions_order", ["beyond_id", "buyer_id", "provider_id"], "subscriptions_subscription", BOTH),
    ]
