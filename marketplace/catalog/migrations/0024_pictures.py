import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import marketplace.catalog.models.pictures
from marketplace.tenancy.policies import row_policy


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0023_what_is_approved_stays"),
        ("organizations", "0008_domain_check"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="listing",
            name="media",
            field=models.JSONField(
                db_default=models.Value("[]"), default=list, verbose_name="pictures of the approved version"
            ),
        ),
        migrations.CreateModel(
            name="PictureFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "picture",
                    models.CharField(max_length=64, verbose_name="SHA-256 of the largest file of the same picture"),
                ),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256 of this file")),
                ("width", models.PositiveIntegerField()),
                ("height", models.PositiveIntegerField()),
                ("size", models.PositiveIntegerField(verbose_name="bytes")),
                ("file", models.FileField(storage=marketplace.catalog.models.pictures.pictures_storage, upload_to="")),
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
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="organizations.organization"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["sha256"], name="picture_by_hash")],
                "constraints": [
                    models.UniqueConstraint(fields=("org", "picture", "sha256"), name="one_file_per_picture_and_width")
                ],
            },
        ),
        row_policy("catalog_picturefile", orgs=["org_id"]),
    ]
