"""The mirror: what governors, timelocks and tokens said, as rows, and how every proposal stands.

How it reads. Logs are mirrored as soon as they are *seen*, not only when final: a vote shows within two seconds. The
place up to which a governor was read is the id of the last Log applied (`Governor.read_log_id`), not its block number.
That holds because one watcher a chain writes under a lock, so that ids of one chain are committed in ascending order;
a log is never changed; and a reorg deletes the orphaned logs and inserts those of the new branch with *new, higher*
ids. So the same vote, mined again, is a log that we have not read, while its first row went with its first log. A
contract that is registered late has its old logs copied with high ids as well, and they are read all the same: rows do
not depend on the order in which they arrive, except that a proposal is there before what happens to it, and both come
from one contract in chain order. A number as the place would have to be turned back at every reorg; an id never is.

What is counted is counted from rows in every run, never incremented: what a reorg took away is simply not there.
"""

import re

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.text import slugify

from chain import abi
from chain.client import client
from chain.models import Contract
from governance.models import ClockMode, Governor, Token
from governance.projection import Projection, Torn
from governance.tally import recount

log = structlog.get_logger(__name__)
BATCH = 2_000


def mirror(chain: str | None = None) -> list[int]:
    """Read what is new on a chain; the ids of the proposals that now stand otherwise, to be shown."""
    chain = chain or settings.CHAIN_ID
    learn_contracts(chain)
    changed: list[int] = []
    for governor_id in Governor.objects.filter(chain=chain).values_list("pk", flat=True):
        more = True
        while more:
            try:
                moved, more = _mirror_once(governor_id)
            except (Torn, IntegrityError) as problem:
                # A reorg deletes what we are reading; nothing was written, and the next run finds the new branch.
                log.warning("governance.torn", governor=governor_id, problem=str(problem))
                break
            changed += moved
    return list(dict.fromkeys(changed))


def _mirror_once(governor_id: int) -> tuple[list[int], bool]:
    """One batch of one governor in one transaction; what changed, and whether more waits. Busy: nothing."""
    with transaction.atomic():
        mine = Governor.objects.select_for_update(of=("self",), skip_locked=True).select_related("token")
        governor = mine.filter(pk=governor_id).first()
        if governor is None:
            return [], False
        logs = list(governor.unread_logs()[:BATCH])
        projection = Projection(governor)
        projection.apply(logs)
        if logs:
            governor.read_log_id = logs[-1].pk
            governor.save(update_fields=["read_log_id"])
        return recount(governor, projection.touched), len(logs) == BATCH


def learn_contracts(chain: str) -> None:
    """Make rows for registered governors and tokens that have none yet; asks the node only about new ones."""
    contracts = Contract.objects.watched(chain)
    known = set(Governor.objects.filter(chain=chain).values_list("address", flat=True))
    known |= set(Token.objects.filter(chain=chain).values_list("address", flat=True))
    for contract in contracts.exclude(address__in=known):
        if contract.name == "GuildGovernor":
            register_governor(chain=chain, address=contract.address)
        elif _is_token(contract.name):
            _learn_token(chain, contract.address)


def _is_token(contract_name: str) -> bool:
    try:
        functions = {entry.get("name") for entry in abi.artefact(contract_name)["abi"] if entry["type"] == "function"}
    except LookupError:
        return False
    return {"symbol", "decimals", "transfer"} <= functions


def register_governor(*, chain: str, address: str) -> Governor:
    """Mirror a governor from now on, asking it for its token, timelock and clock; again changes nothing.

    The logs of all three must be watched. Its slug is its own name, with its address where the name is taken.
    """
    known = Governor.objects.filter(chain=chain, address=address).first()
    if known:
        return known
    node = client(chain)
    name = node.read("GuildGovernor", "name", address=address)
    slug = slugify(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name))
    if not slug or Governor.objects.filter(slug=slug).exists():
        slug = f"{slug}-{address.lower()}".strip("-")[:50]
    mode = node.read("GuildGovernor", "CLOCK_MODE", address=address)
    governor, _ = Governor.objects.get_or_create(
        chain=chain,
        address=address,
        defaults={
            "slug": slug,
            "name": name,
            "token": _learn_token(chain, node.read("GuildGovernor", "token", address=address)),
            "timelock": node.read("GuildGovernor", "timelock", address=address),
            "clock_mode": ClockMode.TIMESTAMP if "timestamp" in mode else ClockMode.BLOCK_NUMBER,
            "quorum_denominator": node.read("GuildGovernor", "quorumDenominator", address=address),
        },
    )
    return governor


def _learn_token(chain: str, address: str) -> Token:
    known = Token.objects.filter(chain=chain, address=address).first()
    if known:
        return known
    symbol = client(chain).read("GuildToken", "symbol", address=address)
    decimals = client(chain).read("GuildToken", "decimals", address=address)
    return Token.objects.get_or_create(
        chain=chain, address=address, defaults={"symbol": symbol[:40], "decimals": decimals}
    )[0]
