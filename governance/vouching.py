"""What came of asking the contract itself, as every figure of a proposal says it."""

from django.utils.translation import gettext as _

from governance.models import Proposal
from governance.words import whole


def checked(proposal: Proposal) -> str:
    """A sentence, or nothing before the first check."""
    if proposal.checked_number is None:
        return ""
    words = {"block": whole(proposal.checked_number)}
    if proposal.differs:
        return _("At block %(block)s the contract said otherwise. The operators have been told.") % words
    return _("Last checked at block %(block)s: the contract says the same.") % words
