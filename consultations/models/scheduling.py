"""What takes up time: holds and appointments, and the spans that they occupy."""

import datetime
from typing import ClassVar, Self

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.core.encrypted_rows import EncryptedModel
from clinic.core.fields import EncryptedTextField
from clinic.core.permissions import PermittedQuerySet
from consultations.enums import LIVE_APPOINTMENTS, Actor, AppointmentStatus
from consultations.models.constraints import both_or_neither, one_of, within
from consultations.models.diary import Absence, AppointmentType
from consultations.models.resources import Clinician, Location, Resource, Room

IS_LIVE = Q(status__in=[status.value for status in LIVE_APPOINTMENTS])


class TakesTime(models.Model):
    """What a hold and an appointment share beside when, where and with whom.

    The buffers are those of the appointment type when the time was chosen: a type that changes later moves nothing.
    """

    room = models.ForeignKey(Room, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    buffer_before_minutes = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(120)])
    buffer_after_minutes = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(120)])
    starts_at: datetime.datetime
    ends_at: datetime.datetime

    class Meta:
        abstract = True

    @property
    def occupied(self) -> tuple[datetime.datetime, datetime.datetime]:
        """From when to when clinician and room are in use: the visit with the minutes kept free around it."""
        before = datetime.timedelta(minutes=self.buffer_before_minutes)
        after = datetime.timedelta(minutes=self.buffer_after_minutes)
        return self.starts_at - before, self.ends_at + after


class SlotHold(TakesTime):
    """A time kept for one request while its patient checks the details; ten minutes, one at a time.

    The database refuses whatever overlaps a hold, so one that ran out is removed before its time is taken again. Beside
    it the visit of its own request may stand, which it is to take the place of: the two may overlap (decision 0057).

    With `gives_back` it keeps the time of a visit that its patient cancelled and may take back until the hold runs out.
    With `time_offer` it keeps a time that was offered to somebody on the waiting list.
    """

    consultation_request = models.OneToOneField(
        "consultations.ConsultationRequest", on_delete=models.CASCADE, related_name="slot_hold"
    )
    clinician = models.ForeignKey(Clinician, on_delete=models.PROTECT, related_name="holds")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    # Without a constraint SQLite adds and drops the column alone; with one it would make table and triggers anew.
    gives_back = models.ForeignKey(
        "consultations.Appointment",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        db_index=False,
        db_constraint=False,
        related_name="+",
    )
    # As above; a hold is deleted with the end of its offer, never the other way.
    time_offer = models.ForeignKey(
        "consultations.TimeOffer",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        db_constraint=False,
        related_name="+",
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="hold_ends_after_start"),
            within("buffer_before_minutes", 0, 120, name="hold_buffer_before_in_range"),
            within("buffer_after_minutes", 0, 120, name="hold_buffer_after_in_range"),
            models.UniqueConstraint(fields=["clinician", "starts_at"], name="one_hold_per_start"),
        ]

    def __str__(self) -> str:
        return _("Hold %(number)s") % {"number": self.pk}


class AppointmentQuerySet(PermittedQuerySet["Appointment"]):
    def live(self) -> Self:
        return self.filter(status__in=LIVE_APPOINTMENTS)


class Appointment(EncryptedModel, TakesTime):
    """A booked consultation. Times are instants; `time_zone` records the zone whose wall clock the patient was shown.

    While it is live it occupies its clinician, its room and its patient: see Occupation.

    `outside` names the rules of the times on offer that it does not keep (`OutsideRule`, with commas), because staff
    booked it so for `outside_reason`; NULL for a time that was on offer.

    `calendar_uid` and `calendar_sequence` are what a calendar knows it by. The UID stays for the life of the
    appointment, the number rises with each change. An appointment that follows a cancelled one of the same request goes
    on with its entry, so that a phone never shows two (decisions 0028 and 0033).

    `video_link` is where a visit by video takes place, for this patient alone.
    `called_off_for` is the absence for which the clinic called it off.
    `confirmed_for` is the beginning for which the patient said that they will come: one that moves is not confirmed.
    """

    encrypted_under = "consultation_request__patient"

    consultation_request = models.ForeignKey(
        "consultations.ConsultationRequest", on_delete=models.PROTECT, related_name="appointments"
    )
    clinician = models.ForeignKey(Clinician, on_delete=models.PROTECT, related_name="appointments")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="+")
    appointment_type = models.ForeignKey(AppointmentType, on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    time_zone = models.CharField(max_length=40)
    status = models.CharField(max_length=10, choices=AppointmentStatus.choices, default=AppointmentStatus.BOOKED)
    booked_at = models.DateTimeField()
    booked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancelled_by = models.CharField(max_length=10, choices=Actor.choices, null=True, blank=True)
    cancel_reason = EncryptedTextField(blank=True, default="")
    # Without a constraint SQLite adds the column alone; with one it would make table and triggers anew.
    called_off_for = models.ForeignKey(
        Absence,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,
        db_constraint=False,
        related_name="called_off",
    )
    outside = models.CharField(max_length=40, null=True, blank=True)
    outside_reason = EncryptedTextField(null=True, blank=True)
    confirmed_for = models.DateTimeField(null=True, blank=True)
    video_link = EncryptedTextField(null=True, blank=True)
    calendar_uid = models.CharField(max_length=80, editable=False)
    calendar_sequence = models.PositiveSmallIntegerField(default=0, editable=False)

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        verbose_name = gettext_lazy("appointment")
        verbose_name_plural = gettext_lazy("appointments")
        constraints: ClassVar = [
            one_of("status", AppointmentStatus, name="appointment_status_known"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="appointment_ends_after_start"),
            within("buffer_before_minutes", 0, 120, name="appointment_buffer_before_in_range"),
            within("buffer_after_minutes", 0, 120, name="appointment_buffer_after_in_range"),
            models.UniqueConstraint(
                fields=["clinician", "starts_at"],
                condition=IS_LIVE,
                name="one_live_appointment_per_start",
            ),
            models.UniqueConstraint(
                fields=["consultation_request"], condition=IS_LIVE, name="one_live_appointment_per_request"
            ),
            models.UniqueConstraint(fields=["calendar_uid", "calendar_sequence"], name="one_state_of_a_calendar_entry"),
            both_or_neither("cancelled_at", "cancelled_by", name="appointment_cancelled_at_and_by"),
            models.CheckConstraint(
                condition=Q(status=AppointmentStatus.CANCELLED, cancelled_at__isnull=False)
                | (~Q(status=AppointmentStatus.CANCELLED) & Q(cancelled_at__isnull=True)),
                name="appointment_cancelled_at_with_status",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["clinician", "starts_at"], name="appointment_diary")]

    def __str__(self) -> str:
        return _("Appointment %(number)s") % {"number": self.pk}

    @property
    def is_confirmed(self) -> bool:
        """Whether the patient said that they will come, at the time that stands now."""
        return self.confirmed_for == self.starts_at


class OccupationQuerySet(models.QuerySet["Occupation"]):
    def standing(self, *, now: datetime.datetime) -> Self:
        """Without the holds that ran out: they wait to be removed by whoever needs the time."""
        return self.filter(Q(hold__isnull=True) | Q(hold__expires_at__gt=now))

    def touching(self, starts_at: datetime.datetime, ends_at: datetime.datetime) -> Self:
        return self.filter(starts_at__lt=ends_at, ends_at__gt=starts_at)


class Occupation(models.Model):
    """One resource, or one person, that one hold or one live appointment occupies, from when to when. A hold has no row
    for what the live appointment of its own request occupies already.

    The database itself writes these rows, by triggers on holds, appointments and patient rows, and refuses two that
    overlap (exclusion constraints on PostgreSQL, triggers on SQLite). So no path can double-book, whatever it forgets:
    not a hold over an appointment, not a room, not one person in two places, not by joining persons. Clinicians and
    rooms are occupied for the buffers too, the person for the visit alone. Read here; never write (decision 0033).
    """

    resource = models.ForeignKey(
        Resource, on_delete=models.PROTECT, null=True, db_index=False, related_name="occupations"
    )
    person = models.ForeignKey(
        "consultations.Person", on_delete=models.PROTECT, null=True, db_index=False, related_name="occupations"
    )
    # The triggers remove the rows of a hold or an appointment that is deleted.
    hold = models.ForeignKey(SlotHold, on_delete=models.DO_NOTHING, null=True, related_name="occupations")
    appointment = models.ForeignKey(Appointment, on_delete=models.DO_NOTHING, null=True, related_name="occupations")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    objects = OccupationQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="occupation_ends_after_start"),
            models.CheckConstraint(
                condition=Q(resource__isnull=True, person__isnull=False)
                | Q(resource__isnull=False, person__isnull=True),
                name="occupation_of_a_resource_or_a_person",
            ),
            models.CheckConstraint(
                condition=Q(hold__isnull=True, appointment__isnull=False)
                | Q(hold__isnull=False, appointment__isnull=True),
                name="occupation_by_a_hold_or_an_appointment",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["resource", "starts_at"], name="occupation_of_resource"),
            models.Index(fields=["person", "starts_at"], name="occupation_of_person"),
        ]

    def __str__(self) -> str:
        return _("Occupation %(number)s") % {"number": self.pk}

    @property
    def taken_by(self) -> SlotHold | Appointment:
        taken = self.hold or self.appointment
        assert taken is not None, "The database refuses a row of neither."
        return taken
