"""A plan may let some calls pass after the paid time, for some days."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0025_prices_by_the_call"),
        ("organizations", "0008_domain_check"),
    ]

    operations = [
        migrations.AddField(
            model_name="plan",
            name="grace_calls",
            field=models.PositiveIntegerField(
                db_default=0, default=0, verbose_name="calls that pass after the paid time"
            ),
        ),
        migrations.AddField(
            model_name="plan",
            name="grace_days",
            field=models.PositiveSmallIntegerField(db_default=0, default=0, verbose_name="days for which they pass"),
        ),
        migrations.AddConstraint(
            model_name="plan",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("grace_calls", 0),
                    ("grace_days", 0),
                )
                | models.Q(
                    ("grace_calls__gt", 0),
                    ("grace_days__gt", 0),
                    ("period_seconds__gt", 0),
                    ("price__gt", 0),
                ),
                name="grace_is_bounded_and_paid_for",
            ),
        ),
    ]
