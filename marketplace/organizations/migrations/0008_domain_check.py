import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from marketplace.tenancy.policies import row_policy


class Migration(migrations.Migration):
    dependencies = [
        ("organizations", "0007_document"),
    ]

    operations = [
        migrations.CreateModel(
            name="DomainCheck",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("domain", models.CharField(max_length=253, verbose_name="domain (ASCII)")),
                ("token", models.CharField(max_length=43)),
                (
                    "state",
                    models.CharField(
                        choices=[("pending", "being looked up"), ("found", "found"), ("missing", "not found")],
                        default="pending",
                        max_length=20,
                    ),
                ),
                ("seen", models.CharField(blank=True, max_length=500, verbose_name="what was seen")),
                ("asked_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("due_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("checked_at", models.DateTimeField(null=True)),
                (
                    "org",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="domain_checks",
                        to="organizations.organization",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("state", "pending")), fields=["due_at"], name="domain_check_due")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["pending", "found", "missing"])), name="domain_check_state"
                    ),
                    models.UniqueConstraint(fields=("org", "domain"), name="one_check_per_organization_and_domain"),
                ],
            },
        ),
        row_policy("organizations_domaincheck", orgs=["org_id"]),
    ]
