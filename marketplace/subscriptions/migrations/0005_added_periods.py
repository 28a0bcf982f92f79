"""An order may be renewed: the periods added to it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("subscriptions", "0004_they_run_on_what_is_in_the_shop"),
    ]

    operations = [
        migrations.AddField(
            model_name="order",
            name="added_periods",
            field=models.PositiveIntegerField(db_default=0, default=0, verbose_name="periods that were added later"),
        ),
        migrations.AlterField(
            model_name="order",
            name="periods",
            field=models.PositiveSmallIntegerField(verbose_name="periods agreed to when it was placed"),
        ),
    ]
