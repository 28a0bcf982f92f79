from django.db import migrations

# What was counted by value is counted by tag from now on. Entries have no tags yet: each is read again, which takes
# what it counted for, nothing but itself, and puts in what it counts for now.
FORWARD = """
DELETE FROM catalog_shelfcount;
INSERT INTO catalog_shelfcount (shelf, tag, entries)
    SELECT shelf, '', count(*) FROM catalog_searchentry e CROSS JOIN LATERAL (VALUES (0), (e.category_id)) s (shelf)
    GROUP BY shelf;
UPDATE catalog_listing l SET updated_at = v.decided_at FROM catalog_listingversion v
    WHERE v.listing_id = l.id AND v.number = l.version_number AND v.state = 'approved';
INSERT INTO catalog_searchchange (listing_id) SELECT id FROM catalog_listing WHERE state = 'public'
"""


class Migration(migrations.Migration):
    """Count by tags, and let the indexer give each entry its own."""

    dependencies = [("catalog", "0015_search_tags")]

    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
