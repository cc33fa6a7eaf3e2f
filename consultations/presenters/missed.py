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


def _line(each: MissedReport) -> ActivityEntry:
    text = opened(lambda: each.text, str(DAMAGED), of=each)[0]
    values = {"who": name_of(each.reported_by), "kind": each.get_kind_display().lower()}
    message = _("%(who)s reported that the software missed something: %(kind)s")
    return ActivityEntry(each.reported_at, message, values, text, state_words(each))


def state_words(each: MissedReport) -> str:
    if each.answered_at is not None:
        return _("answered by %(name)s on %(moment)s: %(answer)s") % {
            "name": name_of(each.answered_by),
            "moment": clock.moment(each.answered_at),
            "answer": opened(lambda: each.answer, str(DAMAGED), of=each)[0],
        }
    if each.seen_at is not None:
        seen = {"name": name_of(each.seen_by), "moment": clock.moment(each.seen_at)}
        return _("seen by %(name)s on %(moment)s") % seen
    return _("not seen yet")


def state_chip(each: MissedReport) -> Chip:
    if each.answered_at is not None:
        return Chip(_("Answered"), "ok")
    return Chip(_("Seen")) if each.seen_at is not None else Chip(_("New"), "warn")


def row_of(each: MissedReport | Unreadable) -> dict[str, Any]:
    url = reverse("admin:consultations_missedreport_change", args=[each.pk])
    if isinstance(each, Unreadable):
        return {
            "pk": each.pk,
            "url": url,
            "reference": _("Report %(number)d cannot be read") % {"number": each.pk},
            "state": Chip(_("Damaged"), "danger"),
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
    text, is_damaged = opened(lambda: each.text, str(DAMAGED), of=each)
    answer = opened(lambda: each.answer, str(DAMAGED), of=each)[0]
    subject = missed.subject_of(ReportedRecord(each.record), each.record_id)
    return {
        "report": each,
        "row": row_of(each),
        "text": text,
        "answer": answer,
        "is_damaged": is_damaged,
        "record_url": subject.path if subject is not None else "",
        "state_words": "" if each.answered_at is not None else state_words(each),
        "answered": _answered(each),
        "can_see": each.seen_at is None,
        "can_answer": each.answered_at is None,
        "versions": [
            (label, value)
            for label, value in (
                (_("Questions"), each.questionnaire_version),
                (_("Rules"), each.ruleset_version),
                (_("Hash of both"), each.content_hash[:12]),
                (_("Software"), each.app_version),
            )
            if value
        ],
    }


def _answered(each: MissedReport) -> str:
    if each.answered_at is None:
        return ""
    answered = {"name": name_of(each.answered_by), "moment": clock.moment(each.answered_at)}
    return _("%(name)s, %(moment)s") % answered
