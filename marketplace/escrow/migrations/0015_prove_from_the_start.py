"""The place up to which events of periods alone were proven goes: proving begins anew, and asks for what is missing."""

from django.db import migrations

GO = "DELETE FROM chain_cursor WHERE name LIKE 'escrow.proofs:%'"


class Migration(migrations.Migration):
    dependencies = [("chain", "0010_receipt_proofs"), ("escrow", "0014_proven_events_of_calls")]

    operations = [migrations.RunSQL(GO, migrations.RunSQL.noop)]
