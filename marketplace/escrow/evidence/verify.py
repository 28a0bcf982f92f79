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

from marketplace.escrow.evidence.arithmetic import in_trie, keccak, must, signed_by, typed_hash, unhex, unrlp, word
from marketplace.escrow.evidence.deposits import BETWEEN, Channel, Deposit, decoded

TERMS = ["orderRef", "provider", "token", "pricePerPeriod", "periodSeconds", "periods", "maxFeeBps"]
CHANNEL_TERMS = ["channelRef", "provider", "signer", "token", "deposit", "maxFeeBps"]
DOMAIN = ["string name", "string version", "uint256 chainId", "address verifyingContract"]
RECEIPT = {"EIP712Domain": DOMAIN, "UsageReceipt": ["bytes32 channelId", "uint256 cumulative"]}
TYPES = {kind: [{"type": of, "name": name} for of, name in map(str.split, RECEIPT[kind])] for kind in RECEIPT}
YES = "0x1626ba7e" + "00" * 28  # what a contract answers that has signed (ERC-1271)

Check = Callable[[], Any]  # gives a sentence, or further checks; raises ValueError with what does not hold


class Bundle:
    """The files, from a folder or a ZIP, and what is read of them on the way."""

    def __init__(self, place: Path, node: str = "") -> None:
        self.node = node
        self.place: Any = place if place.is_dir() else zipfile.Path(place)
        self.terms, self.events = self.json("terms.json"), self.json("events.json")
        self.is_channel = "channelRef" in self.terms["terms"]
        self.names = CHANNEL_TERMS if self.is_channel else TERMS
        self.places = {each["id"]: each for each in self.terms["deposits"]}
        self.deposits = {each: Channel() if self.is_channel else Deposit() for each in self.places}
        self.blocks: dict[int, str] = {}
        self.lines: dict[tuple[str, int], dict[str, int]] = {}
        self.hashes: dict[str, dict[str, Any]] = {}
        self.signed: dict[str, set[int]] = {each: {0} for each in self.places}

    def json(self, name: str) -> Any:
        return json.loads((self.place / name).read_bytes())

    def offer(self) -> str:
        found = "0x" + hashlib.sha256((self.place / "offer.json").read_bytes()).hexdigest()
        agreed = self.json("agreement.json")["listing"]
        must(found == agreed, f"The offer is not the one that was agreed to: it hashes to {found}, not {agreed}.")
        return f"offer.json is what was agreed to: SHA-256 {found}"

    def agreement(self) -> str:
        found = "0x" + hashlib.sha256((self.place / "agreement.json").read_bytes()).hexdigest()
        said, struct, named = self.json("agreement.json"), self.terms["terms"], self.terms["terms"][self.names[0]]
        must(found == named, f"The agreement hashes to {found}, but the terms name {named}.")
        price, (chain, _, token) = int(said["price"]), said["token"].rpartition(":")
        agreed = {"provider": said["provider_address"], "token": token, "maxFeeBps": said["max_fee_bps"]}
        agreed |= {"pricePerPeriod": str(price), "periodSeconds": said["period_seconds"], "periods": said["periods"]}
        agreed |= {"signer": said.get("signer"), "deposit": str(price * said["periods"])}  # where calls are paid
        same = {self.names[0]: found, **{name: agreed[name] for name in self.names[1:]}}
        is_same = (chain, struct) == (f"eip155:{self.terms['chain_id']}", same)
        must(is_same, "The agreement and the terms name different figures.")
        return f"agreement.json is what the terms name: SHA-256 {found}"

    def ids(self) -> str:
        struct = b"".join(word(self.terms["terms"][name]) for name in self.names)
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
        mine = self.places.get(said["id"], {})
        must(bool(mine) and unhex(mine["contract"]) == log[0], f"Event {seq} is another order's: {said['id']}.")
        must(said["seq"] == seq, f"The event that stands under {seq} has the number {said['seq']}.")
        opening = {**self.terms["terms"], "buyer": mine["buyer"], "payer": mine["buyer"]}
        for part, agreed in opening.items() if name in {"Funded", "ChannelOpened"} else ():
            if part in said:
                must(word(said[part]) == word(agreed), f"It was paid under another {part} than agreed: {said[part]}.")
        must(said.get("feeBps", 0) <= self.terms["terms"]["maxFeeBps"], "The fee is above the one that was agreed to.")
        self.lines[said["id"], seq] = self.deposits[said["id"]].follow(name, said)
        self.hashes.update({said[part]: said for part in ("evidenceHash", "rulingHash") if part in said})
        return f"event {seq}, {name}: log {event['log']} of its receipt, which is in the root of block {event['block']}"

    def ends(self) -> str:
        for each in self.deposits.values():
            is_ended = self.is_channel or each.total > each.gone or each.is_closed == 1
            must(is_ended, f"After event {each.seq} one was left out. {BETWEEN}")
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

    def told(self) -> list[Check]:
        """A check for each text that is in here; one that was taken out leaves its hash to stand alone."""
        kinds = (("statement", "evidence_hash"), ("ruling", "ruling_hash"))
        opened = self.json("disputes.json")
        return [partial(self.words, each, *kind) for each in opened for kind in kinds if each.get(kind[0])]

    def calls(self) -> list[Check]:
        """What there is to check where calls are paid: each receipt, then what was claimed, then what was used."""
        receipts = self.json("receipts.json")["receipts"] if self.is_channel else []
        return [*(partial(self.signature, each) for each in receipts), *([self.claims, self.use] * self.is_channel)]

    def signature(self, each: dict[str, Any]) -> str:
        """Whether the signer of the terms has signed the receipt, which has to be for this deposit and nothing else."""
        place, amount = self.places[each["deposit"]], int(each["typed"]["message"]["cumulative"])
        where = {"chainId": self.terms["chain_id"], "verifyingContract": place["contract"]}
        typed = {
            "types": TYPES,
            "primaryType": "UsageReceipt",
            "domain": {"name": "MarketEscrow", "version": "1", **where},
            "message": {"channelId": place["id"], "cumulative": str(amount)},
        }
        must(each["typed"] == typed, f"The receipt over {amount} is not one for the deposit {place['id']}.")
        signer, digest, signature = self.terms["terms"]["signer"], typed_hash(typed), unhex(each["signature"])
        found = signed_by(digest, signature)
        if found != signer.lower():
            self.contract_signed(signer, digest, signature, f"The receipt over {amount} is not signed by {signer}")
        self.signed[place["id"]].add(amount)
        return f"the receipt over {amount} is signed by {signer}, whom the terms name"

    def contract_signed(self, signer: str, digest: bytes, signature: bytes, no: str) -> None:
        """Whether the signer is a contract that says that it has signed (ERC-1271), as the node has it today."""
        must(bool(self.node), f"{no}'s key. Should that be a contract, only a node can tell: --rpc URL.")
        must(asked(self.node, "eth_getCode", signer, "latest") != "0x", f"{no}, and no contract stands there.")
        data = YES[2:10] + (digest + word(64) + word(len(signature)) + signature).hex() + "00" * (-len(signature) % 32)
        answer = asked(self.node, "eth_call", {"to": signer, "data": "0x" + data}, "latest")
        must(answer == YES, f"{no}: the contract that stands there says that it has not signed.")

    def claims(self) -> str:
        told = []
        for name, deposit in self.deposits.items():
            signed, last = self.signed[name], max(self.signed[name])
            for seq, claimed, total in getattr(deposit, "claims", []):
                held = any(min(each, total) == claimed for each in signed)
                must(held, f"Event {seq} pays until {claimed} are paid in all, but no signed receipt says so much.")
            claimed = deposit.gone - deposit.back
            rest = f"{deposit.back} came back" if deposit.is_closed else f"{deposit.total - claimed} are still in it"
            told.append(f"of {deposit.total} put in, {claimed} are paid, as receipts say up to {last}, and {rest}")
        return "; ".join(told)

    def use(self) -> str:
        price, days, since = (
            int(self.json("agreement.json")["price"]),
            self.json("usage.json"),
            self.json("receipts.json"),
        )
        for day in days:
            calls, cost = day.get("answered", 0), int(day["cost"])
            must(cost == calls * price, f"The {calls} answered calls of {day['day']} cost {calls * price}, not {cost}.")
        used, signed = sum(int(day["cost"]) for day in days), max(max(each) for each in self.signed.values())
        later = int(since["answered_since"])
        must(
            used == signed + later and later >= 0,
            f"Calls of {used} are listed, but receipts say {signed}, and {later} since.",
        )
        return f"usage.json sums to the last receipt: {signed}, and {later} for calls that were answered since"


def asked(node: str, method: str, *params: Any) -> Any:
    """What the node at this address answers; ValueError when it refuses."""
    call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    request = urllib.request.Request(node, json.dumps(call).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        said = json.load(answer)
    must("result" in said, f"The node answers no to {method}: {said.get('error')}")
    return said["result"]


def trusted(bundle: Bundle, number: int, said: str) -> str:
    """Compare a block's hash with one that is said, or that the node at this address gives."""
    if said.startswith("http"):
        said = str((asked(said, "eth_getBlockByNumber", hex(number), False) or {}).get("hash"))
    must(bundle.blocks.get(number) == said.lower(), f"Block {number} has another hash by whom you trust: {said}.")
    return f"block {number} is the one that you trust"


def main() -> int:
    parser = argparse.ArgumentParser(description="Check an evidence bundle.")
    parser.add_argument("place", nargs="?", type=Path, default=Path(__file__).resolve().parent)
    parser.add_argument("--block-hash", action="append", default=[], metavar="NUMBER=0x…")
    parser.add_argument("--rpc", default="", metavar="URL")
    given, failed = parser.parse_args(), 0
    bundle = Bundle(given.place, given.rpc)
    checks: list[Check] = [bundle.offer, bundle.agreement, bundle.ids]
    checks += [*(partial(bundle.event, each) for each in bundle.events), bundle.ends, bundle.ledger, bundle.disputes]
    checks += [bundle.told, bundle.calls]
    said = [(int(number), trust) for number, _, trust in (pair.partition("=") for pair in given.block_hash)]
    said += [(number, given.rpc) for number in sorted({each["block"] for each in bundle.events}) if given.rpc]
    checks += [partial(trusted, bundle, *pair) for pair in said]
    for check in checks:
        try:
            found = check()
            if isinstance(found, list):
                checks += found
            else:
                print("ok ", found)
        except (ValueError, LookupError, TypeError, OSError) as problem:
            failed = 1
            what = "" if type(problem) is ValueError else f"Not readable: {type(problem).__name__} "
            print("NO ", f"{what}{problem}")
    ending = "Something does not hold." if failed else "All of it holds, if these are blocks of the chain."
    print(*(f"    block {number} is {found}" for number, found in sorted(bundle.blocks.items())), ending, sep="\n")
    return failed


if __name__ == "__main__":
    raise SystemExit(main())
