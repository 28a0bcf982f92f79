"""Tables of what was read from a chain and of what is to be sent to it."""

from chain.models.copied import Block, Contract, CopyPosition, Cursor, Log
from chain.models.outgoing import MOVES, OPEN_STATES, Attempt, OutgoingTransaction, SendingAccount, State

__all__ = [
    "MOVES",
    "OPEN_STATES",
    "Attempt",
    "Block",
    "Contract",
    "CopyPosition",
    "Cursor",
    "Log",
    "OutgoingTransaction",
    "SendingAccount",
    "State",
]
