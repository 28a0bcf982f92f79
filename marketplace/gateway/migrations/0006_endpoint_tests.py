import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from marketplace.tenancy.policies import row_policy, same_owner


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0023_what_is_approved_stays"),
        ("gateway", "0005_keys_that_sell"),
        ("organizations", "0008_domain_check"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="upstreamsecret",
            name="origin",
            field=models.CharField(
                blank=True, db_default="", max_length=320, verbose_name="where the listing led when it was stored"
            ),
        ),
        migrations.CreateModel(
            name="EndpointTest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("version_number", models.PositiveIntegerField()),
                ("endpoint", models.URLField(max_length=300, verbose_name="address that is called")),
                ("input", models.JSONField()),
                (
                    "state",
                    models.CharField(
                        choices=[("queued", "waiting"), ("running", "running"), ("done", "done")],
                        default="queued",
                        max_length=20,
                    ),
                ),
                ("with_key", models.BooleanField(default=False, verbose_name="the key of the service was sent")),
                ("address", models.CharField(blank=True, max_length=64, verbose_name="address that the name led to")),
                (
                    "steps",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        verbose_name="how far it came: each step with milliseconds from the start",
                    ),
                ),
                ("status", models.PositiveSmallIntegerField(null=True, verbose_name="HTTP status")),
                ("milliseconds", models.PositiveIntegerField(null=True)),
                ("bytes_out", models.PositiveIntegerField(null=True, verbose_name="size of the answer")),
                ("answer", models.TextField(blank=True, verbose_name="beginning of the answer")),
                (
                    "fits",
                    models.BooleanField(
                        null=True,
                        verbose_name="the answer is what the listing says; none: it says nothing, or none came",
                    ),
                ),
                (
                    "problems",
                    models.JSONField(blank=True, default=list, verbose_name="what went wrong, sentence by sentence"),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("started_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "listing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="catalog.listing"
                    ),
                ),
                (
                    "org",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="organizations.organization"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["listing", "-created_at"], name="endpoint_test_of_listing")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["queued", "running", "done"])), name="endpoint_test_state"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["queued", "running"])),
                        fields=("listing",),
                        name="one_endpoint_test_at_a_time",
                    ),
                ],
            },
        ),
        row_policy("gateway_endpointtest", orgs=["org_id"]),
        same_owner("gateway_endpointtest", ["listing_id", "org_id"], "catalog_listing", ["id", "org_id"]),
    ]
