"""Blocks and logs into their tables by COPY; reading a stretch again changes nothing."""

from collections.abc import Container, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from django.db import connection

from chain.rpc import Header, LogEntry

INSERT_BLOCKS = """
INSERT INTO chain_block (chain, number, hash, parent_hash, timestamp, is_final, has_logs)
SELECT %s, b.number, b.hash, b.parent, b.time, b.number <= %s, b.has_logs
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::bigint[], %s::bool[]) AS b(number, hash, parent, time, has_logs)
ON CONFLICT (chain, hash) DO UPDATE SET has_logs = chain_block.has_logs OR excluded.has_logs
RETURNING hash, id, xmax = 0
"""
COLUMNS = "block_id, chain, number, block_hash, log_index, tx_hash, address, topic0, topics, data"
MAKE_STAGE = f"""
CREATE TEMPORARY TABLE IF NOT EXISTS chain_log_again ON COMMIT DELETE ROWS AS
SELECT {COLUMNS} FROM chain_log WITH NO DATA
"""  # noqa: S608  (a constant)
MERGE_STAGE = f"""
INSERT INTO chain_log ({COLUMNS}) SELECT {COLUMNS} FROM chain_log_again ORDER BY number, log_index
ON CONFLICT (block_id, log_index) DO NOTHING
"""  # noqa: S608  (a constant)
Rows = dict[str, list[str]]  # by block hash


class Inserted(NamedTuple):
    """Row ids by block hash; `all_new` when not one of them was known before."""

    ids: dict[str, int]
    all_new: bool


def insert_blocks(chain: str, blocks: Sequence[Header], with_logs: Container[str], settled: int) -> Inserted:
    """The blocks, new and known; final at once up to the height `settled`."""
    values: list[list[Any]] = [
        [block.height for block in blocks],
        [block.hash for block in blocks],
        [block.parent_hash for block in blocks],
        [block.time for block in blocks],
        [block.hash in with_logs for block in blocks],
    ]
    with connection.cursor() as cursor:
        cursor.execute(INSERT_BLOCKS, [chain, settled, *values])
        rows = cursor.fetchall()
    return Inserted({block_hash: row_id for block_hash, row_id, _ in rows}, all(is_new for _, _, is_new in rows))


def insert_logs(logs: Rows, blocks: Inserted) -> None:
    """The logs under their blocks, in chain order. Logs hang on their block, so under new ones there are none yet."""
    if not logs:
        return
    with connection.cursor() as cursor:
        if blocks.all_new:
            _copy(cursor, f"chain_log ({COLUMNS})", logs, blocks)
            return
        cursor.execute(MAKE_STAGE)
        cursor.execute("TRUNCATE chain_log_again")
        _copy(cursor, "chain_log_again", logs, blocks)
        cursor.execute(MERGE_STAGE)


def _copy(cursor: Any, target: str, logs: Rows, blocks: Inserted) -> None:
    """Block by block: the whole stretch in one piece would be held three times."""
    with cursor.copy(f"COPY {target} FROM STDIN") as copy:
        for block_hash, lines in logs.items():
            row_id = str(blocks.ids[block_hash])
            copy.write(row_id + row_id.join(lines))


def rows(chain: str, logs: Sequence[LogEntry]) -> Rows:
    """COPY's text form of logs in chain order, but for the row id of the block that begins each line.

    Needs no database, so that it is made beside a write. Nothing is escaped: `reader.sane` has let hexadecimal pass,
    and nothing else.
    """
    found: Rows = {}
    for block_hash, of_block in groupby(logs, attrgetter("block_hash")):
        each = list(of_block)
        start = f"\t{chain}\t{each[0].height}\t{block_hash}\t"
        found[block_hash] = [
            f"{start}{int(entry.log_index, 16)}\t{entry.transaction_hash}\t{entry.address.lower()}\t"
            f"{entry.topics[0] if entry.topics else ''}\t{{{','.join(entry.topics)}}}\t\\\\x{entry.data[2:]}\n"
            for entry in each
        ]
    return found


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
