import django.utils.timezone
from django.db import migrations, models

from marketplace.tenancy.policies import row_policy


def entries_stay() -> migrations.RunSQL:
    """Refuse every change and deletion of an entry, whoever asks."""
    return migrations.RunSQL(
        """
        CREATE FUNCTION audit_entries_stay() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'Audit entries are never changed or deleted.'; END $$;
        CREATE TRIGGER entries_stay BEFORE UPDATE OR DELETE ON audit_entry
            FOR EACH ROW EXECUTE FUNCTION audit_entries_stay();
        """,
        "DROP TRIGGER entries_stay ON audit_entry; DROP FUNCTION audit_entries_stay();",
    )


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("org_id", models.BigIntegerField(null=True)),
                ("sequence", models.PositiveBigIntegerField()),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("actor_user_id", models.BigIntegerField(null=True)),
                ("actor_role", models.CharField(blank=True, max_length=20)),
                ("verb", models.CharField(max_length=60)),
                ("subject_type", models.CharField(max_length=60)),
                ("subject_id", models.CharField(max_length=66)),
                ("facts", models.JSONField(default=dict)),
                ("previous_hash", models.CharField(max_length=64)),
                ("hash", models.CharField(max_length=64)),
            ],
            options={
                "verbose_name_plural": "entries",
                "indexes": [models.Index(fields=["subject_type", "subject_id"], name="entry_subject")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("org_id", "sequence"), name="one_entry_per_place_in_the_chain", nulls_distinct=False
                    )
                ],
            },
        ),
        row_policy("audit_entry", orgs=["org_id"]),
        entries_stay(),
    ]
