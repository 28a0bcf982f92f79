from django.db import migrations

# Until now a moderator looked up the register before saying yes.
NOTE = "UPDATE organizations_organization SET checked = 'register' WHERE state = 'verified'"


class Migration(migrations.Migration):
    dependencies = [
        ("organizations", "0002_what_was_checked"),
    ]

    operations = [migrations.RunSQL(NOTE, migrations.RunSQL.noop)]
