"""What staff said that the software missed, in words: on the record, in the list, and on a page of its own."""

from typing import Any, Final

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.encrypted_rows import with_keys
from clinic.core.permissions import PermittedQuerySet
from consultations.enums import ReportedRecord
from consultations.models import MissedReport
from consultations.presenters.activity_entries import ActivityEntry
from consultations.presenters.formatting import Chip, name_of
from consultations.presenters.isolation import Unreadable, opened, readable
from consultations.services import missed

ON_A_RECORD: Final = 20
DAMAGED: Final = gettext_lazy("This report cannot be read.")


def query() -> PermittedQuerySet[MissedReport]:
    return with_keys(MissedReport.objects.select_related("reported_by", "seen_by", "answered_by"))


def missed_of(about: Q) -> list[ActivityEntry]:
    """The newest reports about a record, and what became of each."""
    rows = query().filter(about).order_by("-reported_at", "-pk")[:ON_A_RECORD]
    return [_line(item) for item in readable(rows, opens=False) if not isinstance(item, Unreadable)]


def _line(report: MissedReport) -> ActivityEntry:
    text = opened(lambda: report.text, str(DAMAGED), of=report)[0]
    values = {"who": name_of(report.reported_by), "kind": report.get_kind_display().lower()}
    message = _("%(who)s reported that the software missed something: %(kind)s")
    return ActivityEntry(report.reported_at, message, values, text, state_words(report))


def state_words(report: MissedReport) -> str:
    if report.answered_at is not None:
        return _("answered by %(name)s on %(moment)s: %(answer)s") % {
            "name": name_of(report.answered_by),
            "moment": clock.moment(report.answered_at),
            "answer": opened(lambda: report.answer, str(DAMAGED), of=report)[0],
        }
    if report.seen_at is not None:
        seen = {"name": name_of(report.seen_by), "moment": clock.moment(report.seen_at)}
        return _("seen by %(name)s on %(moment)s") % seen
    return _("not seen yet")


def state_chip(report: MissedReport) -> Chip:
    if report.answered_at is not None:
        return Chip(_("Answered"), "ok")
    return Chip(_("Seen")) if report.seen_at is not None else Chip(_("New"), "warn")


def row_of(report: MissedReport | Unreadable) -> dict[str, Any]:
    url = reverse("admin:consultations_missedreport_change", args=[report.pk])
    if isinstance(report, Unreadable):
        return {
            "pk": report.pk,
            "url": url,
            "reference": _("Report %(number)d cannot be read") % {"number": report.pk},
            "state": Chip(_("Damaged"), "danger"),
        }
    return {
        "pk": report.pk,
        "url": url,
        "reference": report.reference,
        "what": report.get_kind_display(),
        "who": name_of(report.reported_by),
        "when": clock.moment(report.reported_at),
        "state": state_chip(report),
    }


def report_page(report: MissedReport, *, viewer: User) -> dict[str, Any]:
    text, is_damaged = opened(lambda: report.text, str(DAMAGED), of=report)
    answer = opened(lambda: report.answer, str(DAMAGED), of=report)[0]
    subject = missed.subject_of(ReportedRecord(report.record), report.record_id)
    return {
        "report": report,
        "row": row_of(report),
        "text": text,
        "answer": answer,
        "is_damaged": is_damaged,
        "record_url": subject.path if subject is not None else "",
        "state_words": "" if report.answered_at is not None else state_words(report),
        "answered": _answered(report),
        "can_see": report.seen_at is None,
        "can_answer": report.answered_at is None,
        "versions": [
            (label, value)
            for label, value in (
                (_("Questions"), report.questionnaire_version),
                (_("Rules"), report.ruleset_version),
                (_("Hash of both"), report.content_hash[:12]),
                (_("Software"), report.app_version),
            )
            if value
        ],
    }


def _answered(report: MissedReport) -> str:
    if report.answered_at is None:
        return ""
    answered = {"name": name_of(report.answered_by), "moment": clock.moment(report.answered_at)}
    return _("%(name)s, %(moment)s") % answered
