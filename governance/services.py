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

import datetime as dt

import structlog
from django.conf import settings
from django.db import DataError, IntegrityError, transaction
from django.utils import timezone

from chain import abi, alarms
from chain.client import CallRefused, Client, NodeRefused, NodeUnreachable, client
from chain.models import Block, Contract, CopyPosition, Log
from governance.adding import make_row, watch_timelocks
from governance.models import Governor, QuorumKind, TimelockKind, Token
from governance.probing import Asker, NotSupported, probe
from governance.projection import Projection, Torn, heard
from governance.tally import recount

log = structlog.get_logger(__name__)
BATCH = 4_000
STUCK = "governance stuck"
STUCK_AFTER = dt.timedelta(seconds=60)


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
            except (Torn, IntegrityError, DataError) as problem:
                # A reorg deletes what we are reading; nothing was written, and the next run finds the new branch.
                log.warning("governance.torn", governor=governor_id, problem=str(problem))
                _torn(governor_id)
                break
            changed += moved
        changed += _ask_quorums(governor_id)
    return list(dict.fromkeys(changed))


def _mirror_once(governor_id: int) -> tuple[list[int], bool]:
    """One batch of one governor in one transaction; what changed, and whether more waits. Busy: nothing."""
    with transaction.atomic():
        mine = Governor.objects.select_for_update(of=("self",), skip_locked=True).select_related("token")
        governor = mine.filter(pk=governor_id).first()
        if governor is None:
            return [], False
        position = CopyPosition.objects.filter(pk=governor.chain).first()
        # All up to here is read, ours or not: a quiet governor does not pass a busy chain's logs by again and again.
        newest = Log.objects.filter(chain=governor.chain).order_by("-id").values_list("id", flat=True).first() or 0
        logs = heard(governor, newest, BATCH) if newest > governor.read_log_id else []
        projection = Projection(governor)
        if logs:
            projection.apply(logs)
        more = len(logs) == BATCH
        read = logs[-1].pk if more else max(newest, governor.read_log_id)
        changed = _count(governor, projection.touched, is_new=bool(logs))
        _note(governor, read, is_level=not more and _is_level(position))
    if governor.timelock_kind == TimelockKind.CONTROL:
        try:
            watch_timelocks(governor, sorted(projection.timelocks))
        except NotSupported as problem:
            log.warning("governance.timelock", governor=governor.address, problem=str(problem))
    return changed, more


def _count(governor: Governor, touched: set[int], *, is_new: bool) -> list[int]:
    """Count anew where anything can have changed: logs, the newest block, or what of it is final."""
    head = governor.latest_block()
    last_final = Block.objects.filter(chain=governor.chain, is_final=True).order_by("-number").first()
    final = last_final.number if last_final else -1
    place = (head.number, head.hash, final) if head else (-1, "", -1)
    if not is_new and place == (governor.counted_number, governor.counted_hash, governor.counted_final):
        return []
    # Less is final than before only when an operator took the node's history: what was settled may be gone as well.
    rewritten = final < governor.counted_final
    governor.counted_number, governor.counted_hash, governor.counted_final = place
    return recount(governor, touched, head=head, all_of_them=rewritten)


def _is_level(position: CopyPosition | None) -> bool:
    return position is not None and 0 <= position.head_number <= position.copied_number


def _note(governor: Governor, read: int, *, is_level: bool) -> None:
    """How far the governor is read."""
    governor.read_log_id = read
    if governor.torn_at is not None:
        governor.torn_at = None
        transaction.on_commit(lambda: alarms.end(STUCK, subject=governor.address, chain=governor.chain))
    if governor.caught_up_at is None and is_level:
        governor.caught_up_at = timezone.now()
    places = ["read_log_id", "counted_number", "counted_hash", "counted_final", "caught_up_at", "torn_at"]
    governor.save(update_fields=places)


def _torn(governor_id: int) -> None:
    """A reorg in flight is over in seconds; a governor that says what cannot be is an operator's matter."""
    now = timezone.now()
    Governor.objects.filter(pk=governor_id, torn_at__isnull=True).update(torn_at=now)
    governor = Governor.objects.get(pk=governor_id)
    if governor.torn_at and now - governor.torn_at > STUCK_AFTER:
        since = f"{governor.torn_at:%d %b %H:%M} UTC"
        sentence = (
            f"The mirror of {governor.name} at {governor.address} stands still since {since}: "
            "a log of it speaks of a proposal that is not known, or of what cannot be."
        )
        alarms.sound(STUCK, sentence, subject=governor.address, chain=governor.chain)


def _ask_quorums(governor_id: int) -> list[int]:
    """Of a governor whose quorum cannot be reckoned: ask for that of each proposal whose snapshot has passed."""
    governor = Governor.objects.select_related("token").get(pk=governor_id)
    block = Block.objects.filter(chain=governor.chain, hash=governor.counted_hash).first()
    if governor.quorum_kind != QuorumKind.ASKED or block is None:
        return []
    due = governor.proposals.filter(quorum_said__isnull=True, vote_start__lt=governor.clock(block))
    found: set[int] = set()
    try:
        asker = Asker(client(governor.chain), governor.address, block.number)
        for proposal in due:
            quorum = asker.number("quorum(uint256)", proposal.vote_start)
            if quorum is not None:
                governor.proposals.filter(pk=proposal.pk).update(quorum_said=quorum)
                found.add(proposal.pk)
    except NodeUnreachable as problem:
        log.warning("governance.quorum", governor=governor_id, problem=str(problem))
    if not found:
        return []
    with transaction.atomic():
        locked = Governor.objects.select_for_update(of=("self",)).select_related("token").get(pk=governor_id)
        return recount(locked, found)


def learn_contracts(chain: str) -> None:
    """Make rows for the market's own governor and for tokens that have none yet; asks the node only about new ones."""
    contracts = Contract.objects.watched(chain)
    known = set(Governor.objects.filter(chain=chain).values_list("address", flat=True))
    known |= set(Token.objects.filter(chain=chain).values_list("address", flat=True))
    for contract in contracts.exclude(address__in=known):
        if contract.name == "GuildGovernor":
            register_governor(chain=chain, address=contract.address)
        elif _is_token(contract.name):
            learn_token(client(chain), chain, contract.address)


def _is_token(contract_name: str) -> bool:
    try:
        functions = {entry.get("name") for entry in abi.artefact(contract_name)["abi"] if entry["type"] == "function"}
    except LookupError:
        return False
    return {"symbol", "decimals", "transfer"} <= functions


def register_governor(*, chain: str, address: str) -> Governor | None:
    """Mirror the market's own governor from now on; again changes nothing. The logs of its contracts must be watched.

    None, and a word in the log, while it cannot be followed: a block in which it is not yet, or a node that lags.
    """
    known = Governor.objects.filter(chain=chain, address=address).first()
    if known:
        return known
    try:
        found = probe(client(chain), address)
    except (NotSupported, NodeUnreachable, NodeRefused) as problem:
        log.warning("governance.not_known", address=address, problem=str(problem))
        return None
    return make_row(chain, found, is_own=True)[0]


def learn_token(node: Client, chain: str, address: str) -> None:
    """Make a row for a token, as it describes itself; nothing where it does not answer."""
    try:
        symbol = node.read("GuildToken", "symbol", address=address)
        decimals = node.read("GuildToken", "decimals", address=address)
    except (CallRefused, NodeUnreachable) as problem:
        log.warning("governance.not_known", address=address, problem=str(problem))
        return
    Token.objects.get_or_create(chain=chain, address=address, defaults={"symbol": symbol[:40], "decimals": decimals})
