import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models

# The columns stay, for the code that runs while this is applied; what reads them no more does not have to fill them.
OPTIONAL = """
ALTER TABLE catalog_searchentry ALTER country DROP NOT NULL, ALTER level DROP NOT NULL;
ALTER TABLE catalog_shelfcount ALTER facet DROP NOT NULL, ALTER value DROP NOT NULL
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0014_saved_lists")]

    operations = [
        migrations.RemoveConstraint(model_name="shelfcount", name="one_count_per_value"),
        migrations.RemoveIndex(model_name="searchentry", name="search_country"),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveField(model_name="searchentry", name="band"),
                migrations.RemoveField(model_name="searchentry", name="country"),
                migrations.RemoveField(model_name="searchentry", name="level"),
                migrations.RemoveField(model_name="shelfcount", name="facet"),
                migrations.RemoveField(model_name="shelfcount", name="value"),
            ],
            database_operations=[migrations.RunSQL(OPTIONAL, migrations.RunSQL.noop)],
        ),
        migrations.AddField(
            model_name="listing",
            name="updated_at",
            field=models.DateTimeField(null=True, verbose_name="when its version was approved"),
        ),
        migrations.AddField(
            model_name="searchentry",
            name="answers",
            field=models.BooleanField(
                db_default=True, verbose_name="its service was not down for the whole of the last day"
            ),
        ),
        migrations.AddField(
            model_name="searchentry",
            name="rating",
            field=models.IntegerField(
                db_default=0, verbose_name="mean of the stars in thousandths, few reviews drawn to the middle"
            ),
        ),
        migrations.AddField(
            model_name="searchentry",
            name="tags",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=16),
                db_default=[],
                size=None,
                verbose_name="all that it can be narrowed by",
            ),
        ),
        migrations.AddField(
            model_name="shelfcount",
            name="tag",
            field=models.CharField(blank=True, db_default="", max_length=16),
        ),
        migrations.AddIndex(
            model_name="searchentry",
            index=models.Index(
                models.OrderBy(models.F("rating"), descending=True),
                models.OrderBy(models.F("listing_id"), descending=True),
                name="search_rated",
            ),
        ),
        migrations.AddIndex(
            model_name="searchentry",
            index=django.contrib.postgres.indexes.GinIndex(fastupdate=False, fields=["tags"], name="search_tags"),
        ),
    ]
