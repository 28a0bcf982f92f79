"""Conversations with a wallet: each view answers the page's wallet.js in JSON with what to sign, or why not.

The server encodes every transaction and first lets the node try it, so that a "no" of the contract is a sentence here
instead of a lost fee there.
"""

import json
import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from eth_utils.crypto import keccak

from chain import abi
from chain.client import CallRefused, NodeUnreachable, client, reference
from chain.models import Log
from governance import doors
from governance.effects import effect_of
from governance.facts import Facts, fee_change
from governance.forms import AddressForm, BallotForm, DelegateForm, ProposeForm
from governance.models import Governor, Proposal, Support
from governance.power import delegate_of, power_at, threshold
from governance.projection import NOBODY
from governance.reading import governor_named, shown
from governance.refusing import No, cleaned
from governance.views import proposal_or_404
from governance.voting import may_vote
from governance.words import amount, short, whole

HASH = re.compile(r"0x[0-9a-fA-F]{64}")


def conversation(view: Callable[..., dict[str, Any]]) -> Callable[..., HttpResponseBase]:
    """A public POST of JSON whose answer is JSON; a No becomes its sentence, status 422."""

    @doors.public
    @require_POST
    @wraps(view)
    def inside(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            body = json.loads(request.body)
            if not isinstance(body, dict):
                raise ValueError
        except ValueError:
            return JsonResponse({"sentence": _("The page sent something that is not understood here.")}, status=422)
        try:
            return JsonResponse(view(body, *args, **kwargs))
        except No as no:
            return JsonResponse({"sentence": str(no)}, status=422)

    return inside


def asked(governor: Governor, to: str, data: bytes, sender: str, say: str) -> dict[str, Any]:
    """The answer that asks the wallet to send a call, once the node has tried it."""
    try:
        client(governor.chain).call(to, data, sender=sender)
    except CallRefused as refused:
        raise No(_(str(refused))) from refused
    except NodeUnreachable as problem:
        raise No(_("The chain does not answer at the moment. Nothing was sent; try again in a minute.")) from problem
    transaction = {"to": to, "data": "0x" + data.hex(), "value": "0", "chainId": reference(governor.chain)}
    return {"transaction": transaction, "say": say, "next": reverse("governance:sent", args=[governor.slug])}


@conversation
def connect(body: dict[str, Any], governor: str, proposal_id: str) -> dict[str, Any]:
    """The wallet's address, shown on the proposal's page."""
    proposal = proposal_or_404(governor, proposal_id)
    address = cleaned(AddressForm(body))["address"]
    return {"say": _("Looking up your votes."), "go": f"{proposal.get_absolute_url()}?address={address}#your-vote"}


@conversation
def ballot(body: dict[str, Any], governor: str, proposal_id: str) -> dict[str, Any]:
    """A vote with an optional reason."""
    proposal, values = proposal_or_404(governor, proposal_id), cleaned(BallotForm(body))
    support, reason = values["support"], values["reason"]
    found = may_vote(proposal, values["address"], support, reason)
    number = int(proposal.proposal_id)
    if reason:
        data = abi.encode_call("GuildGovernor", "castVoteWithReason", number, support, reason)
    else:
        data = abi.encode_call("GuildGovernor", "castVote", number, support)
    words = {"side": Support(support).label, "votes": found.power_text}
    say = _("You vote %(side)s with %(votes)s. A vote cannot be changed.") % words
    return asked(proposal.governor, proposal.governor.address, data, values["address"], say)


@conversation
def act(body: dict[str, Any], governor: str, proposal_id: str) -> dict[str, Any]:
    """Queue or carry out, whichever is due, with the arrays exactly as they were proposed."""
    proposal, address = proposal_or_404(governor, proposal_id), cleaned(AddressForm(body))["address"]
    found = shown(proposal.governor, [proposal])
    due = found[0].due if found else ""
    if not due:
        raise No(_("There is nothing to do for this proposal at the moment. Reload the page to see where it stands."))
    calldatas = [bytes.fromhex(data[2:]) for data in proposal.calldatas]
    digest = keccak(bytes(proposal.description_bytes))
    data = abi.encode_call("GuildGovernor", due, proposal.targets, proposal.amounts, calldatas, digest)
    say = {
        "queue": _("You put the proposal in the queue. It costs a network fee only."),
        "execute": _("You carry the proposal out. It costs a network fee only."),
    }[due]
    return asked(proposal.governor, proposal.governor.address, data, address, say)


@conversation
def delegate(body: dict[str, Any], governor: str) -> dict[str, Any]:
    """Let an account's tokens count for a delegate; without one, for the account itself."""
    dao = get_object_or_404(governor_named(governor))
    values = cleaned(DelegateForm({**body, "delegate": body.get("delegate") or body.get("address")}))
    address, to = values["address"], values["delegate"]
    refuse_same(dao, address, to)
    data = abi.encode_call("GuildToken", "delegate", to)
    return asked(dao, dao.token.address, data, address, say_delegation(address, to))


def refuse_same(governor: Governor, delegator: str, to: str) -> None:
    """Raise No where the delegation would change nothing."""
    if (delegate_of(governor, delegator) or NOBODY) != to:
        return
    if to == NOBODY:
        raise No(_("This account's tokens count for nobody already."))
    if to == delegator:
        raise No(_("This account's tokens already count for itself."))
    raise No(_("This account's tokens already count for %(delegate)s.") % {"delegate": short(to)})


def say_delegation(delegator: str, to: str) -> str:
    """What it means, before the wallet opens."""
    if to == NOBODY:
        return _("Your tokens stay yours; their votes count for nobody, from the next proposal on.")
    if to == delegator:
        return _("Your tokens stay yours; their votes count for yourself, from the next proposal on.")
    say = _("Your tokens stay yours; their votes count for %(delegate)s, from the next proposal on.")
    return say % {"delegate": short(to)}


@conversation
def propose(body: dict[str, Any], governor: str) -> dict[str, Any]:
    """A change of the fee, bound to its proposer by the suffix that the Governor checks."""
    dao = get_object_or_404(governor_named(governor))
    form = ProposeForm(body)
    address, needed = cleaned(form)["address"], threshold(dao)
    power = power_at(dao, address)
    if power < needed:
        raise No(
            _(
                "Who proposes needs %(needed)s of votes; this account has %(power)s. "
                "Delegate to yourself, or ask a delegate to propose it."
            )
            % {"needed": amount(needed, dao.token), "power": amount(power, dao.token)}
        )
    facts = Facts.of(dao)
    call = fee_change(facts, form.bps)
    if call is None:
        raise No(_("The market's parameters are not copied from the chain yet. Try again in a minute."))
    effect = effect_of(facts, call[0], 0, call[1])
    if not effect.changes:
        raise No(_("That is the fee already. Nothing would change."))
    description = f"{form.description}\n\n#proposer={address.lower()}"
    data = abi.encode_call("GuildGovernor", "propose", [call[0]], [0], [call[1]], description)
    return asked(dao, dao.address, data, address, _("You propose: %(effect)s") % {"effect": effect.sentence})


@conversation
def sent(body: dict[str, Any], governor: str, tx_hash: str = "") -> dict[str, Any]:
    """What became of a transaction that the wallet sent: wait, seen in a block, or refused by the contract."""
    dao, tx_hash = get_object_or_404(governor_named(governor)), tx_hash or str(body.get("hash", ""))
    if not HASH.fullmatch(tx_hash):
        raise No(_("Your wallet gave no transaction number. Look into the wallet: it says whether it was sent."))
    proposal = Proposal.objects.filter(governor=dao, log__tx_hash=tx_hash.lower()).select_related("governor").first()
    if proposal is not None:
        return {"say": _("Your proposal is on the chain."), "go": proposal.get_absolute_url()}
    log = Log.objects.filter(chain=dao.chain, tx_hash=tx_hash.lower()).select_related("block").first()
    if log is not None and log.id <= dao.read_log_id:
        return {
            "say": _("Seen in block %(block)s. It counts, and is final a few blocks later.")
            % {"block": whole(log.number)}
        }
    if log is None and _reverted(dao, tx_hash):
        raise No(_("The contract refused it when its turn came: somebody or something was faster. Reload this page."))
    following = reverse("governance:sent", args=[dao.slug, tx_hash])
    return {"wait": 1, "say": _("Sent. Waiting for a block that has it."), "next": following}


def _reverted(governor: Governor, tx_hash: str) -> bool:
    """Whether it was mined and did nothing; False while nobody knows."""
    try:
        receipt = client(governor.chain).rpc("eth_getTransactionReceipt", tx_hash)
    except NodeUnreachable:
        return False
    return bool(receipt) and int(receipt["status"], 16) == 0
