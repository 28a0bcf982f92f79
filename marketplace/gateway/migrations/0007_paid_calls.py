import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import chain.fields
from marketplace.tenancy.policies import same_owner

BOTH = ["id", "buyer_id", "provider_id"]


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0025_prices_by_the_call"),
        ("gateway", "0006_endpoint_tests"),
        ("organizations", "0008_domain_check"),
        ("subscriptions", "0008_orders_of_calls"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="usagerecord",
            name="cost",
            field=chain.fields.Uint256Field(
                db_default=0, default=0, verbose_name="taken from the deposit, in base units; 0 when it was given back"
            ),
        ),
        migrations.AddField(
            model_name="usagerecord",
            name="meter",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="calls_made",
                to="subscriptions.meter",
            ),
        ),
        migrations.AddIndex(
            model_name="usagerecord",
            index=models.Index(
                condition=models.Q(("meter__isnull", False), ("outcome", "started")),
                fields=["started_at"],
                name="usage_paid_under_way",
            ),
        ),
        same_owner("gateway_usagerecord", ["meter_id", "buyer_id", "provider_id"], "subscriptions_meter", BOTH),
    ]
