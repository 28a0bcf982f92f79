import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import marketplace.organizations.models.verification
from marketplace.tenancy.policies import row_policy, same_owner


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "__first__"),
        ("organizations", "0006_invitation"),
    ]

    operations = [
        migrations.CreateModel(
            name="Document",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100, verbose_name="name on the sender's machine")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("application/pdf", "PDF"),
                            ("image/png", "PNG"),
                            ("image/jpeg", "JPEG"),
                            ("image/webp", "WebP"),
                        ],
                        max_length=20,
                        verbose_name="media type",
                    ),
                ),
                ("size", models.PositiveIntegerField(verbose_name="bytes, as stored")),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256 of what is stored")),
                (
                    "file",
                    models.FileField(
                        max_length=60,
                        storage=marketplace.organizations.models.verification.documents_storage,
                        upload_to="",
                    ),
                ),
                ("added_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "added_by",
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
                        related_name="documents",
                        to="organizations.organization",
                    ),
                ),
                (
                    "verification",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="documents",
                        to="organizations.verification",
                    ),
                ),
            ],
        ),
        row_policy("organizations_document", orgs=["org_id"]),
        same_owner(
            "organizations_document", ["verification_id", "org_id"], "organizations_verification", ["id", "org_id"]
        ),
    ]
