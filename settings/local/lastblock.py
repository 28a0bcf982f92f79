"""Print chain, number and hash of the last final block that the database at DATABASE_URL knows; nothing if none.

Runs alone, without the package around it: a warm start waits for it.
"""

import os

import psycopg

QUERY = "SELECT chain, number, hash FROM chain_block WHERE is_final ORDER BY number DESC LIMIT 1"

with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
    exists = connection.execute("SELECT to_regclass('chain_block')").fetchone()
    found = connection.execute(QUERY).fetchone() if exists and exists[0] else None
    print(*(found or ()))
