from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("organizations", "0003_note_what_was_checked"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="organization",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "verified"), _negated=True),
                    models.Q(("checked", ""), _negated=True),
                    _connector="OR",
                ),
                name="organization_verified_says_what_was_checked",
            ),
        ),
        migrations.AddConstraint(
            model_name="organization",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("domain", ""), ("domain_checked_at__isnull", True)),
                    models.Q(models.Q(("domain", ""), _negated=True), ("domain_checked_at__isnull", False)),
                    _connector="OR",
                ),
                name="organization_domain_has_a_date",
            ),
        ),
    ]
