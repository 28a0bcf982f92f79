"""Prove receipts: the block's header and the way through its receipts trie, checked here before anybody keeps it.

A block's header must hash to the hash that we hold the block under, and its receipts must give the header's root, so
a node that lies, or a chain with headers of another shape, yields no proof rather than a wrong one.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

import rlp
from eth_utils.crypto import keccak
from trie.hexary import HexaryTrie

from chain.client import Client, NodeRefused, NodeUnreachable
from chain.models import ReceiptProof
from chain.rpc import read

# In the order of the header's RLP; those from the base fee on came with later forks (EIP-1559, 4895, 4844, 4788, 7685).
HEADER: Final = (
    "parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot", "logsBloom", "difficulty",
    "number", "gasLimit", "gasUsed", "timestamp", "extraData", "mixHash", "nonce", "baseFeePerGas", "withdrawalsRoot",
    "blobGasUsed", "excessBlobGas", "parentBeaconBlockRoot", "requestsHash",
)  # fmt: skip
INTEGERS: Final = frozenset(
    {"difficulty", "number", "gasLimit", "gasUsed", "timestamp", "baseFeePerGas", "blobGasUsed", "excessBlobGas"}
)


class Unprovable(Exception):
    """What the node gave does not add up to a proof; the text says why."""


def prove(node: Client, block_hash: str, wanted: Collection[str]) -> list[ReceiptProof]:
    """The proofs of these transactions of one block, not saved.

    Raises Unprovable, NodeUnreachable and NodeRefused. Have no transaction open meanwhile.
    """
    block = node.rpc("eth_getBlockByHash", block_hash, False)
    if not block:
        raise NodeUnreachable(f"The node does not have the block {block_hash}.")
    header = header_rlp(block)
    if "0x" + keccak(header).hex() != block_hash:
        raise Unprovable(f"The header of block {block_hash} has a shape that we cannot hash.")
    receipts = _receipts(node, block)
    encoded = [receipt_rlp(receipt) for receipt in receipts]
    trie = receipts_trie(encoded)
    if "0x" + trie.root_hash.hex() != block["receiptsRoot"]:
        raise Unprovable(f"The receipts of block {block_hash} do not give the root in its header.")
    found, first_log = [], 0
    for index, receipt in enumerate(receipts):
        if receipt["transactionHash"] in wanted:
            nodes = [rlp.encode(each) for each in trie.get_proof(rlp.encode(index))]
            found.append(
                ReceiptProof(
                    chain=node.chain,
                    block_number=int(block["number"], 16),
                    block_hash=block_hash,
                    tx_hash=receipt["transactionHash"],
                    index=index,
                    first_log=first_log,
                    header=header,
                    receipt=encoded[index],
                    nodes=nodes,
                )
            )
        first_log += len(receipt["logs"])
    if len(found) != len(set(wanted)):
        raise Unprovable(f"Block {block_hash} does not hold every transaction that was asked for.")
    return found


def _receipts(node: Client, block: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All receipts of a block in their order; one by one from a node that does not give them together."""
    try:
        receipts = node.rpc("eth_getBlockReceipts", block["hash"])
    except NodeRefused:
        calls = [("eth_getTransactionReceipt", [each]) for each in block["transactions"]]
        receipts = [read(answer, dict[str, Any] | None) for answer in node.node.batch(calls)]
    if not receipts or not all(receipts):
        raise NodeUnreachable(f"The node does not give the receipts of block {block['hash']}.")
    return sorted(receipts, key=lambda receipt: int(receipt["transactionIndex"], 16))


def header_rlp(block: Mapping[str, Any]) -> bytes:
    """The RLP of a header as a node gives it in JSON."""
    fields = [name for name in HEADER if block.get(name) is not None]
    return bytes(rlp.encode([_integer(block[name]) if name in INTEGERS else _bytes(block[name]) for name in fields]))


def receipt_rlp(receipt: Mapping[str, Any]) -> bytes:
    """What the receipts trie holds of a receipt: its type, then its status, gas, bloom filter and logs (EIP-2718)."""
    logs = [
        [_bytes(log["address"]), [_bytes(topic) for topic in log["topics"]], _bytes(log["data"])]
        for log in receipt["logs"]
    ]
    outcome = _bytes(receipt["root"]) if receipt.get("root") else _integer(receipt["status"])
    body = rlp.encode([outcome, _integer(receipt["cumulativeGasUsed"]), _bytes(receipt["logsBloom"]), logs])
    kind = int(receipt.get("type") or "0x0", 16)
    return (bytes([kind]) if kind else b"") + bytes(body)


def receipts_trie(encoded: list[bytes]) -> Any:
    """The Merkle-Patricia trie of a block's receipts, each under the RLP of its index."""
    trie = HexaryTrie({})
    for index, receipt in enumerate(encoded):
        trie[rlp.encode(index)] = receipt
    return trie


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def _integer(text: str) -> bytes:
    """Big-endian without leading zeros, as RLP wants it."""
    value = int(text, 16)
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def logs_in(receipt: bytes) -> list[tuple[str, list[str], str]]:
    """The logs of a proven receipt: address, topics and data, as 0x-hex."""
    *_, logs = rlp.decode(receipt[1:] if receipt[0] < 0xC0 else receipt)
    return [
        ("0x" + each.hex(), ["0x" + topic.hex() for topic in topics], "0x" + data.hex()) for each, topics, data in logs
    ]
