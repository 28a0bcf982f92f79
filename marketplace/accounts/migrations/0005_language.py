"""The language that a person has chosen; empty for who has not: then the browser decides."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_mark_the_oldest_wallet"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="language",
            field=models.CharField(blank=True, max_length=8, verbose_name="language of pages and e-mails"),
        ),
    ]
