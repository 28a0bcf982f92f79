"""A contract may be watched for some kinds of events only."""

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chain", "0008_logs_checked_by_statement")]

    operations = [
        migrations.AddField(
            model_name="contract",
            name="topics",
            field=ArrayField(models.CharField(max_length=66), blank=True, default=list, db_default=[]),
        ),
    ]
