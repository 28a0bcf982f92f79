import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import marketplace.privacy.models
from marketplace.tenancy.policies import ORG, USER, row_policy


def or_ones_own(table: str) -> migrations.RunSQL:
    """Rows of the scope's organization; those without one are their person's. A former member sees neither."""
    mine = f"org_id = {ORG} OR (org_id IS NULL AND user_id = {USER})"
    return migrations.RunSQL(
        f"ALTER POLICY owners ON {table} USING ({mine}) WITH CHECK ({mine})", migrations.RunSQL.noop
    )


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("organizations", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Erasure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "waiting"), ("withdrawn", "withdrawn"), ("done", "done")],
                        default="waiting",
                        max_length=20,
                    ),
                ),
                ("asked_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("due_at", models.DateTimeField()),
                (
                    "held_up_by",
                    models.CharField(blank=True, max_length=300, verbose_name="what had to be settled first"),
                ),
                ("done_at", models.DateTimeField(null=True)),
                (
                    "org",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["waiting", "withdrawn", "done"])), name="erasure_state"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("org__isnull", False), ("state", "waiting")),
                        fields=("org",),
                        name="one_waiting_erasure_per_organization",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("org__isnull", True), ("state", "waiting")),
                        fields=("user",),
                        name="one_waiting_erasure_per_person",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Export",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "waiting"),
                            ("running", "being collected"),
                            ("ready", "ready"),
                            ("expired", "deleted after a week"),
                        ],
                        default="queued",
                        max_length=20,
                    ),
                ),
                ("asked_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("heard_at", models.DateTimeField(null=True, verbose_name="sign of life of its maker")),
                ("done", models.PositiveSmallIntegerField(default=0, verbose_name="tables collected")),
                ("total", models.PositiveSmallIntegerField(default=0, verbose_name="tables to collect")),
                (
                    "file",
                    models.FileField(
                        blank=True, max_length=60, storage=marketplace.privacy.models.exports_storage, upload_to=""
                    ),
                ),
                ("size", models.PositiveBigIntegerField(default=0, verbose_name="bytes")),
                ("expires_at", models.DateTimeField(null=True)),
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
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["queued", "running", "ready", "expired"])),
                        name="export_state",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("org__isnull", False), ("state__in", ["queued", "running"])),
                        fields=("org",),
                        name="one_open_export_per_organization",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("org__isnull", True), ("state__in", ["queued", "running"])),
                        fields=("user",),
                        name="one_open_export_per_person",
                    ),
                ],
            },
        ),
        row_policy("privacy_export", orgs=["org_id"]),
        or_ones_own("privacy_export"),
        row_policy("privacy_erasure", orgs=["org_id"]),
        or_ones_own("privacy_erasure"),
    ]
