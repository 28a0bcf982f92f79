"""Check what this bundle says of an order, without the market and without a network: python3 verify.py [FOLDER or ZIP]

It needs only Python 3.9, prints a line for each check, and ends with 1 if one fails. All hangs on the hashes of a few
blocks, printed last: compare them with whom you trust, or by --block-hash NUMBER=0x… (several) or --rpc URL of a node.
"""

import argparse
import hashlib
import json
import urllib.request
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from marketplace.escrow.evidence.arithmetic import in_trie, keccak, must, unhex, unrlp

HEAD = "uint64 seq,bytes32 *id,address *buyer,address *provider,"
SPLIT, REFUND = "uint256 gross,uint256 fee,uint256 net,", "uint256 refund"
EVENTS = {
    "Funded": HEAD + "bytes32 orderRef,address token,uint256 total,uint256 pricePerPeriod,uint32 periodSeconds,"
    "uint32 periods,uint16 feeBps,address treasury,uint32 hold,uint64 startedAt,uint64 endsAt",
    "Renewed": HEAD + "address token,uint256 amount,uint32 added,uint256 total,uint32 periods,uint64 endsAt",
    "Released": HEAD + "address token," + SPLIT + "uint64 releasedThrough",
    "Refunded": HEAD + "address token,uint256 amount,uint256 left",
    "Cancelled": HEAD + "address token,address by," + SPLIT + REFUND,
    "Disputed": HEAD + "address token,bytes32 evidenceHash,uint256 contested,uint256 unearned,uint64 frozenAt,"
    "uint64 rulingDueAt",
    "Resolved": HEAD + "address token,address arbiter,uint16 providerBps,bytes32 rulingHash," + SPLIT + REFUND,
    "Closed": "uint64 seq,bytes32 *id",
}
TERMS = ["orderRef", "provider", "token", "pricePerPeriod", "periodSeconds", "periods", "maxFeeBps"]
AGREED = ["provider_address", "token", "price", "period_seconds", "periods", "max_fee_bps"]
BETWEEN = "The contract numbers the events of all orders together, so numbers between may belong to other orders."


FIELDS = {name: [each.split(" ") for each in text.split(",")] for name, text in EVENTS.items()}
TOPICS = {keccak(f"{name}({','.join(kind for kind, _ in FIELDS[name])})".encode()): name for name in EVENTS}


def word(value: Any) -> bytes:
    """A number, or 0x-hex padded on its left, as 32 bytes of ABI encoding."""
    return unhex(value).rjust(32, b"\0") if str(value).startswith("0x") else int(value).to_bytes(32, "big")


def decoded(topics: list[bytes], data: bytes) -> tuple[str, dict[str, Any]]:
    """An event's name and values: numbers as int, all else as 0x-hex."""
    name, values = TOPICS[topics[0]], {}
    plain, indexed = [data[n : n + 32] for n in range(0, len(data), 32)], topics[1:]
    for kind, field in FIELDS[name]:
        found = (indexed if field.startswith("*") else plain).pop(0)
        text = "0x" + (found[12:] if kind == "address" else found).hex()
        values[field.lstrip("*")] = int.from_bytes(found, "big") if kind.startswith("uint") else text
    return name, values


class Deposit:
    """What the events of one deposit say so far; each has to follow from those before it."""

    def __init__(self) -> None:
        self.seq = self.total = self.gone = self.periods = self.is_disputed = self.is_closed = 0
        self.start: dict[str, Any] = {}

    def follow(self, name: str, said: dict[str, Any]) -> dict[str, int]:
        """The ledger lines of the next event. Says when an event between is missing, or one was put in."""
        left, before, self.seq = self.total - self.gone, self.seq, said["seq"]
        odd = f"Event {self.seq} ({name}) does not follow event {before}: one was left out, or put in. {BETWEEN}"
        must(self.seq > before and self.is_closed == 0 and (name == "Funded") == (not before), odd)
        if name in {"Funded", "Renewed"}:
            amount, added = said.get("amount", said["total"]), said.get("added", said["periods"])
            self.start, self.total, self.periods = self.start or said, self.total + amount, self.periods + added
            must((said["total"], said["periods"]) == (self.total, self.periods), odd)
            return {"buyer": -amount, "escrow": amount}
        if name in {"Closed", "Disputed"}:
            must(left == said.get("contested", 0) + said.get("unearned", 0), odd)
            self.is_closed, self.is_disputed = int(name == "Closed"), 1
            return {}
        return self.paid(name, said, left, odd)

    def paid(self, name: str, said: dict[str, Any], left: int, odd: str) -> dict[str, int]:
        gross, fee, net = (said.get(part, 0) for part in ("gross", "fee", "net"))
        back = said.get("refund", said.get("amount", 0))
        self.gone += gross + back
        must(name != "Resolved" or self.is_disputed == 1, odd)
        must(gross + back == left if name in {"Cancelled", "Resolved"} else gross + back <= left, odd)
        must(name != "Refunded" or said["left"] == left - back, odd)
        if name == "Released":
            over = (said["releasedThrough"] - self.start["startedAt"]) // self.start["periodSeconds"]
            must(self.gone // self.start["pricePerPeriod"] == over, odd)
        as_agreed = (fee + net, gross * self.start["feeBps"] // 10_000)
        must((gross, fee) == as_agreed, f"The fee of event {self.seq} is not the one that was agreed to.")
        return {"escrow": -gross - back, "provider": net, "fees": fee, "buyer": back}


class Bundle:
    """The files, from a folder or a ZIP, and what is read of them on the way."""

    def __init__(self, place: Path) -> None:
        self.place: Any = place if place.is_dir() else zipfile.Path(place)
        self.terms, self.events = self.json("terms.json"), self.json("events.json")
        self.deposits = {each["id"]: Deposit() for each in self.terms["deposits"]}
        self.blocks: dict[int, str] = {}
        self.lines: dict[tuple[str, int], dict[str, int]] = {}
        self.hashes: dict[str, dict[str, Any]] = {}

    def json(self, name: str) -> Any:
        return json.loads((self.place / name).read_bytes())

    def offer(self) -> str:
        found = "0x" + hashlib.sha256((self.place / "offer.json").read_bytes()).hexdigest()
        agreed = self.json("agreement.json")["listing"]
        must(found == agreed, f"The offer is not the one that was agreed to: it hashes to {found}, not {agreed}.")
        return f"offer.json is what was agreed to: SHA-256 {found}"

    def agreement(self) -> str:
        found = "0x" + hashlib.sha256((self.place / "agreement.json").read_bytes()).hexdigest()
        said, struct = self.json("agreement.json"), self.terms["terms"]
        must(found == struct["orderRef"], f"The agreement hashes to {found}, but the terms name {struct['orderRef']}.")
        same = [said[name] for name in AGREED]
        token, price = f"eip155:{self.terms['chain_id']}:{struct['token']}", str(struct["pricePerPeriod"])
        of = [struct["provider"], token, price, *(struct[name] for name in TERMS[4:])]
        must(same == of, "The agreement and the terms name different figures.")
        return f"agreement.json is what the terms name: SHA-256 {found}"

    def ids(self) -> str:
        struct = b"".join(word(self.terms["terms"][name]) for name in TERMS)
        for each in self.terms["deposits"]:
            where = word(self.terms["chain_id"]) + word(each["contract"]) + word(each["buyer"])
            found = "0x" + keccak(where + struct).hex()
            must(found == each["id"], f"The terms give a deposit with the id {found}, not {each['id']}.")
        return f"terms.json gives the id of each deposit: Keccak-256 {', '.join(self.deposits)}"

    def receipt(self, event: dict[str, Any]) -> Any:
        proof, number = self.json(f"proofs/{event['transaction']}.json"), event["block"]
        hashed, header = "0x" + keccak(unhex(proof["header"])).hex(), unrlp(unhex(proof["header"]))[0]
        said = self.blocks.setdefault(number, event["block_hash"])
        is_it = hashed == said and int.from_bytes(header[8], "big") == number
        must(is_it, f"The header that stands for block {number} hashes to {hashed}, not to {said}.")
        try:
            key = proof["index"].to_bytes((proof["index"].bit_length() + 7) // 8, "big")
            key = key if b"" < key < b"\x80" else bytes([0x80 + len(key)]) + key
            found = in_trie(header[5], key, map(unhex, proof["nodes"]))
        except (ValueError, IndexError):
            found = b""
        must(found == unhex(proof["receipt"]), f"The proof of event {event['seq']} does not lead to its receipt.")
        return unrlp(found[1:] if found[0] < 0xC0 else found)[0]

    def event(self, event: dict[str, Any]) -> str:
        seq, logs = event["seq"], self.receipt(event)[3]
        log = [unhex(event["address"]), [unhex(topic) for topic in event["topics"]], unhex(event["data"])]
        must(log in logs[event["log"] : event["log"] + 1], f"The log of event {seq} is not in its receipt.")
        name, said = decoded(log[1], log[2])  # type: ignore[arg-type]
        mine = {each["id"]: each for each in self.terms["deposits"]}.get(said["id"], {})
        must(bool(mine) and unhex(mine["contract"]) == log[0], f"Event {seq} is another order's: {said['id']}.")
        must(said["seq"] == seq, f"The event that stands under {seq} has the number {said['seq']}.")
        for part, agreed in {**self.terms["terms"], "buyer": mine["buyer"]}.items() if name == "Funded" else ():
            if part in said:
                must(word(said[part]) == word(agreed), f"It was paid under another {part} than agreed: {said[part]}.")
        must(said.get("feeBps", 0) <= self.terms["terms"]["maxFeeBps"], "The fee is above the one that was agreed to.")
        self.lines[said["id"], seq] = self.deposits[said["id"]].follow(name, said)
        self.hashes.update({said[part]: said for part in ("evidenceHash", "rulingHash") if part in said})
        return f"event {seq}, {name}: log {event['log']} of its receipt, which is in the root of block {event['block']}"

    def ends(self) -> str:
        for each in self.deposits.values():
            must(each.total > each.gone or each.is_closed == 1, f"After event {each.seq} one was left out. {BETWEEN}")
        return f"each event follows from those before it, so none between was left out. {BETWEEN}"

    def ledger(self) -> str:
        found: dict[tuple[str, int], dict[str, int]] = {}
        for row in self.json("ledger.json"):
            found.setdefault((row["deposit"], row["seq"]), {})[row["account"]] = int(row["amount"])
        for key in sorted(found.keys() | self.lines.keys(), key=lambda key: key[1]):
            here, there, total = found.get(key, {}), self.lines.get(key), sum(found.get(key, {}).values())
            must(not total, f"The ledger lines of event {key[1]} sum to {total}, not to zero.")
            must(there is not None, f"The ledger has lines of event {key[1]}, which was left out. {BETWEEN}")
            moved = {account: amount for account, amount in (there or {}).items() if amount}
            must(here == moved, f"The ledger says {here} of event {key[1]}, but the event says {moved}.")
        return f"ledger.json has the amounts of the events, and sums to zero in each of {len(found)}"

    def disputes(self) -> str:
        opened = self.json("disputes.json")
        said = {each[name] for each in opened for name in ("evidence_hash", "ruling_hash")} - {""}
        wrong = said - self.hashes.keys()
        must(not wrong, f"disputes.json names hashes that no event carries: {', '.join(wrong)}.")
        return "the hashes in disputes.json are those of the events" if said else "no dispute was opened"

    def words(self, each: dict[str, Any], what: str, name: str) -> str:
        """The words of a statement or a ruling, with their salt, against the hash on the chain."""
        found = "0x" + hashlib.sha256(each[what].encode()).hexdigest()
        must(found == each[name], f"The {what} hashes to {found}, but the event has {each[name]}.")
        said, event = json.loads(each[what]), self.hashes.get(found, {})
        must(said["escrow"] == each["deposit"] == event.get("id"), f"The {what} is about another deposit.")
        share = said.get("provider_bps", event.get("providerBps"))
        must(share == event.get("providerBps"), f"The reasons are for another share than the event's: {share}.")
        for file in said.get("files", ()):
            salted = hashlib.sha256(f"{said['salt']}:{file['sha256']}".encode()).hexdigest()
            listed = {document["salted_sha256"] for document in each["documents"]}
            must(salted in listed, f"The document {file['name']} of the {what} is not among the documents.")
        return f"the {what} of deposit {each['deposit'][:10]}… is what the chain has the hash of: SHA-256 {found}"

    def told(self) -> list[Callable[[], str]]:
        """A check for each text that is in here; one that was taken out leaves its hash to stand alone."""
        kinds = (("statement", "evidence_hash"), ("ruling", "ruling_hash"))
        opened = self.json("disputes.json")
        return [partial(self.words, each, *kind) for each in opened for kind in kinds if each.get(kind[0])]


def trusted(bundle: Bundle, number: int, said: str) -> str:
    """Compare a block's hash with one that is said, or that the node at this address gives."""
    if said.startswith("http"):
        call = {"jsonrpc": "2.0", "id": 1, "method": "eth_getBlockByNumber", "params": [hex(number), False]}
        request = urllib.request.Request(said, json.dumps(call).encode(), {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            said = str((json.load(answer)["result"] or {}).get("hash"))
    must(bundle.blocks.get(number) == said.lower(), f"Block {number} has another hash by whom you trust: {said}.")
    return f"block {number} is the one that you trust"


def main() -> int:
    parser = argparse.ArgumentParser(description="Check an evidence bundle.")
    parser.add_argument("place", nargs="?", type=Path, default=Path(__file__).resolve().parent)
    parser.add_argument("--block-hash", action="append", default=[], metavar="NUMBER=0x…")
    parser.add_argument("--rpc", default="", metavar="URL")
    given, failed = parser.parse_args(), 0
    bundle = Bundle(given.place)
    checks: list[Callable[[], str]] = [bundle.offer, bundle.agreement, bundle.ids]
    checks += [*(partial(bundle.event, each) for each in bundle.events), bundle.ends, bundle.ledger, bundle.disputes]
    checks += bundle.told()
    said = [(int(number), trust) for number, _, trust in (pair.partition("=") for pair in given.block_hash)]
    said += [(number, given.rpc) for number in sorted({each["block"] for each in bundle.events}) if given.rpc]
    checks += [partial(trusted, bundle, *pair) for pair in said]
    for check in checks:
        try:
            print("ok ", check())
        except (ValueError, LookupError, TypeError, OSError) as problem:
            failed = 1
            print("NO ", problem if type(problem) is ValueError else f"Not readable: {problem!r}")
    ending = "Something does not hold." if failed else "All of it holds, if these are blocks of the chain."
    print(*(f"    block {number} is {found}" for number, found in sorted(bundle.blocks.items())), ending, sep="\n")
    return failed


if __name__ == "__main__":
    raise SystemExit(main())
