from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("organizations", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="organization",
            name="checked",
            field=models.CharField(
                blank=True, db_default="", max_length=60, verbose_name="what a moderator checked, in words of Fact"
            ),
        ),
        migrations.AddField(
            model_name="organization",
            name="domain",
            field=models.CharField(
                blank=True, db_default="", max_length=253, verbose_name="the domain shown to be theirs"
            ),
        ),
        migrations.AddField(
            model_name="organization",
            name="domain_checked_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="verification",
            name="checked",
            field=models.CharField(blank=True, db_default="", max_length=60, verbose_name="what the moderator checked"),
        ),
        migrations.AddField(
            model_name="verification",
            name="vat_number",
            field=models.CharField(blank=True, db_default="", max_length=20, verbose_name="VAT number"),
        ),
    ]
