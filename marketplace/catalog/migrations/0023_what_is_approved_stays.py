from django.db import migrations

# Nobody changes what an approved version says, not even the system. Its address is no part of that, and may move. Only the
# system deletes one, when its organization is erased.
FORWARD = """
CREATE FUNCTION catalog_approved_stays() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'DELETE' AND EXISTS (SELECT FROM pg_roles WHERE rolname = current_user AND rolbypassrls) THEN
        RETURN OLD;
    END IF;
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'endpoint' = to_jsonb(OLD) - 'endpoint' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'version % of listing % is approved and stays as it is', OLD.number, OLD.listing_id;
END $$;
CREATE TRIGGER approved_stays BEFORE UPDATE OR DELETE ON catalog_listingversion FOR EACH ROW
    WHEN (OLD.state = 'approved') EXECUTE FUNCTION catalog_approved_stays();
"""
BACKWARD = """
DROP TRIGGER approved_stays ON catalog_listingversion;
DROP FUNCTION catalog_approved_stays();
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0022_no_single_plan")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
