from django.db import migrations

# What happened before there were notices is nobody's news.
START_NOW = """INSERT INTO notifications_readingplace (chain, sequence)
    SELECT coalesce(org_id, 0), max(sequence) FROM audit_entry GROUP BY org_id"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0001_initial"), ("audit", "0002_words_apart")]

    operations = [migrations.RunSQL(START_NOW, migrations.RunSQL.noop)]
