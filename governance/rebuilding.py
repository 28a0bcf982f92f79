"""Mirror all logs again into shadow tables, count again, and compare with the mirror that is stored."""

from typing import Any

from django.conf import settings
from django.db import IntegrityError, models, transaction

from chain import projections
from chain.projections import Picture
from governance.models import Delegation, Governor, PowerCheckpoint, Proposal, Setting, Step, SupplyChange, Vote
from governance.projection import Projection, Torn
from governance.tally import recount

MIRRORED: tuple[type[models.Model], ...] = (
    Proposal, Vote, Step, Delegation, PowerCheckpoint, Setting, SupplyChange,
)  # fmt: skip
A_BATCH = 2_000


def differences() -> list[str]:
    """A sentence for each row of the mirror that is other than its log says, or counted otherwise than today.

    What is open is counted anew on both sides first, for its state moves with the chain's clock.
    """
    with projections.rehearsal():
        projections.shadow([model._meta.db_table for model in MIRRORED])
        governors = list(Governor.objects.filter(chain=settings.CHAIN_ID).select_related("token"))
        for governor in governors:
            recount(governor, set())
        stored = _picture()
        projections.empty([model._meta.db_table for model in MIRRORED])
        problems = [problem for governor in governors if (problem := _mirror_again(governor))]
        return problems + list(projections.compared(stored, _picture()))


def _mirror_again(governor: Governor) -> str:
    """Apply what the mirror has read of one governor; why that cannot be done, if it cannot."""
    read, governor.read_log_id = governor.read_log_id, 0
    logs = governor.unread_logs().filter(pk__lte=read)
    touched: set[int] = set()
    try:
        while batch := list(logs.filter(pk__gt=governor.read_log_id)[:A_BATCH]):
            with transaction.atomic():
                projection = Projection(governor)
                projection.apply(batch)
            touched |= projection.touched
            governor.read_log_id = batch[-1].pk
    except (Torn, IntegrityError) as problem:
        return f"{governor} cannot be mirrored again. {str(problem).splitlines()[0]}"
    recount(governor, touched)
    return ""


def _picture() -> Picture:
    return {_name(model): projections.picture(model._default_manager.all(), *_columns(model)) for model in MIRRORED}


def _name(model: type[models.Model]) -> str:
    return str(model._meta.verbose_name).capitalize()


def _columns(model: type[models.Model]) -> tuple[list[str], list[str]]:
    """The key, which is the log that made a row, and all other columns; a proposal is told by the chain's own id."""
    fields = [field for field in model._meta.concrete_fields if field.name not in {"id", "log"}]
    return ["log_id"], [_fact(field) for field in fields]


def _fact(field: Any) -> str:
    return "proposal__proposal_id" if field.name == "proposal" else str(field.attname)
