"""Until when calls pass after the paid time."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0026_days_of_grace"),
        ("organizations", "0008_domain_check"),
        ("subscriptions", "0008_orders_of_calls"),
    ]

    operations = [
        migrations.AddField(
            model_name="subscription",
            name="grace_ends_at",
            field=models.DateTimeField(null=True, verbose_name="until when some calls pass after the paid time"),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("grace_ends_at__isnull", True),
                    models.Q(("grace_ends_at__gt", models.F("ends_at")), ("order__isnull", False)),
                    _connector="OR",
                ),
                name="grace_is_after_paid_time",
            ),
        ),
    ]
