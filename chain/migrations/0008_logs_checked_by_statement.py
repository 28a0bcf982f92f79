"""Hold a log to its block once a statement, not once a row: a third of what storing a log costs (ADR 13)."""

from django.db import migrations

from chain.cascade import cascade_in_database

REFUSE_STRAYS = """
CREATE FUNCTION chain_log_has_its_block() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    named bigint[];
    held bigint;
BEGIN
    SELECT array_agg(DISTINCT block_id) INTO named FROM added;
    PERFORM FROM chain_block WHERE id = ANY(named) ORDER BY id FOR KEY SHARE;
    GET DIAGNOSTICS held = ROW_COUNT;
    IF held <> cardinality(named) THEN
        RAISE foreign_key_violation USING MESSAGE = 'A log must hang on a block that is there.',
            CONSTRAINT = 'chain_log_block_id_cascade', TABLE = 'chain_log';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER chain_log_has_its_block AFTER INSERT ON chain_log
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION chain_log_has_its_block();
"""
TAKE_LOGS_ALONG = """
CREATE FUNCTION chain_block_takes_its_logs() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    orphaned bigint[];
BEGIN
    SELECT array_agg(id) INTO orphaned FROM gone;
    DELETE FROM chain_log WHERE block_id = ANY(orphaned);
    RETURN NULL;
END $$;
CREATE TRIGGER chain_block_takes_its_logs AFTER DELETE ON chain_block
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION chain_block_takes_its_logs();
"""
KEEP_KEYS = """
CREATE FUNCTION chain_key_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE foreign_key_violation USING MESSAGE = 'The key of a block, and the block of a log, are never changed.';
END $$;
CREATE TRIGGER chain_log_stays_on_its_block BEFORE UPDATE OF block_id ON chain_log
    FOR EACH STATEMENT EXECUTE FUNCTION chain_key_stays();
CREATE TRIGGER chain_block_keeps_its_key BEFORE UPDATE OF id ON chain_block
    FOR EACH STATEMENT EXECUTE FUNCTION chain_key_stays();
"""
UNDO = """
DROP FUNCTION chain_log_has_its_block() CASCADE;
DROP FUNCTION chain_block_takes_its_logs() CASCADE;
DROP FUNCTION chain_key_stays() CASCADE;
"""
FOREIGN_KEY = cascade_in_database("chain_log", "block_id", "chain_block")


class Migration(migrations.Migration):
    dependencies = [
        ("chain", "0007_log_of_transaction_by_hash"),
    ]

    operations = [
        migrations.RunSQL(FOREIGN_KEY.reverse_sql, FOREIGN_KEY.sql),
        migrations.RunSQL(REFUSE_STRAYS + TAKE_LOGS_ALONG + KEEP_KEYS, UNDO),
    ]
