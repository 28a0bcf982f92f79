"""Tables of what was read from a chain, of what is to be sent to it, and of what went wrong."""

from chain.models.alarms import Alarm
from chain.models.copied import Block, Contract, CopyPosition, Cursor, Log
from chain.models.outgoing import (
    IN_FLIGHT,
    MOVES,
    OPEN_STATES,
    Attempt,
    GasDay,
    OutgoingTransaction,
    SendingAccount,
    State,
)
from chain.models.proofs import ReceiptProof

__all__ = [
    "IN_FLIGHT",
    "MOVES",
    "OPEN_STATES",
    "Alarm",
    "Attempt",
    "Block",
    "Contract",
    "CopyPosition",
    "Cursor",
    "GasDay",
    "Log",
    "OutgoingTransaction",
    "ReceiptProof",
    "SendingAccount",
    "State",
]
