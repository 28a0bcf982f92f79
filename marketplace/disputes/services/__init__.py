"""Every step of a dispute: opened, answered, ruled, ended."""

from marketplace.disputes.services.following import follow
from marketplace.disputes.services.leaving import Way, note_way_out, stop_call, timeout_call, under_way, ways_out
from marketplace.disputes.services.opening import (
    disputable,
    dispute_call,
    drop,
    note_filed,
    opening_life,
    prepare,
)
from marketplace.disputes.services.ruling import arbiter_address, confirm, propose, withdraw
from marketplace.disputes.services.saying import MAY_SPEAK, add_evidence

__all__ = [
    "MAY_SPEAK",
    "Way",
    "add_evidence",
    "arbiter_address",
    "confirm",
    "disputable",
    "dispute_call",
    "drop",
    "follow",
    "note_filed",
    "note_way_out",
    "opening_life",
    "prepare",
    "propose",
    "stop_call",
    "timeout_call",
    "under_way",
    "ways_out",
    "withdraw",
]
