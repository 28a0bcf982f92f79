"""What members add to orders that run: spent in the month in which it was paid, and while it is on its way."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from marketplace.tenancy.policies import row_policy, same_owner


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("organizations", "0010_votes_of_two"),
        ("subscriptions", "0012_more_of_what_runs_may_be_asked_for"),
    ]

    operations = [
        migrations.CreateModel(
            name="Addition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("before", models.PositiveIntegerField(verbose_name="periods or calls that the order held")),
                ("count", models.PositiveIntegerField(verbose_name="periods or calls that are added")),
                ("began_at", models.DateTimeField(verbose_name="when the payment began")),
                ("until", models.DateTimeField(verbose_name="until when it may be paid")),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="additions",
                        to="subscriptions.order",
                    ),
                ),
                (
                    "org",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["org", "began_at"], name="addition_of_org")],
                "constraints": [
                    models.UniqueConstraint(fields=("order", "before"), name="one_addition_at_a_time"),
                    models.CheckConstraint(condition=models.Q(("count__gt", 0)), name="addition_adds_something"),
                ],
            },
        ),
        row_policy("subscriptions_addition", orgs=["org_id"]),
        same_owner("subscriptions_addition", ["order_id", "org_id"], "subscriptions_order", ["id", "buyer_id"]),
    ]
