import datetime
from typing import ClassVar, Final, Self

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, When
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.core.encrypted_rows import EncryptedModel
from clinic.core.fields import EncryptedTextField, PersonNameField
from clinic.core.names import greeting_name
from clinic.core.permissions import PermittedQuerySet
from consultations import addressed_words
from consultations.enums import (
    CLOSED_STATUSES,
    OPEN_STATUSES,
    STAFF_QUEUE,
    URGENT_OUTCOMES,
    ConsentKind,
    FilledFor,
    Outcome,
    Priority,
    ReminderChoice,
    RequestStatus,
)
from consultations.models.constraints import both_or_neither, one_of

EARLIER_TEXTS: Final = Q(texts_due_at__lt=F("due_at"))
TEXTS_FIRST: Final = Q(danger_due_at__isnull=True) | Q(texts_due_at__lt=F("danger_due_at"))
"""The parts of: what the patient wrote is due before anything else."""


class ConsultationRequestQuerySet(PermittedQuerySet["ConsultationRequest"]):
    def open(self) -> Self:
        return self.filter(status__in=OPEN_STATUSES)

    def in_staff_queue(self) -> Self:
        return self.filter(status__in=STAFF_QUEUE)

    def closed(self) -> Self:
        return self.filter(status__in=CLOSED_STATUSES)

    def most_pressing_first(self) -> Self:
        """Risk, then the least time left, with the texts that nobody has read; the key last, so that pages never
        overlap.
        """
        return self.order_by("queue_risk", "queue_due_at", "pk")


class ConsultationRequest(models.Model):
    """A patient asked the clinic for a consultation. Made when the checked answers are sent, one per response.

    `highest_outcome` is the most pressing headline the patient was shown on the way; `risk` is its rank, or what a
    doctor left of it after clearing the flags. `due_at` is when the status it has must have led to something: our next
    step, or, while it waits for the patient, the answer, the choice of a time or the record of the visit.
    `danger_due_at` is the clock of a danger, whatever the status (`services/clocks.py`); null while there is none.
    `flag_level` is the level of the worst red flag that stands now, over all that the person told us; "" for none.

    `before_escalation` is what an escalation changed, for its maker to take it back; empty where only a doctor can end
    it. `texts_due_at` and `texts_risk` are those of the patient's texts that nobody has read yet, the earliest and the
    most pressing. The queue sorts by `queue_due_at` and `queue_risk`, which the database itself works out from all of
    them, so that no change to one can lose another.

    `as_pressing_as` is an older request of the same person that this one took its urgency from; `own_risk` and
    `own_due_at` are what it was until then (`services/pressing.py`).

    `asked_again_at` is when we last asked on our own whether something is new or worse, `answered_again_at` when the
    person last answered. `weekly_asked_at` is when the weekly mail was last owed; with `weekly_off_at` none is.
    `offer_expired_at` is when an offer ended of which no time was taken; none since then.
    `follow_up_at` is when staff last invited the patient to another visit, after one that took place or an answer: with
    `follow_up_from` none of its times is before that day, with `follow_up_clinician` all are with that one.
    `section_answered_at` is when the patient last answered the safety section as it is asked before a follow-up.
    With `reminders_off_at` no reminder of the visit is sent; with `reminders_full_at` it says when, where, with whom.
    """

    reference = models.CharField(max_length=16, unique=True)
    patient = models.ForeignKey("consultations.Patient", on_delete=models.PROTECT, related_name="requests")
    response = models.OneToOneField(
        "consultations.QuestionnaireResponse", on_delete=models.PROTECT, related_name="consultation_request"
    )
    assessment = models.OneToOneField(
        "consultations.Assessment", on_delete=models.PROTECT, related_name="consultation_request"
    )
    filled_for = models.CharField(max_length=10, choices=FilledFor.choices, default=FilledFor.SELF)
    helper_name = PersonNameField(max_length=120, blank=True, default="")
    status = models.CharField(max_length=20, choices=RequestStatus.choices, default=RequestStatus.RECEIVED)
    status_changed_at = models.DateTimeField()
    outcome = models.CharField(max_length=20, choices=Outcome.choices)
    highest_outcome = models.CharField(max_length=20, choices=Outcome.choices)
    priority = models.CharField(max_length=10, choices=Priority.choices)
    risk = models.PositiveSmallIntegerField()
    has_note = models.BooleanField(default=False)
    submitted_at = models.DateTimeField()
    due_at = models.DateTimeField()
    flag_level = models.CharField(max_length=20, choices=Outcome.choices, blank=True, default="")
    danger_due_at = models.DateTimeField(null=True, blank=True)
    texts_due_at = models.DateTimeField(null=True, blank=True)
    texts_risk = models.PositiveSmallIntegerField(null=True, blank=True)
    queue_due_at = models.GeneratedField(
        expression=Case(
            When(EARLIER_TEXTS & TEXTS_FIRST, then="texts_due_at"),
            When(danger_due_at__lt=F("due_at"), then="danger_due_at"),
            default="due_at",
        ),
        output_field=models.DateTimeField(),
        db_persist=True,
    )
    queue_risk = models.GeneratedField(
        expression=Case(When(texts_risk__lt=F("risk"), then="texts_risk"), default="risk"),
        output_field=models.PositiveSmallIntegerField(),
        db_persist=True,
    )
    asked_again_at = models.DateTimeField(null=True, blank=True)
    answered_again_at = models.DateTimeField(null=True, blank=True)
    weekly_asked_at = models.DateTimeField(null=True, blank=True)
    weekly_off_at = models.DateTimeField(null=True, blank=True)
    offer_expired_at = models.DateTimeField(null=True, blank=True)
    follow_up_at = models.DateTimeField(null=True, blank=True)
    follow_up_from = models.DateField(null=True, blank=True)
    follow_up_clinician = models.ForeignKey(
        "consultations.Clinician",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        # The table holds rows, and nobody looks for requests by it.
        db_index=False,
    )
    section_answered_at = models.DateTimeField(null=True, blank=True)
    reminders_off_at = models.DateTimeField(null=True, blank=True)
    reminders_full_at = models.DateTimeField(null=True, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="claimed_requests"
    )
    doctor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="requests_to_review"
    )
    as_pressing_as = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    own_risk = models.PositiveSmallIntegerField(null=True, blank=True)
    own_due_at = models.DateTimeField(null=True, blank=True)
    booking_ordered_at = models.DateTimeField(null=True, blank=True)
    booking_ordered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    escalated_at = models.DateTimeField(null=True, blank=True)
    escalated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    before_escalation = models.JSONField(default=dict, blank=True)
    appointment_type = models.ForeignKey(
        "consultations.AppointmentType", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = ConsultationRequestQuerySet.as_manager()

    class Meta:
        verbose_name = gettext_lazy("consultation request")
        verbose_name_plural = gettext_lazy("consultation requests")
        constraints: ClassVar = [
            one_of("status", RequestStatus, name="request_status_known"),
            one_of("outcome", Outcome, name="request_outcome_known"),
            one_of("highest_outcome", Outcome, name="request_highest_outcome_known"),
            one_of("priority", Priority, name="request_priority_known"),
            one_of("filled_for", FilledFor, name="request_filled_for_known"),
            models.CheckConstraint(condition=Q(risk__lte=6), name="request_risk_in_range"),
            models.CheckConstraint(condition=Q(due_at__gte=models.F("submitted_at")), name="request_due_after_sent"),
            models.CheckConstraint(
                condition=Q(flag_level="") | Q(flag_level__in=URGENT_OUTCOMES), name="request_flag_level_is_a_danger"
            ),
            models.CheckConstraint(
                condition=Q(danger_due_at__isnull=True) | Q(danger_due_at__gte=models.F("submitted_at")),
                name="request_danger_due_after_sent",
            ),
            models.CheckConstraint(
                condition=Q(texts_risk__isnull=True) | Q(texts_risk__lte=6, texts_due_at__isnull=False),
                name="request_texts_risk_with_a_clock",
            ),
            models.CheckConstraint(
                condition=Q(as_pressing_as__isnull=True, own_risk__isnull=True, own_due_at__isnull=True)
                | Q(as_pressing_as__isnull=False, own_risk__lte=6, own_due_at__isnull=False),
                name="request_as_pressing_keeps_its_own",
            ),
            both_or_neither("claimed_at", "claimed_by", name="request_claimed_at_and_by"),
            both_or_neither("escalated_at", "escalated_by", name="request_escalated_at_and_by"),
            both_or_neither("booking_ordered_at", "booking_ordered_by", name="request_booking_ordered_at_and_by"),
            models.CheckConstraint(
                condition=Q(filled_for=FilledFor.SELF, helper_name="")
                | (Q(filled_for=FilledFor.OTHER) & ~Q(helper_name="")),
                name="request_helper_named",
            ),
            models.CheckConstraint(
                condition=Q(status__in=[RequestStatus.OFFERED, RequestStatus.BOOKED], appointment_type__isnull=False)
                | ~Q(status__in=[RequestStatus.OFFERED, RequestStatus.BOOKED]),
                name="request_offer_says_what_visit",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["status", "queue_risk", "queue_due_at"], name="request_queue"),
            models.Index(
                fields=["queue_risk", "queue_due_at"], condition=Q(texts_due_at__isnull=False), name="request_to_read"
            ),
            models.Index(fields=["submitted_at"], name="request_by_age"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def addressee(self) -> str:
        """The name to greet with whoever reads our pages and mails: the helper, if one sent it; "" for none."""
        return greeting_name(self.helper_name) if self.helper_name else self.patient.first_name

    @property
    def helped_name(self) -> str:
        """Whom a helper's request is about, by the name to speak of; "" when the patient reads it."""
        return (self.patient.first_name or _("the patient")) if self.helper_name else ""

    def whose(self, thing: str) -> str:
        """ "your request" to the patient, "Ana’s request" to who helps Ana."""
        return addressed_words.whose(thing, helped_name=self.helped_name)

    @property
    def is_offer_expired(self) -> bool:
        """Whether it is with staff because no time was chosen in time: somebody calls the patient."""
        return self.offer_expired_at is not None and self.status in STAFF_QUEUE

    @property
    def is_follow_up(self) -> bool:
        """Whether its next visit, or its last, is one that staff invited to after the request was answered."""
        return self.follow_up_at is not None

    @property
    def reminders(self) -> ReminderChoice:
        """What a reminder may say. A neutral one, until the patient chooses otherwise."""
        if self.reminders_off_at is not None:
            return ReminderChoice.NONE
        return ReminderChoice.NEUTRAL if self.reminders_full_at is None else ReminderChoice.FULL

    @property
    def is_closed(self) -> bool:
        return self.status in CLOSED_STATUSES

    @property
    def next_due_at(self) -> datetime.datetime | None:
        """When somebody must act next: on a danger, on the status it has, or by reading a text; None once all is done.

        Beside a danger it does not matter what a patient is waited for. An open safety case has a clock of its own.
        """
        is_owed = self.status in STAFF_QUEUE or (self.danger_due_at is None and not self.is_closed)
        times = [self.due_at if is_owed else None, self.danger_due_at, self.texts_due_at]
        return min((item for item in times if item is not None), default=None)

    @property
    def is_as_pressing(self) -> bool:
        """Its urgency is that of an older request of the same person, and no doctor has lowered it since."""
        return self.own_risk is not None and self.risk < self.own_risk

    @property
    def is_escalated(self) -> bool:
        """Somebody at the clinic found it more pressing than the answers did, and no doctor has settled that yet."""
        return self.escalated_at is not None

    @property
    def is_emergency(self) -> bool:
        """A sign of an emergency stands that no doctor has settled."""
        return self.flag_level == Outcome.EMERGENCY

    @property
    def is_blocked_by_flags(self) -> bool:
        """No time can be offered or taken while a red flag, or an escalation, stands that no doctor has settled."""
        return bool(self.flag_level) or self.is_escalated


class Consent(models.Model):
    """One statement the patient ticked when sending, in the words shown, with the notice's version."""

    consultation_request = models.ForeignKey(ConsultationRequest, on_delete=models.PROTECT, related_name="consents")
    kind = models.CharField(max_length=20, choices=ConsentKind.choices)
    wording = models.TextField()
    notice_version = models.CharField(max_length=20)
    given_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["consultation_request", "kind"], name="one_consent_of_a_kind"),
            one_of("kind", ConsentKind, name="consent_kind_known"),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


class InformationRequest(EncryptedModel):
    """A question the clinic asked the patient about a request, and the answer once there is one."""

    encrypted_under = "consultation_request__patient"

    consultation_request = models.ForeignKey(
        ConsultationRequest, on_delete=models.PROTECT, related_name="information_requests"
    )
    question = EncryptedTextField()
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    is_from_doctor = models.BooleanField()
    answer = EncryptedTextField(blank=True, default="")
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["asked_at", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["consultation_request"],
                condition=Q(answered_at__isnull=True),
                name="one_open_question_per_request",
            ),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True) | Q(answered_at__gte=models.F("asked_at")),
                name="question_answered_after_asked",
            ),
        ]

    def __str__(self) -> str:
        return _("Question %(number)s") % {"number": self.pk}
