"""How the chain's machinery stands, read from the database alone: what a moderator on watch has to see."""

from typing import Any

from django.conf import settings
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chain import alarms, budget, status
from chain.models import Alarm, Contract, CopyPosition, Cursor, GasDay, Log, OutgoingTransaction, SendingAccount, State
from marketplace.escrow.models import Reconciliation, Settlement
from marketplace.escrow.services.reconciling import differing
from marketplace.escrow.services.settling import ESCROW, cursor_name

MOST_SHOWN = 20
# The outbox is beneath the market and speaks English; here are the words for its states.
STATES = {
    State.QUEUED: gettext_lazy("queued"),
    State.SIGNED: gettext_lazy("signed"),
    State.SENT: gettext_lazy("sent"),
    State.MINED: gettext_lazy("mined"),
    State.FINAL: gettext_lazy("final"),
    State.REPLACED: gettext_lazy("replaced"),
    State.FAILED: gettext_lazy("failed"),
    State.UNKNOWN: gettext_lazy("unknown"),
}
TONES = {State.FAILED: "loss", State.REPLACED: "loss", State.UNKNOWN: "wait", State.FINAL: "good"}


def standing() -> list[dict[str, Any]]:
    """One mapping a chain, the market's own chain first."""
    chains = sorted(settings.CHAINS, key=lambda chain: chain != settings.CHAIN_ID)
    return [_chain(chain) for chain in chains]


def _chain(chain: str) -> dict[str, Any]:
    ended = Alarm.objects.filter(chain=chain, ended_at__isnull=False).order_by("-ended_at")
    runs = list(Reconciliation.objects.of(chain).select_related("asked_by")[:10])
    return {
        "id": chain,
        "lag": status.lag(chain),
        "position": CopyPosition.objects.filter(chain=chain).first(),
        "alarms": alarms.sounding(chain),
        "ended": list(ended[:10]),
        "contracts": list(Contract.objects.watched(chain).order_by("pk")),
        "settlements": _settlements(chain),
        "runs": [_run(run) for run in runs],
        **_sending(chain),
    }


def _settlements(chain: str) -> list[dict[str, Any]]:
    settled = {row.contract: row for row in Settlement.objects.filter(chain=chain)}
    differ = differing(chain)
    return [
        {
            "address": contract.address,
            "settled": settled.get(contract.address),
            "waiting": _waiting(contract),
            "differs": contract.address in differ,
        }
        for contract in Contract.objects.filter(chain=chain, name=ESCROW).order_by("-pk")
    ]


def _waiting(contract: Contract) -> int:
    name = cursor_name(contract)
    cursor = Cursor.objects.filter(name=name).first() or Cursor(name=name)
    return Log.objects.of(contract).final().after(cursor).count()


def _sending(chain: str) -> dict[str, Any]:
    rows = OutgoingTransaction.objects.filter(chain=chain)
    counts = dict(rows.order_by().values_list("state").annotate(count=Count("pk")))
    troubled = rows.exclude(last_error="", refusal="").order_by("-pk")
    return {
        "accounts": list(SendingAccount.objects.filter(chain=chain).order_by("pk")),
        "gas": GasDay.objects.filter(chain=chain, day=budget.today()).first(),
        "gas_left": budget.left(chain),
        "counts": [{"state": STATES[state], "count": counts[state]} for state in State if state in counts],
        "troubled": [
            {"row": row, "state": STATES[State(row.state)], "tone": TONES.get(State(row.state), "info")}
            for row in troubled[:MOST_SHOWN]
        ],
        "troubles": troubled.count(),
    }


def _run(run: Reconciliation) -> dict[str, Any]:
    """A comparison with what it came to, in a word and a tone."""
    if run.began_at is None:
        word, tone = _("waits for a worker"), "wait"
    elif run.ended_at is None:
        word, tone = (_("did not end"), "loss") if run.is_dead(timezone.now()) else (_("under way"), "wait")
    elif run.error:
        word, tone = _("not compared"), "loss"
    elif run.found:
        word, tone = _("%(number)s differ") % {"number": run.found}, "loss"
    else:
        word, tone = _("agree"), "good"
    at = run.ended_at or run.began_at or run.asked_at
    return {"run": run, "word": word, "tone": tone, "at": at, "more": max(run.found - len(run.differences), 0)}
