"""Look transactions up by a hash index: a tree of 66-character texts was a quarter of what storing a log costs."""

import django.contrib.postgres.indexes
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("chain", "0006_alarms_told"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="log",
            name="log_of_transaction",
        ),
        migrations.AddIndex(
            model_name="log",
            index=django.contrib.postgres.indexes.HashIndex(fields=["tx_hash"], name="log_of_transaction"),
        ),
    ]
