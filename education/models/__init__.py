"""What patients read, and what is on file about it."""

from education.models.feedback import Feedback
from education.models.page import Page, PageVersion
from education.models.personal import CaseAccount, ClinicianStatement
from education.models.record import (
    BestBet,
    EvidenceStatement,
    GlossaryTerm,
    Question,
    RegulationNote,
    ShippedRecord,
    SmallRecord,
    Source,
    Trial,
)
from education.models.review import ClaimWaiver, Reopening, Reviewer, SignOff
from education.models.search import SearchEntry, SearchVocabulary
from education.models.snapshot import Snapshot

__all__ = [
    "BestBet",
    "CaseAccount",
    "ClaimWaiver",
    "ClinicianStatement",
    "EvidenceStatement",
    "Feedback",
    "GlossaryTerm",
    "Page",
    "PageVersion",
    "Question",
    "RegulationNote",
    "Reopening",
    "Reviewer",
    "SearchEntry",
    "SearchVocabulary",
    "ShippedRecord",
    "SignOff",
    "SmallRecord",
    "Snapshot",
    "Source",
    "Trial",
]
