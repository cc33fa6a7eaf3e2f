from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.core import clock
from clinic.core.encrypted_rows import EncryptedModel, KeyHolder
from clinic.core.fields import EncryptedJSONField, EncryptedTextField
from clinic.core.permissions import PermittedQuerySet
from consultations.enums import (
    URGENT_OUTCOMES,
    AssessmentOrigin,
    CaseOutcome,
    CaseStatus,
    Disposition,
    Outcome,
    Priority,
    ResponseStatus,
    Urgency,
)
from consultations.models.constraints import both_or_neither, one_of


class QuestionnaireResponse(KeyHolder):
    """One walk through the questionnaire. Made when the patient starts, saved after every screen, frozen when sent.

    `answers` is what the patient gave, raw; what was evaluated stands in its assessments. `contact` holds the contact
    screens until they are sent; `asked` the questions in the words they were asked; `brought` what the patient chose to
    carry over from the decision aid. The version is pinned at the start, so a new questionnaire never changes a walk in
    progress.
    """

    key_owner = "consultation_request__patient"

    token = models.CharField(max_length=64, unique=True, editable=False)
    status = models.CharField(max_length=20, choices=ResponseStatus.choices, default=ResponseStatus.IN_PROGRESS)
    questionnaire_version = models.CharField(max_length=20)
    answers = EncryptedJSONField(default=dict, holds=dict)
    asked = EncryptedJSONField(default=list, holds=list)
    contact = EncryptedJSONField(default=dict, holds=dict)
    brought = EncryptedTextField(blank=True, default="")
    highest_outcome = models.CharField(max_length=20, choices=Outcome.choices, blank=True, default="")
    started_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            one_of("status", ResponseStatus, name="response_status_known"),
            models.CheckConstraint(
                condition=Q(status=ResponseStatus.COMPLETED, completed_at__isnull=False)
                | Q(status=ResponseStatus.IN_PROGRESS, completed_at__isnull=True),
                name="response_completed_at_with_status",
            ),
            models.CheckConstraint(
                condition=Q(highest_outcome="") | Q(highest_outcome__in=Outcome.values),
                name="response_highest_outcome_known",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["status", "updated_at"], name="response_by_age")]

    def __str__(self) -> str:
        return _("Response %(number)s") % {"number": self.pk}


class Assessment(EncryptedModel):
    """What the rules said of one set of answers at one moment; never edited. Each is a source of what a person told us.

    Made at each safety stop of the form and when it is sent, when a person is asked again, and in a call (`origin`;
    `asked_by` is who asked). `result` is the evaluator's JSON text, kept byte for byte; `record` holds the raw and
    cleaned answers behind it, and for what was said later also the base it was laid on, what was said then, what a
    doctor had settled, and the headline before: from these it can be computed again.
    """

    encrypted_under = "response"

    response = models.ForeignKey(QuestionnaireResponse, on_delete=models.PROTECT, related_name="assessments")
    revision = models.PositiveIntegerField()
    origin = models.CharField(max_length=20, choices=AssessmentOrigin.choices, default=AssessmentOrigin.FORM)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    outcome = models.CharField(max_length=20, choices=Outcome.choices)
    urgency = models.CharField(max_length=20, choices=Urgency.choices)
    disposition = models.CharField(max_length=20, choices=Disposition.choices)
    is_early_exit = models.BooleanField()
    is_booking_allowed = models.BooleanField()
    result = EncryptedTextField()
    record = EncryptedJSONField(holds=dict)
    questionnaire_version = models.CharField(max_length=20)
    ruleset_version = models.CharField(max_length=20)
    content_hash = models.CharField(max_length=64)
    app_version = models.CharField(max_length=40)
    assessed_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["response_id", "revision"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["response", "revision"], name="one_assessment_per_revision"),
            one_of("origin", AssessmentOrigin, name="assessment_origin_known"),
            models.CheckConstraint(
                condition=Q(origin=AssessmentOrigin.CALL, asked_by__isnull=False)
                | (~Q(origin=AssessmentOrigin.CALL) & Q(asked_by__isnull=True)),
                name="assessment_of_a_call_names_who_asked",
            ),
            one_of("outcome", Outcome, name="assessment_outcome_known"),
            one_of("urgency", Urgency, name="assessment_urgency_known"),
            one_of("disposition", Disposition, name="assessment_disposition_known"),
            models.CheckConstraint(
                condition=Q(is_booking_allowed=False) | Q(outcome__in=[Outcome.LIKELY_SUITABLE, Outcome.NEEDS_INFO]),
                name="assessment_booking_only_when_routine",
            ),
        ]

    def __str__(self) -> str:
        return _("%(outcome)s (revision %(revision)s)") % {
            "outcome": self.get_outcome_display(),
            "revision": self.revision,
        }


class SafetyCase(EncryptedModel):
    """Somebody was shown EMERGENCY or SAME_DAY. Made at that moment, one per walk, so that nobody vanishes.

    `opened_by` is who heard of the danger on the phone; without one it was told in writing.
    Without a patient it is anonymous: it is counted, and closed by the first member of staff who has seen it,
    unless the response holds contact details that were not sent.
    `alarmed_at` is when its present alarm began (raised, made more pressing, opened again, taken from somebody who
    left), `told_at` when a mail about that alarm was last owed to anybody, alone or in a count. `network` is a keyed
    digest of where it came from, kept for two days to tell a flood. `outcome` is that of its present closing, and empty
    while it is open; how it was closed, each time, stands in its closings.
    """

    encrypted_under = "response"

    response = models.OneToOneField(QuestionnaireResponse, on_delete=models.PROTECT, related_name="safety_case")
    level = models.CharField(max_length=20, choices=Outcome.choices)
    priority = models.CharField(max_length=10, choices=Priority.choices)
    status = models.CharField(max_length=20, choices=CaseStatus.choices, default=CaseStatus.OPEN)
    patient = models.ForeignKey(
        "consultations.Patient", on_delete=models.PROTECT, null=True, blank=True, related_name="safety_cases"
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="owned_safety_cases"
    )
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    raised_at = models.DateTimeField()
    due_at = models.DateTimeField()
    network = models.CharField(max_length=64, blank=True, default="")
    alarm_group = models.ForeignKey(
        "consultations.AlarmGroup", on_delete=models.PROTECT, null=True, blank=True, related_name="cases"
    )
    alarmed_at = models.DateTimeField(default=clock.now)
    told_at = models.DateTimeField(null=True, blank=True)
    warned_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    outcome = models.CharField(max_length=20, choices=CaseOutcome.choices, blank=True, default="")

    objects = PermittedQuerySet.as_manager()

    class Meta:
        verbose_name = gettext_lazy("safety case")
        verbose_name_plural = gettext_lazy("safety cases")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(level__in=URGENT_OUTCOMES), name="case_level_is_a_danger"),
            one_of("status", CaseStatus, name="case_status_known"),
            one_of("priority", Priority, name="case_priority_known"),
            models.CheckConstraint(condition=Q(due_at__gte=models.F("raised_at")), name="case_due_after_raised"),
            both_or_neither("acknowledged_at", "acknowledged_by", name="case_acknowledged_at_and_by"),
            both_or_neither("closed_at", "closed_by", name="case_closed_at_and_by"),
            models.CheckConstraint(
                condition=Q(status=CaseStatus.CLOSED, closed_at__isnull=False)
                | (~Q(status=CaseStatus.CLOSED) & Q(closed_at__isnull=True)),
                name="case_closed_at_with_status",
            ),
            models.CheckConstraint(
                condition=Q(status=CaseStatus.CLOSED, outcome__in=CaseOutcome.values)
                | (~Q(status=CaseStatus.CLOSED) & Q(outcome="")),
                name="case_closed_with_an_outcome",
            ),
            models.CheckConstraint(
                condition=Q(alarm_group__isnull=True) | Q(patient__isnull=True), name="case_with_a_name_stands_alone"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["status", "due_at"], name="case_queue"),
            models.Index(fields=["network", "alarmed_at"], condition=~Q(network=""), name="case_of_network"),
        ]

    def __str__(self) -> str:
        return _("Safety case %(number)s") % {"number": self.pk}
