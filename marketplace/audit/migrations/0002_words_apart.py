import django.db.models.deletion
from django.db import migrations, models

from marketplace.tenancy.policies import row_policy


def words_stay() -> migrations.RunSQL:
    """Refuse every change; let words be forgotten by a role that no policy binds."""
    return migrations.RunSQL(
        """
        CREATE FUNCTION audit_words_stay() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' OR row_security_active('audit_wording') THEN
                RAISE EXCEPTION 'Words of audit entries are never changed, and forgotten by the system only.';
            END IF;
            RETURN OLD;
        END $$;
        CREATE TRIGGER words_stay BEFORE UPDATE OR DELETE ON audit_wording
            FOR EACH ROW EXECUTE FUNCTION audit_words_stay();
        """,
        "DROP TRIGGER words_stay ON audit_wording; DROP FUNCTION audit_words_stay();",
    )


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [
        migrations.AlterField(
            model_name="entry",
            name="facts",
            field=models.JSONField(default=dict, verbose_name="facts; words are digests, see Wording"),
        ),
        migrations.CreateModel(
            name="Wording",
            fields=[
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="wording",
                        serialize=False,
                        to="audit.entry",
                    ),
                ),
                ("org_id", models.BigIntegerField(db_index=True, null=True)),
                ("salt", models.CharField(max_length=64)),
                ("words", models.JSONField()),
            ],
        ),
        row_policy("audit_wording", orgs=["org_id"]),
        words_stay(),
    ]
