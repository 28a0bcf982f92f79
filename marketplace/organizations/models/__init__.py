"""SMEs, their people, and what they show of themselves."""

from marketplace.organizations.models.membership import Invitation, Membership
from marketplace.organizations.models.organization import BusinessDetails, Organization
from marketplace.organizations.models.verification import Document, DomainCheck, Verification
from marketplace.organizations.models.voting import VoteRequest, VotingWallet

__all__ = [
    "BusinessDetails",
    "Document",
    "DomainCheck",
    "Invitation",
    "Membership",
    "Organization",
    "Verification",
    "VoteRequest",
    "VotingWallet",
]
