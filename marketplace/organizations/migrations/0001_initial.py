import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from marketplace.tenancy.policies import row_policy


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Organization",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                ("slug", models.SlugField(max_length=60, unique=True)),
                ("country", models.CharField(max_length=2, verbose_name="country")),
                ("about", models.CharField(blank=True, max_length=160, verbose_name="what you do, in one line")),
                ("website", models.URLField(blank=True, verbose_name="website")),
                ("payout_address", models.CharField(blank=True, max_length=42, verbose_name="payout wallet (EIP-55)")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("new", "not verified"),
                            ("submitted", "waiting for verification"),
                            ("verified", "verified"),
                            ("refused", "not accepted"),
                        ],
                        default="new",
                        max_length=20,
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("verified_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["new", "submitted", "verified", "refused"])),
                        name="organization_state",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("owner", "Owner"),
                            ("admin", "Administrator"),
                            ("billing", "Billing"),
                            ("developer", "Developer"),
                            ("viewer", "Viewer"),
                        ],
                        max_length=20,
                    ),
                ),
                ("since", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="memberships",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "org",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="memberships",
                        to="organizations.organization",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("org", "user"), name="one_role_per_person_and_organization"),
                    models.CheckConstraint(
                        condition=models.Q(("role__in", ["owner", "admin", "billing", "developer", "viewer"])),
                        name="membership_role",
                    ),
                ],
            },
        ),
        row_policy("organizations_organization", orgs=["id"], public_read=True),
        row_policy("organizations_membership", orgs=["org_id"], users=["user_id"]),
    ]
