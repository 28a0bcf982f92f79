import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from marketplace.tenancy.policies import USER, row_policy

STILL_A_MEMBER = f"""user_id = {USER} AND (org_id IS NULL OR EXISTS (
    SELECT FROM organizations_membership m
    WHERE m.org_id = notifications_notification.org_id AND m.user_id = notifications_notification.user_id))"""


def members_only() -> migrations.RunSQL:
    """Show a person the notices about an organization only while the person belongs to it."""
    return migrations.RunSQL(
        f"ALTER POLICY owners ON notifications_notification USING ({STILL_A_MEMBER}) WITH CHECK ({STILL_A_MEMBER})",
        f"ALTER POLICY owners ON notifications_notification USING (user_id = {USER}) WITH CHECK (user_id = {USER})",
    )


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("organizations", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ReadingPlace",
            fields=[
                ("chain", models.BigIntegerField(primary_key=True, serialize=False)),
                ("sequence", models.PositiveBigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Notification",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("entry_id", models.BigIntegerField(verbose_name="the audit entry")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("security", "Security of your account"),
                            ("money", "Payments and refunds"),
                            ("orders", "Orders and subscriptions"),
                            ("earnings", "Periods paid out to you"),
                            ("selling", "Your listings and verification"),
                            ("spending", "Budgets and approvals"),
                            ("people", "People in your organizations"),
                            ("data", "Your data"),
                            ("moderation", "Cases that wait for a moderator"),
                        ],
                        max_length=20,
                    ),
                ),
                ("rule", models.CharField(max_length=70, verbose_name="name of the rule that says the sentence")),
                ("facts", models.JSONField(default=dict, verbose_name="ids and figures for the sentence")),
                ("path", models.CharField(max_length=300, verbose_name="where it leads")),
                ("at", models.DateTimeField(verbose_name="when it happened")),
                ("in_inbox", models.BooleanField(default=True)),
                ("read_at", models.DateTimeField(null=True)),
                ("mail_due_at", models.DateTimeField(null=True)),
                ("mail_attempts", models.PositiveSmallIntegerField(default=0)),
                ("mailed_at", models.DateTimeField(null=True)),
                ("mail_problem", models.CharField(blank=True, max_length=200)),
                (
                    "org",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["user", "-id"], name="notification_inbox"),
                    models.Index(
                        condition=models.Q(("in_inbox", True), ("read_at__isnull", True)),
                        fields=["user"],
                        name="notification_unread",
                    ),
                    models.Index(
                        condition=models.Q(("mail_due_at__isnull", False)),
                        fields=["mail_due_at"],
                        name="notification_mail_due",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("user", "entry_id"), name="one_notice_per_person_and_entry"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                [
                                    "security",
                                    "money",
                                    "orders",
                                    "earnings",
                                    "selling",
                                    "spending",
                                    "people",
                                    "data",
                                    "moderation",
                                ],
                            )
                        ),
                        name="notification_kind",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Preference",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("security", "Security of your account"),
                            ("money", "Payments and refunds"),
                            ("orders", "Orders and subscriptions"),
                            ("earnings", "Periods paid out to you"),
                            ("selling", "Your listings and verification"),
                            ("spending", "Budgets and approvals"),
                            ("people", "People in your organizations"),
                            ("data", "Your data"),
                            ("moderation", "Cases that wait for a moderator"),
                        ],
                        max_length=20,
                    ),
                ),
                ("in_inbox", models.BooleanField()),
                ("by_mail", models.BooleanField()),
                ("changed_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("user", "kind"), name="one_choice_per_person_and_kind"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                [
                                    "security",
                                    "money",
                                    "orders",
                                    "earnings",
                                    "selling",
                                    "spending",
                                    "people",
                                    "data",
                                    "moderation",
                                ],
                            )
                        ),
                        name="preference_kind",
                    ),
                ],
            },
        ),
        row_policy("notifications_notification", users=["user_id"]),
        members_only(),
        row_policy("notifications_preference", users=["user_id"]),
    ]
