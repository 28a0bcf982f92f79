"""What a proposal says, as text that can be searched."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0003_checks"),
    ]

    operations = [
        migrations.AddField(
            model_name="proposal",
            name="text",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
    ]
