"""An order may take the place of another one: another plan of the same tool."""

import django.db.models.deletion
from django.db import migrations, models

from marketplace.tenancy.policies import same_owner

BOTH = ["id", "buyer_id", "provider_id"]


class Migration(migrations.Migration):
    dependencies = [
        ("subscriptions", "0009_days_of_grace"),
    ]

    operations = [
        migrations.AddField(
            model_name="order",
            name="replaces",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="replaced_by",
                to="subscriptions.order",
                verbose_name="order whose place it takes: another plan of the same tool",
            ),
        ),
        migrations.AddField(
            model_name="spendingrequest",
            name="replaces",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="subscriptions.order",
                verbose_name="order whose place it is to take",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "placed")), fields=("replaces",), name="one_unpaid_change_at_a_time"
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("replaces__isnull", True),
                    models.Q(("period_seconds__gt", 0), models.Q(("replaces", models.F("id")), _negated=True)),
                    _connector="OR",
                ),
                name="change_is_to_another_order_of_periods",
            ),
        ),
        same_owner("subscriptions_order", ["replaces_id", "buyer_id", "provider_id"], "subscriptions_order", BOTH),
        same_owner(
            "subscriptions_spendingrequest", ["replaces_id", "org_id"], "subscriptions_order", ["id", "buyer_id"]
        ),
    ]
