"""Rows of disputes, one subject a module."""

from marketplace.disputes.models.appeals import Appeal, AppealDraft
from marketplace.disputes.models.disputes import Dispute, Evidence, EvidenceFile
from marketplace.disputes.models.published import PublishedRuling
from marketplace.disputes.models.rulings import Ruling

__all__ = ["Appeal", "AppealDraft", "Dispute", "Evidence", "EvidenceFile", "PublishedRuling", "Ruling"]
