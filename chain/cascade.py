"""Foreign keys that delete in the database: orphaned blocks are removed by SQL, and what hangs on them must follow."""

from django.db.migrations import RunSQL


def cascade_in_database(table: str, column: str, to_table: str, *, to_column: str = "id") -> RunSQL:
    """Add `table.column → to_table` with ON DELETE CASCADE. The model's field says `db_constraint=False`, DO_NOTHING.

    For every table derived from logs: its key to chain_log goes through here, else a reorg cannot take it back.
    """
    name = f"{table}_{column}_cascade"
    return RunSQL(
        f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" FOREIGN KEY ("{column}") '
        f'REFERENCES "{to_table}" ("{to_column}") ON DELETE CASCADE',
        f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"',
    )
