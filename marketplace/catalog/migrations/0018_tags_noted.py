from django.db import migrations

BEFORE = ["name", "summary", "category_id", "state", "published_at", "org_id"]
MORE = ["kind", "region", "languages", "version_number", "updated_at", "rating_sum", "rating_count", "is_down_since"]
NOW = [*BEFORE, *MORE, "trial_calls", "trial_calls_a_day"]
# A service's uptime changes with every probe; an entry only says how good it is.
LEVELS = ("({row}.uptime_bps >= 9500)", "({row}.uptime_bps >= 9900)")


def noted(columns: list[str], levels: tuple[str, ...] = ()) -> str:
    """The trigger, for a change of any of these."""
    old, new = (
        ", ".join([*(f"{row}.{name}" for name in columns), *(level.format(row=row) for level in levels)])
        for row in ("OLD", "NEW")
    )
    return f"""
        DROP TRIGGER search_changed ON catalog_listing;
        CREATE TRIGGER search_changed AFTER UPDATE ON catalog_listing FOR EACH ROW
            WHEN (({old}) IS DISTINCT FROM ({new})) EXECUTE FUNCTION catalog_listing_changed()"""


class Migration(migrations.Migration):
    """Whatever a tag says is noted for the indexer when it changes."""

    dependencies = [("catalog", "0017_tags_unique")]

    operations = [migrations.RunSQL(noted(NOW, LEVELS), noted(BEFORE))]
