"""A log is keyed by its block and its place in it: one small index does what two large ones did."""

import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chain", "0004_sending_accounts_and_gas_days"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="log",
            name="log_once",
        ),
        migrations.RemoveConstraint(
            model_name="log",
            name="log_address_lower_case",
        ),
        migrations.AlterField(
            model_name="log",
            name="block",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="logs",
                to="chain.block",
            ),
        ),
        migrations.AddConstraint(
            model_name="log",
            constraint=models.UniqueConstraint(fields=("block", "log_index"), name="log_once"),
        ),
        migrations.AddConstraint(
            model_name="log",
            constraint=models.CheckConstraint(
                condition=models.Q(("address", django.db.models.functions.text.Lower("address"))),
                name="log_address_lower_case",
            ),
        ),
    ]
