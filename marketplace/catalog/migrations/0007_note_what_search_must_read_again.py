from django.db import migrations

FORWARD = """
CREATE FUNCTION catalog_listing_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO catalog_searchchange (listing_id) VALUES (CASE WHEN TG_OP = 'DELETE' THEN OLD.id ELSE NEW.id END);
    RETURN NULL;
END $$;
CREATE FUNCTION catalog_plan_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO catalog_searchchange (listing_id)
        VALUES (CASE WHEN TG_OP = 'DELETE' THEN OLD.listing_id ELSE NEW.listing_id END);
    RETURN NULL;
END $$;
CREATE FUNCTION catalog_provider_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO catalog_searchchange (listing_id) SELECT id FROM catalog_listing WHERE org_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER search_added AFTER INSERT ON catalog_listing FOR EACH ROW WHEN (NEW.state = 'public')
    EXECUTE FUNCTION catalog_listing_changed();
CREATE TRIGGER search_changed AFTER UPDATE ON catalog_listing FOR EACH ROW
    WHEN ((OLD.name, OLD.summary, OLD.category_id, OLD.state, OLD.published_at, OLD.org_id) IS DISTINCT FROM
          (NEW.name, NEW.summary, NEW.category_id, NEW.state, NEW.published_at, NEW.org_id))
    EXECUTE FUNCTION catalog_listing_changed();
CREATE TRIGGER search_removed AFTER DELETE ON catalog_listing FOR EACH ROW EXECUTE FUNCTION catalog_listing_changed();
CREATE TRIGGER search_plan AFTER INSERT OR UPDATE OR DELETE ON catalog_plan FOR EACH ROW
    EXECUTE FUNCTION catalog_plan_changed();
CREATE TRIGGER search_provider AFTER UPDATE ON organizations_organization FOR EACH ROW
    WHEN ((OLD.country, OLD.state, OLD.domain) IS DISTINCT FROM (NEW.country, NEW.state, NEW.domain))
    EXECUTE FUNCTION catalog_provider_changed();
"""
BACKWARD = """
DROP TRIGGER search_provider ON organizations_organization;
DROP TRIGGER search_plan ON catalog_plan;
DROP TRIGGER search_removed ON catalog_listing;
DROP TRIGGER search_changed ON catalog_listing;
DROP TRIGGER search_added ON catalog_listing;
DROP FUNCTION catalog_provider_changed();
DROP FUNCTION catalog_plan_changed();
DROP FUNCTION catalog_listing_changed();
"""


class Migration(migrations.Migration):
    """A row for the indexer, left by the database itself in the transaction of the change: no service can forget it."""

    dependencies = [
        ("catalog", "0006_search_statistics"),
        ("organizations", "0008_domain_check"),
    ]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
