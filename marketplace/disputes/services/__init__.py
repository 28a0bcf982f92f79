"""Every step of a dispute: opened, answered, ruled, ended."""

from marketplace.disputes.services.appealing import appeal, appealable_until, may_dismiss
from marketplace.disputes.services.carrying import (
    arbiter_address,
    arbiter_wallets,
    is_moving,
    note_resolving,
    resolve_call,
    send_by_key,
    wallet_life,
)
from marketplace.disputes.services.differing import note_difference, past_us
from marketplace.disputes.services.following import follow
from marketplace.disputes.services.leaving import (
    Way,
    note_way_out,
    sent_ruling,
    stop_call,
    timeout_call,
    under_way,
    ways_out,
)
from marketplace.disputes.services.opening import (
    disputable,
    dispute_call,
    drop,
    note_filed,
    opening_life,
    prepare,
)
from marketplace.disputes.services.ruling import confirm, propose, withdraw
from marketplace.disputes.services.saying import MAY_SPEAK, add_evidence

__all__ = [
    "MAY_SPEAK",
    "Way",
    "add_evidence",
    "appeal",
    "appealable_until",
    "arbiter_address",
    "arbiter_wallets",
    "confirm",
    "disputable",
    "dispute_call",
    "drop",
    "follow",
    "is_moving",
    "may_dismiss",
    "note_difference",
    "note_filed",
    "note_resolving",
    "note_way_out",
    "opening_life",
    "past_us",
    "prepare",
    "propose",
    "resolve_call",
    "send_by_key",
    "sent_ruling",
    "stop_call",
    "timeout_call",
    "under_way",
    "wallet_life",
    "ways_out",
    "withdraw",
]
