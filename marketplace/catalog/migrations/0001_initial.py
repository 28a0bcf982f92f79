import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import chain.fields
import marketplace.catalog.fields
from marketplace.tenancy.policies import row_policy, same_owner


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("organizations", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Category",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(max_length=40, unique=True)),
                ("name", models.CharField(max_length=60)),
                ("summary", models.CharField(max_length=160)),
                ("icon", models.CharField(max_length=40, verbose_name="Lucide icon")),
                ("position", models.PositiveSmallIntegerField(default=0)),
            ],
            options={
                "verbose_name_plural": "categories",
                "ordering": ["position", "name"],
            },
        ),
        migrations.CreateModel(
            name="Currency",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("chain", models.CharField(max_length=32, verbose_name="chain (CAIP-2)")),
                ("address", models.CharField(max_length=42, verbose_name="token contract (EIP-55)")),
                ("symbol", models.CharField(max_length=16)),
                ("name", models.CharField(max_length=60)),
                ("decimals", models.PositiveSmallIntegerField()),
                (
                    "eip712_version",
                    models.CharField(default="1", max_length=8, verbose_name="version in the token's EIP-712 domain"),
                ),
                ("takes_authorization", models.BooleanField(default=False, verbose_name="ERC-3009")),
                ("takes_permit", models.BooleanField(default=False, verbose_name="ERC-2612")),
                ("accepted", models.BooleanField(default=False)),
            ],
            options={
                "verbose_name_plural": "currencies",
                "constraints": [models.UniqueConstraint(fields=("chain", "address"), name="one_currency_per_token")],
            },
        ),
        migrations.CreateModel(
            name="Listing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(max_length=60, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("hidden", "hidden"),
                            ("public", "public"),
                            ("suspended", "suspended"),
                            ("retired", "retired"),
                        ],
                        default="hidden",
                        max_length=20,
                    ),
                ),
                ("version_number", models.PositiveIntegerField(null=True, verbose_name="approved version")),
                (
                    "content_hash",
                    models.CharField(blank=True, max_length=66, verbose_name="SHA-256 of the approved version"),
                ),
                ("name", models.CharField(blank=True, max_length=60)),
                ("summary", models.CharField(blank=True, max_length=140)),
                ("description", models.TextField(blank=True, verbose_name="description (Markdown)")),
                ("input_schema", marketplace.catalog.fields.OrderedJsonField(default=dict)),
                ("output_schema", marketplace.catalog.fields.OrderedJsonField(default=dict)),
                ("example", marketplace.catalog.fields.OrderedJsonField(default=dict)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("published_at", models.DateTimeField(null=True)),
                (
                    "search",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.contrib.postgres.search.CombinedSearchVector(
                            django.contrib.postgres.search.CombinedSearchVector(
                                django.contrib.postgres.search.SearchVector(
                                    "name", config=models.Value("english"), weight="A"
                                ),
                                "||",
                                django.contrib.postgres.search.SearchVector(
                                    "summary", config=models.Value("english"), weight="B"
                                ),
                                django.contrib.postgres.search.SearchConfig(models.Value("english")),
                            ),
                            "||",
                            django.contrib.postgres.search.SearchVector(
                                "description", config=models.Value("english"), weight="D"
                            ),
                            django.contrib.postgres.search.SearchConfig(models.Value("english")),
                        ),
                        output_field=django.contrib.postgres.search.SearchVectorField(),
                    ),
                ),
                (
                    "category",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="listings",
                        to="catalog.category",
                    ),
                ),
                (
                    "org",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="listings",
                        to="organizations.organization",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ListingVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("submitted", "waiting for review"),
                            ("changes_requested", "sent back with changes to make"),
                            ("approved", "approved"),
                            ("rejected", "rejected"),
                        ],
                        default="draft",
                        max_length=20,
                    ),
                ),
                ("name", models.CharField(max_length=60, verbose_name="name")),
                ("summary", models.CharField(max_length=140, verbose_name="what it does, in one line")),
                ("description", models.TextField(max_length=10000, verbose_name="description")),
                ("endpoint", models.URLField(max_length=300, verbose_name="address of your service")),
                (
                    "input_schema",
                    marketplace.catalog.fields.OrderedJsonField(default=dict, verbose_name="input schema"),
                ),
                (
                    "output_schema",
                    marketplace.catalog.fields.OrderedJsonField(blank=True, default=dict, verbose_name="output schema"),
                ),
                (
                    "example",
                    marketplace.catalog.fields.OrderedJsonField(blank=True, default=dict, verbose_name="example input"),
                ),
                ("plan_name", models.CharField(default="Standard", max_length=40, verbose_name="name of the plan")),
                ("price", chain.fields.Uint256Field(verbose_name="price per period, in base units")),
                ("period_seconds", models.PositiveIntegerField(verbose_name="period, in seconds")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("submitted_at", models.DateTimeField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                ("reason", models.TextField(blank=True, max_length=2000, verbose_name="reason of the decision")),
                (
                    "category",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.category"
                    ),
                ),
                (
                    "currency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.currency"
                    ),
                ),
                (
                    "listing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="versions", to="catalog.listing"
                    ),
                ),
                (
                    "org",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Plan",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "version_number",
                    models.PositiveIntegerField(verbose_name="version of the listing that it came with"),
                ),
                ("content_hash", models.CharField(max_length=66)),
                ("name", models.CharField(max_length=40)),
                ("price", chain.fields.Uint256Field(verbose_name="price per period, in base units")),
                ("period_seconds", models.PositiveIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[("on_sale", "on sale"), ("withdrawn", "no longer on sale")],
                        default="on_sale",
                        max_length=20,
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "currency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.currency"
                    ),
                ),
                (
                    "listing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="plans", to="catalog.listing"
                    ),
                ),
                (
                    "org",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="listing",
            index=django.contrib.postgres.indexes.GinIndex(fields=["search"], name="listing_search"),
        ),
        migrations.AddIndex(
            model_name="listing",
            index=models.Index(
                models.OrderBy(models.F("published_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("state", "public")),
                name="listing_newest",
            ),
        ),
        migrations.AddIndex(
            model_name="listing",
            index=models.Index(
                condition=models.Q(("state", "public")), fields=["category", "-published_at"], name="listing_shelf"
            ),
        ),
        migrations.AddConstraint(
            model_name="listing",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["hidden", "public", "suspended", "retired"])), name="listing_state"
            ),
        ),
        migrations.AddConstraint(
            model_name="listing",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "public"), _negated=True),
                    models.Q(("category__isnull", False), ("version_number__isnull", False)),
                    _connector="OR",
                ),
                name="listing_public_is_complete",
            ),
        ),
        migrations.AddConstraint(
            model_name="listingversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["draft", "submitted", "changes_requested", "approved", "rejected"])),
                name="listing_version_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="listingversion",
            constraint=models.UniqueConstraint(fields=("listing", "number"), name="one_version_per_number"),
        ),
        migrations.AddConstraint(
            model_name="listingversion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["draft", "submitted", "changes_requested"])),
                fields=("listing",),
                name="one_open_version_per_listing",
            ),
        ),
        migrations.AddConstraint(
            model_name="listingversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("period_seconds__gte", 60), ("price__gt", 0)), name="version_has_a_price"
            ),
        ),
        migrations.AddConstraint(
            model_name="plan",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["on_sale", "withdrawn"])), name="plan_state"
            ),
        ),
        migrations.AddConstraint(
            model_name="plan",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "on_sale")), fields=("listing", "name"), name="one_plan_on_sale_per_name"
            ),
        ),
        row_policy("catalog_listing", orgs=["org_id"], public_read=True),
        row_policy("catalog_listingversion", orgs=["org_id"]),
        row_policy("catalog_plan", orgs=["org_id"], public_read=True),
        same_owner("catalog_listingversion", ["listing_id", "org_id"], "catalog_listing", ["id", "org_id"]),
        same_owner("catalog_plan", ["listing_id", "org_id"], "catalog_listing", ["id", "org_id"]),
    ]
