"""What staff said that the software missed, in words: on the record, in the list, and on a page of its own."""

import dataclasses
import datetime
from typing import Any, Final

from django.db.models import Q
from django.urls import reverse

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.encrypted_rows import with_keys
from clinic.core.permissions import PermittedQuerySet
from consultations.enums import ReportedRecord
from consultations.models import MissedReport
from consultations.presenters.isolation import Unreadable, opened, readable
from consultations.presenters.words import Chip, name_of
from consultations.services import missed

ON_A_RECORD: Final = 20
DAMAGED: Final = "This report cannot be read."


@dataclasses.dataclass(frozen=True, slots=True)
class MissedLine:
    """One report on the page of its record."""

    at: datetime.datetime
    who: str
    what: str
    text: str
    extra: str

    @property
    def when(self) -> str:
        return clock.moment(self.at)


def query() -> PermittedQuerySet[MissedReport]:
    return with_keys(MissedReport.objects.select_related("reported_by", "seen_by", "answered_by"))


def missed_of(about: Q) -> list[MissedLine]:
    """The newest reports about a record, and what became of each."""
    rows = query().filter(about).order_by("-reported_at", "-pk")[:ON_A_RECORD]
    return [_line(each) for each in readable(rows, opens=False) if not isinstance(each, Unreadable)]


def _line(each: MissedReport) -> MissedLine:
    text, _ = opened(lambda: each.text, DAMAGED, of=each)
    what = f"reported that the software missed something: {each.get_kind_display().lower()}"
    return MissedLine(each.reported_at, name_of(each.reported_by), what, text, state_words(each))


def state_words(each: MissedReport) -> str:
    if each.answered_at is not None:
        answer, _ = opened(lambda: each.answer, DAMAGED, of=each)
        return f"answered by {name_of(each.answered_by)} on {clock.moment(each.answered_at)}: {answer}"
    if each.seen_at is not None:
        return f"seen by {name_of(each.seen_by)} on {clock.moment(each.seen_at)}"
    return "not seen yet"


def state_chip(each: MissedReport) -> Chip:
    if each.answered_at is not None:
        return Chip("Answered", "ok")
    return Chip("Seen") if each.seen_at is not None else Chip("New", "warn")


def row_of(each: MissedReport | Unreadable) -> dict[str, Any]:
    url = reverse("admin:consultations_missedreport_change", args=[each.pk])
    if isinstance(each, Unreadable):
        return {
            "pk": each.pk,
            "url": url,
            "reference": f"Report {each.pk} cannot be read",
            "state": Chip("Damaged", "danger"),
        }
    return {
        "pk": each.pk,
        "url": url,
        "reference": each.reference,
        "what": each.get_kind_display(),
        "who": name_of(each.reported_by),
        "when": clock.moment(each.reported_at),
        "state": state_chip(each),
    }


def report_page(each: MissedReport, *, viewer: User) -> dict[str, Any]:
    text, is_damaged = opened(lambda: each.text, DAMAGED, of=each)
    answer, _ = opened(lambda: each.answer, DAMAGED, of=each)
    subject = missed.subject_of(ReportedRecord(each.record), each.record_id)
    return {
        "report": each,
        "row": row_of(each),
        "text": text,
        "answer": answer,
        "is_damaged": is_damaged,
        "record_url": subject.path if subject is not None else "",
        "state_words": "" if each.answered_at is not None else state_words(each),
        "answered": f"{name_of(each.answered_by)}, {clock.moment(each.answered_at)}" if each.answered_at else "",
        "can_see": each.seen_at is None,
        "can_answer": each.answered_at is None,
        "versions": [
            (label, value)
            for label, value in (
                ("Questions", each.questionnaire_version),
                ("Rules", each.ruleset_version),
                ("Hash of both", each.content_hash[:12]),
                ("Software", each.app_version),
            )
            if value
        ],
    }
