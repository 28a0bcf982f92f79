"""An owner may be asked about more of an order, and about calls beyond those that a subscription includes."""

import django.db.models.deletion
from django.db import migrations, models

from marketplace.tenancy.policies import same_owner

OURS = ["id", "buyer_id"]


class Migration(migrations.Migration):
    dependencies = [
        ("subscriptions", "0011_another_plan_at_the_end"),
    ]

    operations = [
        migrations.AddField(
            model_name="spendingrequest",
            name="adds_to",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="subscriptions.order",
                verbose_name="order of which more is to be paid",
            ),
        ),
        migrations.AddField(
            model_name="spendingrequest",
            name="before",
            field=models.PositiveIntegerField(
                null=True, verbose_name="periods or calls of that order when it was asked"
            ),
        ),
        migrations.AddField(
            model_name="spendingrequest",
            name="beyond",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="subscriptions.subscription",
                verbose_name="subscription that the calls are to go beyond",
            ),
        ),
        migrations.RemoveConstraint(model_name="spendingrequest", name="ordered_request_has_order"),
        migrations.AddConstraint(
            model_name="spendingrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "ordered"), _negated=True),
                    ("order__isnull", False),
                    ("adds_to__isnull", False),
                    _connector="OR",
                ),
                name="ordered_request_has_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="spendingrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("adds_to__isnull", True), ("before__isnull", True)),
                    models.Q(("adds_to__isnull", False), ("before__isnull", False), ("order__isnull", True)),
                    _connector="OR",
                ),
                name="request_for_more_says_of_what",
            ),
        ),
        migrations.AddConstraint(
            model_name="spendingrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("adds_to__isnull", True), ("replaces__isnull", True)),
                    models.Q(("beyond__isnull", True), ("replaces__isnull", True)),
                    models.Q(("adds_to__isnull", True), ("beyond__isnull", True)),
                    _connector="OR",
                ),
                name="request_is_about_one_thing",
            ),
        ),
        same_owner("subscriptions_spendingrequest", ["adds_to_id", "org_id"], "subscriptions_order", OURS),
        same_owner("subscriptions_spendingrequest", ["beyond_id", "org_id"], "subscriptions_subscription", OURS),
    ]
