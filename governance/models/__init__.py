"""What a Governor, its timelock and its token said, as rows that hang on the log that said it.

Every row but Governor and Token, those that are ours (ballots to drafts) and those of treasuries, which are made from
final blocks, has a foreign key to its Log that cascades in the database: a reorg deletes orphaned blocks by SQL, and
what was derived from them goes with them. The figures on Proposal are recomputed from those rows.
"""

from governance.models.ballots import Ballot
from governance.models.checks import Check
from governance.models.delegating import SignedDelegation, Statement, StatementReport
from governance.models.discussions import Comment, CommentReport, Discussion
from governance.models.drafts import Draft
from governance.models.governors import (
    ClockMode,
    Governor,
    NoncesKind,
    QuorumKind,
    SaltKind,
    TimelockKind,
    Token,
    TokenKind,
)
from governance.models.power import Delegation, PowerCheckpoint, Setting, SupplyChange
from governance.models.proposals import NUMBERS, OPEN, TERMINAL, Proposal, State, Step, StepKind, Support, Vote
from governance.models.simulations import Simulation
from governance.models.treasury import FeeAccount, Holding, Movement, Treasury

__all__ = [
    "NUMBERS",
    "OPEN",
    "TERMINAL",
    "Ballot",
    "Check",
    "ClockMode",
    "Comment",
    "CommentReport",
    "Delegation",
    "Discussion",
    "Draft",
    "FeeAccount",
    "Governor",
    "Holding",
    "Movement",
    "NoncesKind",
    "PowerCheckpoint",
    "Proposal",
    "QuorumKind",
    "SaltKind",
    "Setting",
    "SignedDelegation",
    "Simulation",
    "State",
    "Statement",
    "StatementReport",
    "Step",
    "StepKind",
    "SupplyChange",
    "Support",
    "TimelockKind",
    "Token",
    "TokenKind",
    "Treasury",
    "Vote",
]
