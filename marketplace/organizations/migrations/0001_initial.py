import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from marketplace.tenancy.policies import USER, row_policy

# A person reads where they are a member, but can never write it: only an organization takes somebody in.
OWN_ROWS = f"CREATE POLICY own ON organizations_membership FOR SELECT USING (user_id = {USER})"


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
                (
                    "intention",
                    models.CharField(
                        choices=[
                            ("buy", "Use tools that others offer"),
                            ("sell", "Offer tools to others"),
                            ("both", "Both"),
                        ],
                        default="buy",
                        max_length=4,
                        verbose_name="what you want to do here",
                    ),
                ),
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
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "verified"), _negated=True),
                            ("verified_at__isnull", False),
                            _connector="OR",
                        ),
                        name="organization_verified_has_a_date",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("intention__in", ["buy", "sell", "both"])), name="organization_intention"
                    ),
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
        migrations.CreateModel(
            name="Verification",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("registration_number", models.CharField(max_length=60, verbose_name="registration number")),
                ("note", models.CharField(blank=True, max_length=1000, verbose_name="what else helps us to check")),
                ("asked_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting for a decision"),
                            ("verified", "verified"),
                            ("changes", "sent back with a question"),
                            ("refused", "not accepted"),
                        ],
                        default="waiting",
                        max_length=20,
                    ),
                ),
                ("reason", models.TextField(blank=True, max_length=2000)),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "asked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "org",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="verifications",
                        to="organizations.organization",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("outcome", "waiting")),
                        fields=("org",),
                        name="one_open_verification_per_organization",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("outcome__in", ["waiting", "verified", "changes", "refused"])),
                        name="verification_outcome",
                    ),
                ],
            },
        ),
        row_policy("organizations_organization", orgs=["id"], public_read=True),
        row_policy("organizations_membership", orgs=["org_id"]),
        migrations.RunSQL(OWN_ROWS, "DROP POLICY own ON organizations_membership"),
        row_policy("organizations_verification", orgs=["org_id"]),
    ]
