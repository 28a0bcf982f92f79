"""Mirror all logs again into shadow tables, count again, and compare with the mirror that is stored."""

from typing import Any

from django.db import DataError, IntegrityError, models, transaction

from chain import projections
from chain.projections import Picture
from governance.models import Delegation, Governor, PowerCheckpoint, Proposal, Setting, Step, SupplyChange, Vote
from governance.projection import Projection, Torn, heard
from governance.tally import recount

MIRRORED: tuple[type[models.Model], ...] = (
    Proposal, Vote, Step, Delegation, PowerCheckpoint, Setting, SupplyChange,
)  # fmt: skip
A_BATCH = 2_000
# What the contract was asked for, and what was compared with it, is in no log.
ASKED = {"quorum_said", "checked_number", "check_due", "differs"}
Quorums = dict[tuple[int, int], int]


def differences() -> list[str]:
    """A sentence for each row of the mirror that is other than its log says, or counted otherwise than today.

    What is open is counted anew on both sides first, for its state moves with the chain's clock.
    """
    with projections.rehearsal():
        projections.shadow([model._meta.db_table for model in MIRRORED])
        governors = list(Governor.objects.select_related("token"))
        for governor in governors:
            recount(governor, set())
        stored = _picture()
        rows = Proposal.objects.filter(quorum_said__isnull=False)
        quorums = {(row.governor_id, row.proposal_id): int(row.quorum_said or 0) for row in rows}
        projections.empty([model._meta.db_table for model in MIRRORED])
        problems = [problem for governor in governors if (problem := _mirror_again(governor, quorums))]
        return problems + list(projections.compared(stored, _picture()))


def _mirror_again(governor: Governor, quorums: Quorums) -> str:
    """Apply what the mirror has read of one governor; why that cannot be done, if it cannot."""
    read, governor.read_log_id = governor.read_log_id, 0
    touched: set[int] = set()
    try:
        while batch := heard(governor, read, A_BATCH):
            with transaction.atomic():
                projection = Projection(governor)
                projection.apply(batch)
            touched |= projection.touched
            governor.read_log_id = batch[-1].pk
    except (Torn, IntegrityError, DataError) as problem:
        return f"{governor} cannot be mirrored again. {str(problem).splitlines()[0]}"
    for (owner, proposal_id), quorum in quorums.items():
        if owner == governor.pk:
            governor.proposals.filter(proposal_id=proposal_id).update(quorum_said=quorum)
    recount(governor, touched)
    return ""


def _picture() -> Picture:
    return {_name(model): projections.picture(model._default_manager.all(), *_columns(model)) for model in MIRRORED}


def _name(model: type[models.Model]) -> str:
    return str(model._meta.verbose_name).capitalize()


def _columns(model: type[models.Model]) -> tuple[list[str], list[str]]:
    """The key, which is the log that made a row and for whom, and all other columns, by the chain's own names."""
    fields = [field for field in model._meta.concrete_fields if field.name not in {"id", "log", *ASKED}]
    owners = [_fact(field) for field in fields if field.name in {"governor", "proposal"}]
    return ["log_id", *owners], [name for field in fields if (name := _fact(field)) not in owners]


def _fact(field: Any) -> str:
    return "proposal__proposal_id" if field.name == "proposal" else str(field.attname)
