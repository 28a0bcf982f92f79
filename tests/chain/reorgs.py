"""Reorgs after which the story goes on: what was in the orphaned blocks comes back, sooner or later."""

from tests.chain.local_chain import LocalChain

FATES = ["in the same blocks", "in the newest block", "from the pool"]


def reorg(node: LocalChain, depth: int, fate: str) -> int:
    """Replace the newest blocks; their transactions are mined again as `fate` says. Returns how many there were."""
    orphans: list[tuple[str, int]] = []
    first = node.head() - depth + 1
    for offset in range(depth):
        block = node.rpc("eth_getBlockByNumber", hex(first + offset), False)
        orphans += [(node.rpc("eth_getRawTransactionByHash", each), offset) for each in block["transactions"]]
    if fate == "from the pool":
        node.reorg(depth)
        for raw, _ in orphans:
            node.receipt(node.rpc("eth_sendRawTransaction", raw))
    else:
        node.reorg(depth, [[raw, offset if fate == FATES[0] else depth - 1] for raw, offset in orphans])
    return len(orphans)
