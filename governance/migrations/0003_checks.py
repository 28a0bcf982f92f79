"""When the mirror was last compared with the contract."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0002_governors_of_any_kind"),
    ]

    operations = [
        migrations.CreateModel(
            name="Check",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.BigIntegerField()),
                ("block_hash", models.CharField(max_length=66)),
                ("checked_at", models.DateTimeField()),
                ("proposals", models.IntegerField()),
                (
                    "differences",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None),
                ),
            ],
        ),
        migrations.AddField(
            model_name="proposal",
            name="differs",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="proposal",
            name="check_due",
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.AddField(
            model_name="proposal",
            name="checked_number",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="check",
            name="governor",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE, related_name="last_check", to="governance.governor"
            ),
        ),
        migrations.AddConstraint(
            model_name="check",
            constraint=models.CheckConstraint(condition=models.Q(("proposals__gte", 0)), name="check_counts"),
        ),
    ]
