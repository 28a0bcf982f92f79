from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalog", "0021_move_the_plan_among_plans")]

    operations = [
        migrations.RemoveConstraint(
            model_name="listingversion",
            name="version_has_a_price",
        ),
        migrations.RemoveField(
            model_name="listingversion",
            name="currency",
        ),
        migrations.RemoveField(
            model_name="listingversion",
            name="period_seconds",
        ),
        migrations.RemoveField(
            model_name="listingversion",
            name="plan_name",
        ),
        migrations.RemoveField(
            model_name="listingversion",
            name="price",
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
