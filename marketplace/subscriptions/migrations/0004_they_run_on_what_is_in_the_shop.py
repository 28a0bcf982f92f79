from django.db import migrations

FORWARD = """
UPDATE subscriptions_subscription s SET version_number = l.version_number
FROM catalog_listing l WHERE l.id = s.listing_id AND s.state <> 'pending'
"""


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0003_free_and_announced")]

    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
