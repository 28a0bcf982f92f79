from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalog", "0016_tags_read")]

    operations = [
        migrations.AddConstraint(
            model_name="shelfcount",
            constraint=models.UniqueConstraint(fields=("shelf", "tag"), name="one_count_per_tag"),
        ),
    ]
