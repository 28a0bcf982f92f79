"""The rows went to `subscriptions.Pause`."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("escrow", "0005_pauses_go_to_the_terms"),
    ]

    operations = [
        migrations.DeleteModel(name="Pause"),
    ]
