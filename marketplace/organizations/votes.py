"""What the voting pages ask before a wallet votes, and what this side asks of a proposal: hooks that settings name."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from marketplace.accounts.models import Wallet
from marketplace.organizations.models import Membership, Organization, VoteRequest, VotingWallet
from marketplace.tenancy.scope import as_system


def org_of_wallet(address: str) -> Organization | None:
    """The organization that guards the votes of a wallet, while one of its members has the wallet linked."""
    with transaction.atomic(), as_system("a wallet is met on the voting pages before anybody says for whom it votes"):
        found = VotingWallet.objects.select_related("org").filter(address=address).first()
        if found is None:
            return None
        holders = Wallet.objects.filter(address=address).values("user_id")
        is_held = Membership.objects.for_org(found.org_id).filter(user_id__in=holders).exists()
        return found.org if is_held else None


def approval(
    *, wallet: str, chain: str, governor: str, proposal: str, support: int | None, reason: str
) -> dict[str, str]:
    """Nothing where the wallet may vote so; else {no} with the reason and {path} where to ask.

    Without `support`: nothing where the wallet's votes need nobody's yes. Tells nobody whose wallet it is.
    """
    org = org_of_wallet(wallet)
    if org is None:
        return {}
    vote = {"wallet": wallet, "chain": chain, "governor": governor, "proposal": proposal}
    if support is not None and _is_approved(org, **vote, support=support, reason=reason):
        return {}
    sentence = _("Votes of this wallet need a second person's yes, to exactly this side and reason. Ask for it first.")
    return {"no": sentence, "path": f"{reverse('organizations:find_vote')}?{urlencode(vote)}"}


def _is_approved(org: Organization, **vote: Any) -> bool:
    with transaction.atomic(), as_system("whether a second person has said yes, for whoever holds the wallet"):
        approved = VoteRequest.objects.for_org(org.pk).filter(state=VoteRequest.State.APPROVED)
        return approved.filter(**vote).exists()


def proposal_of(chain: str, governor: str, proposal: str) -> dict[str, Any] | None:
    """What a proposal is: {title, path, effects, is_open}; None where the voting pages do not know it."""
    ask: Callable[..., dict[str, Any] | None] = import_string(settings.VOTE_PROPOSAL_HOOK)
    return ask(chain=chain, governor=governor, proposal=proposal)
