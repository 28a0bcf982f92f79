"""Migration operations: row policies and composite foreign keys. A policy travels with its table."""

from collections.abc import Sequence
from typing import Any

from django.db.migrations import RunSQL

ORG = "(select nullif(current_setting('app.org', true), '')::bigint)"
USER = "(select nullif(current_setting('app.user', true), '')::bigint)"


def row_policy(table: str, *, orgs: Sequence[str] = (), users: Sequence[str] = (), public_read: bool = False) -> RunSQL:
    """Bind `table` to its owners: rows whose column in `orgs` is the scope's organization, or in `users` its person.

    With `public_read` everybody may read, and only owners may write. The migrating role keeps every row, or data
    migrations would silently touch none.
    """
    conditions = [f"{column} = {ORG}" for column in orgs] + [f"{column} = {USER}" for column in users]
    mine = " OR ".join(conditions)
    forward: list[Any] = [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY migrations ON {table} TO CURRENT_USER USING (true) WITH CHECK (true)",
        f"CREATE POLICY owners ON {table} USING ({mine}) WITH CHECK ({mine})",
    ]
    backward: list[Any] = [
        f"DROP POLICY owners ON {table}",
        f"DROP POLICY migrations ON {table}",
        f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
    ]
    if public_read:
        forward.append(f"CREATE POLICY readers ON {table} FOR SELECT USING (true)")
        backward.insert(0, f"DROP POLICY readers ON {table}")
    return RunSQL(forward, backward)


def same_owner(table: str, columns: Sequence[str], to_table: str, to_columns: Sequence[str]) -> RunSQL:
    """A composite foreign key: the row pointed to belongs to the same organizations as the row that points.

    A plain foreign key would accept another organization's row, because constraint checks bypass row policies.
    """
    name = f"{table}_{columns[0]}_with_{columns[-1]}"
    target = f"{to_table}_{'_'.join(to_columns)}_together"
    unique = (
        f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_constraint WHERE conname = '{target}') THEN "
        f"ALTER TABLE {to_table} ADD CONSTRAINT {target} UNIQUE ({', '.join(to_columns)}); END IF; END $$"
    )
    return RunSQL(
        [
            unique,
            f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({', '.join(columns)}) "
            f"REFERENCES {to_table} ({', '.join(to_columns)}) DEFERRABLE INITIALLY DEFERRED",
        ],
        [f"ALTER TABLE {table} DROP CONSTRAINT {name}"],
    )
