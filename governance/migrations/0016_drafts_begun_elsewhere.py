"""A draft may begin outside of these pages, and is found again as the proposal that it became."""

from django.db import migrations, models

import chain.fields


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0015_treasuries"),
    ]

    operations = [
        migrations.AddField(
            model_name="draft",
            name="origin",
            field=models.CharField(blank=True, db_default="", default="", max_length=80),
        ),
        migrations.AddField(
            model_name="draft",
            name="proposed",
            field=chain.fields.Uint256Field(null=True),
        ),
        migrations.AddConstraint(
            model_name="draft",
            constraint=models.UniqueConstraint(
                condition=models.Q(("origin", ""), _negated=True), fields=("origin",), name="one_draft_per_origin"
            ),
        ),
    ]
