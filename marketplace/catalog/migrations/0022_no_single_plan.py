from django.db import migrations, models

# The columns stay, for the code that runs while this is applied; what reads them no more does not have to fill them.
OPTIONAL = """
ALTER TABLE catalog_listingversion ALTER plan_name DROP NOT NULL, ALTER price DROP NOT NULL,
    ALTER period_seconds DROP NOT NULL, ALTER currency_id DROP NOT NULL
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0021_move_the_plan_among_plans")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveField(model_name="listingversion", name="currency"),
                migrations.RemoveField(model_name="listingversion", name="period_seconds"),
                migrations.RemoveField(model_name="listingversion", name="plan_name"),
                migrations.RemoveField(model_name="listingversion", name="price"),
            ],
            database_operations=[migrations.RunSQL(OPTIONAL, migrations.RunSQL.noop)],
        ),
        migrations.AddConstraint(
            model_name="listingversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state", "draft"),
                    models.Q(("category__isnull", False), models.Q(("endpoint", ""), _negated=True)),
                    _connector="OR",
                ),
                name="version_shown_to_others_is_complete",
            ),
        ),
    ]
