from django.db import migrations


class Migration(migrations.Migration):
    """What was public before there was an index is noted for the indexer, which reads it within seconds."""

    dependencies = [("catalog", "0007_note_what_search_must_read_again")]

    operations = [
        migrations.RunSQL(
            "INSERT INTO catalog_searchchange (listing_id) SELECT id FROM catalog_listing WHERE state = 'public'",
            migrations.RunSQL.noop,
        ),
    ]
