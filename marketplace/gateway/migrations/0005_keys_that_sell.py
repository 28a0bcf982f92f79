from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("gateway", "0004_tries")]

    operations = [
        migrations.AddField(
            model_name="apikey",
            name="may_sell",
            field=models.BooleanField(db_default=False, default=False, verbose_name="may write listings too"),
        ),
    ]
