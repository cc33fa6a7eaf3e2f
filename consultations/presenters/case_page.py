"""Everything the page of one safety case shows: who, how to reach them, and what led to it."""

import dataclasses
import datetime
from typing import Any

from django.db.models import Count, Max, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.models import OutboxMessage
from clinic.core.outbox import UNDELIVERED
from clinic.core.text_lists import semicolon_list
from consultations.enums import OUTCOME_RISK, CaseStatus, Outcome
from consultations.models import Assessment, ConsultationRequest, SafetyCase
from consultations.models.stored import Asked, asked_in
from consultations.presenters import alarm_groups, clock_alarms, patient_texts
from consultations.presenters.calls import call_box, is_pressing
from consultations.presenters.case_closing import closing_lines, duplicates_of, request_line
from consultations.presenters.cases import line_of
from consultations.presenters.findings import findings_of
from consultations.presenters.formatting import age_words, day_of_birth, name_of
from consultations.presenters.isolation import load, opened
from consultations.presenters.missed import missed_of
from consultations.presenters.request_page import patient_contact
from consultations.presenters.same_person import beside_on_page
from consultations.services.alarm_groups import has_unsent_contact


def case_page(case: SafetyCase, *, viewer: User, now: datetime.datetime) -> dict[str, Any]:
    line, is_unsent = line_of(case, viewer=viewer, now=now), has_unsent_contact(case)
    if is_unsent:
        line = dataclasses.replace(line, who=_("Visitor who has not sent a name"))
    assessments = Assessment.objects.filter(response_id=case.response_id)
    newest: Assessment | None = load(assessments.order_by("-revision"), opens=False)
    asked: list[Asked] = []
    is_damaged = False
    if newest is not None:
        newest.opened_with(case.response)
        asked, is_damaged = opened(lambda: asked_in(newest.record), asked, of=newest)
    requests = ConsultationRequest.objects.filter(response_id=case.response_id)
    consultation_request: ConsultationRequest | None = load(requests.select_related("claimed_by", "doctor"))
    return {
        "missed": missed_of(Q(response=case.response_id)),
        "title": _("Safety case: %(who)s") % {"who": line.who},
        "case": case,
        "case_number": str(case.pk),
        "clock_alarms": clock_alarms.going_on(case.response_id),
        "line": line,
        "patient": None
        if case.patient is None
        else {
            "name": case.patient.name,
            "age": age_words(case.patient),
            "born": day_of_birth(case.patient),
            **patient_contact(case.patient),
        },
        "has_unsent_contact": is_unsent,
        **patient_texts.waiting_for(case.response_id, now=now),
        "calls": call_box(case.response, viewer=viewer, is_pressing=is_pressing(None, case)),
        "findings": findings_of(newest, asked) if newest else None,
        "is_damaged": is_damaged,
        "due": clock.moment(case.due_at),
        "raised": clock.moment(case.raised_at),
        "acknowledged": _acknowledged(case),
        "closings": closing_lines(case),
        "duplicates": duplicates_of(case),
        "is_open": case.status != CaseStatus.CLOSED,
        "can_acknowledge": case.status == CaseStatus.OPEN
        or (case.status == CaseStatus.ACKNOWLEDGED and case.owner_id != viewer.pk),
        "alerts": alert_words(case),
        "group": alarm_groups.group_line(case.alarm_group_id, viewer=viewer, now=now) if case.alarm_group_id else None,
        "consultation_request": consultation_request,
        "beside": beside_on_page(case.patient, risk=OUTCOME_RISK[Outcome(case.level)]),
        "request_line": request_line(consultation_request, viewer=viewer, now=now) if consultation_request else None,
        "request_url": reverse("admin:consultations_consultationrequest_change", args=[consultation_request.pk])
        if consultation_request
        else "",
    }


def alert_words(case: SafetyCase) -> str:
    """What became of the mails about this one case: "2 sent, the last on ...; 1 not delivered"."""
    counts = OutboxMessage.objects.filter(subject__case=case).aggregate(
        sent=Count("pk", filter=Q(sent_at__isnull=False)),
        last=Max("sent_at"),
        waiting=Count("pk", filter=Q(sent_at=None, parked_at=None)),
        parked=Count("pk", filter=UNDELIVERED),
        stopped=Count("pk", filter=Q(is_stopped=True)),
    )
    parts = []
    if counts["sent"]:
        last = clock.moment(counts["last"])
        parts.append(_("%(number)d sent, the last on %(moment)s") % {"number": counts["sent"], "moment": last})
    if counts["waiting"]:
        parts.append(_("%(number)d waiting to be sent") % {"number": counts["waiting"]})
    if counts["parked"]:
        parts.append(_("%(number)d not delivered") % {"number": counts["parked"]})
    if counts["stopped"]:
        parts.append(_("%(number)d not needed any more") % {"number": counts["stopped"]})
    return semicolon_list(parts)


def _acknowledged(case: SafetyCase) -> str:
    if case.acknowledged_by is None or case.acknowledged_at is None:
        return ""
    return _("Taken on by %(name)s on %(moment)s") % {
        "name": name_of(case.acknowledged_by),
        "moment": clock.moment(case.acknowledged_at),
    }
