"""What people do with an organization: found it, describe it, invite, leave, and have it checked."""

from marketplace.organizations.services.domains import ask_domain, check_domains
from marketplace.organizations.services.founding import (
    create_organization,
    details_of,
    finish_step,
    tell_intention,
    tell_who,
)
from marketplace.organizations.services.inviting import (
    accept_invitation,
    invite,
    invite_all,
    read_invitation,
    resend_invitation,
    revoke_invitation,
)
from marketplace.organizations.services.mailing import send_invitations
from marketplace.organizations.services.members import change_role, leave, remove_member, transfer_ownership
from marketplace.organizations.services.profile import set_payout_wallet, update_profile
from marketplace.organizations.services.verifying import (
    add_document,
    checkable,
    decide_verification,
    remove_document,
    request_verification,
)
from marketplace.organizations.services.voting import (
    ask_vote,
    decide_vote,
    guard_wallet,
    release_wallet,
    withdraw_vote,
)

__all__ = [
    "accept_invitation",
    "add_document",
    "ask_domain",
    "ask_vote",
    "change_role",
    "check_domains",
    "checkable",
    "create_organization",
    "decide_verification",
    "decide_vote",
    "details_of",
    "finish_step",
    "guard_wallet",
    "invite",
    "invite_all",
    "leave",
    "read_invitation",
    "release_wallet",
    "remove_document",
    "remove_member",
    "request_verification",
    "resend_invitation",
    "revoke_invitation",
    "send_invitations",
    "set_payout_wallet",
    "tell_intention",
    "tell_who",
    "transfer_ownership",
    "update_profile",
    "withdraw_vote",
]
