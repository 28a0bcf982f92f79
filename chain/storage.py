"""Blocks and logs into their tables, a statement a stretch; reading a stretch again changes nothing."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection

from chain.rpc import Header, LogEntry

INSERT_BLOCKS = """
INSERT INTO chain_block (chain, number, hash, parent_hash, timestamp, is_final, has_logs)
SELECT %s, b.number, b.hash, b.parent, b.time, b.number <= %s, b.has_logs
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::bigint[], %s::bool[]) AS b(number, hash, parent, time, has_logs)
ON CONFLICT (chain, hash) DO UPDATE SET has_logs = chain_block.has_logs OR excluded.has_logs
RETURNING hash, id
"""
INSERT_LOGS = """
INSERT INTO chain_log (block_id, chain, number, block_hash, log_index, tx_hash, address, topic0, topics, data)
SELECT l.block, %s, l.number, l.hash, l.index, l.tx, l.address, split_part(l.topics, ',', 1),
       string_to_array(l.topics, ','), l.data
FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::int[], %s::text[], %s::text[], %s::text[], %s::bytea[])
     AS l(block, number, hash, index, tx, address, topics, data)
ORDER BY l.number, l.index
ON CONFLICT (chain, block_hash, log_index) DO NOTHING
"""


def insert_blocks(chain: str, blocks: Sequence[Header], with_logs: set[str], settled: int) -> dict[str, int]:
    """Row ids by block hash, of blocks new and known; final at once up to the height `settled`."""
    values: list[list[Any]] = [
        [block.height for block in blocks],
        [block.hash for block in blocks],
        [block.parent_hash for block in blocks],
        [block.time for block in blocks],
        [block.hash in with_logs for block in blocks],
    ]
    with connection.cursor() as cursor:
        cursor.execute(INSERT_BLOCKS, [chain, settled, *values])
        return dict(cursor.fetchall())


def insert_logs(chain: str, logs: Sequence[LogEntry], ids: Mapping[str, int]) -> None:
    """The logs under their blocks, in chain order."""
    if not logs:
        return
    values: list[list[Any]] = [
        [ids[entry.block_hash] for entry in logs],
        [entry.height for entry in logs],
        [entry.block_hash for entry in logs],
        [entry.index for entry in logs],
        [entry.transaction_hash for entry in logs],
        [entry.address.lower() for entry in logs],
        [",".join(entry.topics) for entry in logs],
        [bytes.fromhex(entry.data[2:]) for entry in logs],
    ]
    with connection.cursor() as cursor:
        cursor.execute(INSERT_LOGS, [chain, *values])


def make_final(chain: str, settled: int) -> None:
    """Flip what is deep enough."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE chain_block SET is_final = true WHERE chain = %s AND number <= %s AND NOT is_final",
            [chain, settled],
        )


def prune_empty(chain: str, below: int) -> None:
    """Forget final blocks without logs far below the window: nothing hangs on them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM chain_block WHERE chain = %s AND number < %s AND NOT has_logs AND is_final", [chain, below]
        )
