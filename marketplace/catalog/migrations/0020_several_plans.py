import django.db.models.deletion
from django.db import migrations, models

import chain.fields
import marketplace.catalog.fields


class Migration(migrations.Migration):
    dependencies = [("catalog", "0018_tags_noted"), ("organizations", "0008_domain_check")]

    operations = [
        migrations.RemoveConstraint(model_name="listingversion", name="version_has_a_price"),
        migrations.AddField(
            model_name="listing",
            name="reference",
            field=models.CharField(max_length=64, null=True, verbose_name="name that the provider's script gave it"),
        ),
        migrations.AddField(
            model_name="listingversion",
            name="media",
            field=models.JSONField(
                blank=True, default=list, verbose_name="pictures, in their order: file and words for who cannot see it"
            ),
        ),
        migrations.AddField(
            model_name="listingversion",
            name="plans",
            field=marketplace.catalog.fields.OrderedJsonField(
                db_default=models.Value("[]"), default=list, verbose_name="plans, as catalog.plans stores them"
            ),
        ),
        migrations.AddField(
            model_name="listingversion",
            name="stamps",
            field=models.JSONField(
                blank=True, default=dict, verbose_name="how often each step was saved, and from which tab last"
            ),
        ),
        migrations.AddField(
            model_name="listingversion",
            name="typed",
            field=models.JSONField(
                blank=True, default=dict, verbose_name="what was typed and cannot be used yet, by step"
            ),
        ),
        migrations.AddField(
            model_name="plan",
            name="included_calls",
            field=models.PositiveIntegerField(
                null=True, verbose_name="calls that a period holds; none: as many as one likes"
            ),
        ),
        migrations.AddField(
            model_name="plan",
            name="trial_calls",
            field=models.PositiveIntegerField(db_default=0, default=0, verbose_name="calls of the trial"),
        ),
        migrations.AddField(
            model_name="plan",
            name="trial_days",
            field=models.PositiveSmallIntegerField(db_default=0, default=0, verbose_name="days of the trial"),
        ),
        migrations.AlterField(
            model_name="listingversion",
            name="category",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.category"
            ),
        ),
        migrations.AlterField(
            model_name="listingversion",
            name="description",
            field=models.TextField(blank=True, max_length=10000, verbose_name="description"),
        ),
        migrations.AlterField(
            model_name="listingversion",
            name="endpoint",
            field=models.URLField(blank=True, max_length=300, verbose_name="address of your service"),
        ),
        migrations.AlterField(
            model_name="listingversion",
            name="input_schema",
            field=marketplace.catalog.fields.OrderedJsonField(blank=True, default=dict, verbose_name="input schema"),
        ),
        migrations.AlterField(
            model_name="listingversion",
            name="summary",
            field=models.CharField(blank=True, max_length=140, verbose_name="what it does, in one line"),
        ),
        migrations.AlterField(
            model_name="plan",
            name="price",
            field=chain.fields.Uint256Field(verbose_name="price per period, in base units; 0 for a free plan"),
        ),
        migrations.AddConstraint(
            model_name="listing",
            constraint=models.UniqueConstraint(fields=("org", "reference"), name="one_listing_per_reference"),
        ),
        migrations.AddConstraint(
            model_name="plan",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("price__gt", 0),
                    models.Q(("included_calls__isnull", False), ("trial_calls", 0), ("trial_days", 0)),
                    _connector="OR",
                ),
                name="free_plan_is_capped",
            ),
        ),
        migrations.AddConstraint(
            model_name="plan",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("trial_calls", 0), ("trial_days", 0)),
                    models.Q(("trial_calls__gt", 0), ("trial_days__gt", 0)),
                    _connector="OR",
                ),
                name="trial_has_calls_and_days",
            ),
        ),
    ]
