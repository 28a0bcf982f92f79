from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("escrow", "0008_purpose_of_a_timeout")]

    operations = [
        migrations.AddIndex(
            model_name="escrow",
            index=models.Index(condition=models.Q(("frozen_at__isnull", False)), fields=["id"], name="escrow_disputed"),
        ),
    ]
