"""The plan that a buyer wants when the paid time is over: one of the same tool."""

import django.db.models.deletion
from django.db import migrations, models

from marketplace.tenancy.policies import same_owner


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0026_days_of_grace"),
        ("subscriptions", "0010_another_plan_in_its_place"),
    ]

    operations = [
        migrations.AddField(
            model_name="subscription",
            name="next_plan",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="catalog.plan",
                verbose_name="plan wanted when the paid time is over",
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(("next_plan__isnull", True), ("order__isnull", False), _connector="OR"),
                name="wish_is_of_a_paid_subscription",
            ),
        ),
        same_owner("subscriptions_subscription", ["next_plan_id", "listing_id"], "catalog_plan", ["id", "listing_id"]),
    ]
