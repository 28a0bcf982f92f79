"""Follow a further governor: find out what it is, have its contracts watched from their first block, make its row."""

import re
from collections.abc import Sequence

from django.db import transaction
from django.utils.text import slugify
from eth_utils.address import is_hex_address

from chain.client import Client, NodeRefused, client
from chain.models import Contract, Log
from chain.registry import register
from governance.decoding import OF_GOVERNOR, OF_SUPPLY, OF_TIMELOCK, OF_VOTES, topics_of
from governance.models import Governor, QuorumKind, TimelockKind, Token
from governance.probing import Found, NotSupported, probe

RESERVED = {"daos", "propose", "delegate", "rules"}
LONGEST_SLUG = 50
Watch = tuple[str, str, list[str]]  # address, name, first topics


def add_governor(*, chain: str, address: str, from_block: int | None = None) -> tuple[Governor, bool]:
    """Mirror the governor at an address, and whether it is new; one that is mirrored already is left as it is.

    `from_block`: from where its contracts are read; without it the block of each one's deployment is looked for, which
    a node without old states cannot tell. Raises NotSupported with a sentence, and has then changed nothing.
    """
    if not is_hex_address(address):
        raise NotSupported(f"“{address[:60]}” is no address.")
    known = Governor.objects.filter(chain=chain, address__iexact=address).first()
    if known is not None:
        return known, False
    node = client(chain)
    found = probe(node, address)
    watches = _watches(found)
    first = {each: _first_block(node, each) if from_block is None else from_block for each, _, _ in watches}
    with transaction.atomic():
        newest = Log.objects.filter(chain=chain).order_by("-id").values_list("id", flat=True).first() or 0
        fresh = [_watch(chain, watch, first[watch[0]]) for watch in watches]
        # What is copied from now on has higher ids; only what was watched before has to be looked for below.
        row, created = make_row(chain, found, is_own=False, read_log_id=newest if all(fresh) else 0)
    return row, created


def make_row(chain: str, found: Found, *, is_own: bool, read_log_id: int = 0) -> tuple[Governor, bool]:
    """Governor and Token as they were found. Its slug is its own name, with its address where the name is taken."""
    token, _made = Token.objects.get_or_create(
        chain=chain,
        address=found.token,
        defaults={"symbol": found.token_symbol, "decimals": found.token_decimals, "kind": found.token_kind},
    )
    same = ("name", "clock_mode", "salt", "timelock", "timelock_kind", "grace", "quorum_kind", "quorum_denominator",
            "nonces", "has_late_quorum", "has_storage", "has_settings", "constants")  # fmt: skip
    return Governor.objects.get_or_create(
        chain=chain,
        address=found.address,
        defaults={
            **{name: getattr(found, name) for name in same},
            "slug": _slug(found),
            "token": token,
            "is_own": is_own,
            "read_log_id": read_log_id,
        },
    )


def _slug(found: Found) -> str:
    slug = slugify(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", found.name))[:LONGEST_SLUG].strip("-")
    if not slug or slug in RESERVED or slug.isdigit() or Governor.objects.filter(slug=slug).exists():
        tail = found.address.lower()
        slug = f"{slug[: LONGEST_SLUG - len(tail) - 1]}-{tail}".strip("-")
    return slug


def _watches(found: Found) -> list[Watch]:
    """The contracts whose logs are needed, with the kinds of events. Their names cannot be taken for our contracts'."""
    of_token = OF_VOTES + (OF_SUPPLY if found.quorum_kind == QuorumKind.FRACTION else "")
    watches = [
        (found.address, f"Governor of {found.name}", topics_of(OF_GOVERNOR)),
        (found.token, f"Votes of {found.name}", topics_of(of_token)),
    ]
    if found.timelock_kind == TimelockKind.CONTROL:
        watches.append((found.timelock, f"Timelock of {found.name}", topics_of(OF_TIMELOCK)))
    return [(address, name[:100], topics) for address, name, topics in watches]


def _watch(chain: str, watch: Watch, first: int) -> bool:
    """Have a contract watched; False where it is already, for all that is needed."""
    address, name, topics = watch
    known = Contract.objects.filter(chain=chain, address__iexact=address).first()
    if known is None:
        register(chain=chain, name=name, address=address, deployed_block=first, topics=topics)
        return True
    if known.watched and (not known.topics or set(topics) <= set(known.topics)):
        return False
    raise NotSupported(f"{known} is watched already, but not for all events that are needed here.")


def watch_timelocks(governor: Governor, timelocks: Sequence[str]) -> None:
    """Have timelocks watched that the governor was given later, over the whole time that it was."""
    known = {address.lower() for address in Contract.objects.watched(governor.chain).values_list("address", flat=True)}
    own = Contract.objects.filter(chain=governor.chain, address=governor.address).first()
    for address in timelocks:
        if address.lower() not in known:
            watch = (address, f"Timelock of {governor.name}"[:100], topics_of(OF_TIMELOCK))
            _watch(governor.chain, watch, own.deployed_block if own else 0)


def _first_block(node: Client, address: str) -> int:
    """The block in which the contract was made, by halving: about 25 questions."""
    low, high = 0, node.head()
    try:
        while low < high:
            middle = (low + high) // 2
            if node.rpc("eth_getCode", address, hex(middle)) in {"0x", "0x0", ""}:
                low = middle + 1
            else:
                high = middle
    except NodeRefused as refused:
        raise NotSupported(
            "The node does not keep states that old, so the first block is not known: give it with --from-block."
        ) from refused
    return low
