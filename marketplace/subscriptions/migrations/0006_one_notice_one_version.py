"""A notice is about one version: which one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0023_what_is_approved_stays"),
        ("organizations", "0008_domain_check"),
        ("subscriptions", "0005_added_periods"),
    ]

    operations = [
        migrations.AddField(
            model_name="subscription",
            name="announced_number",
            field=models.PositiveIntegerField(null=True, verbose_name="version that was announced"),
        ),
        migrations.AlterField(
            model_name="subscription",
            name="notice_ends_at",
            field=models.DateTimeField(null=True, verbose_name="when it goes over to the version announced"),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("announced_number__isnull", True), ("notice_ends_at__isnull", True)),
                    models.Q(("announced_number__isnull", False), ("notice_ends_at__isnull", False)),
                    _connector="OR",
                ),
                name="notice_is_of_a_version",
            ),
        ),
    ]
