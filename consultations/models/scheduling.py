from typing import ClassVar, Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from clinic.core import clock
from clinic.core.encrypted_rows import EncryptedModel
from clinic.core.fields import EncryptedTextField, PersonNameField
from consultations.enums import LIVE_APPOINTMENTS, Actor, AppointmentStatus, Modality
from consultations.models.constraints import both_or_neither, one_of

IS_LIVE = Q(status__in=[status.value for status in LIVE_APPOINTMENTS])


class Location(models.Model):
    """A place where consultations happen."""

    name = models.CharField(max_length=80, unique=True)
    address = models.CharField(max_length=200)
    directions = models.CharField(
        max_length=300,
        blank=True,
        default="",
        help_text=(
            "How to get there, as visitors read it before they choose a time and in the email: the stop, parking, the "
            "door, step-free entrance. Name no condition or treatment: it stands in mails."
        ),
    )

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=~Q(name=""), name="location_name_not_empty")]

    def __str__(self) -> str:
        return self.name


class AppointmentType(models.Model):
    """A kind of visit a doctor can offer, with its length."""

    name = models.CharField(max_length=80, unique=True)
    minutes = models.PositiveSmallIntegerField(validators=[MinValueValidator(10), MaxValueValidator(180)])
    modality = models.CharField(max_length=10, choices=Modality.choices, default=Modality.CLINIC)
    price_text = models.CharField(
        "what it costs",
        max_length=160,
        blank=True,
        default="",
        help_text=(
            "As patients read it before they choose a time and in the email, for example: $180, paid at the visit. "
            "Left empty, the pages tell them to ask. Name no condition or treatment: it stands in mails."
        ),
    )
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(minutes__gte=10, minutes__lte=180), name="visit_minutes_in_range"),
            one_of("modality", Modality, name="visit_modality_known"),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.minutes} minutes"


class Clinician(models.Model):
    """A doctor who can be booked; the person signs in as `user`."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="clinician")
    display_name = PersonNameField(max_length=80, help_text="As patients read it, for example Dr and the full name.")
    is_bookable = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=~Q(display_name=""), name="clinician_name_not_empty")]

    def __str__(self) -> str:
        return self.display_name


class Availability(models.Model):
    """A weekly window, in clinic time, in which a clinician sees patients at one location."""

    class Weekday(models.IntegerChoices):
        MONDAY = 0, "Monday"
        TUESDAY = 1, "Tuesday"
        WEDNESDAY = 2, "Wednesday"
        THURSDAY = 3, "Thursday"
        FRIDAY = 4, "Friday"
        SATURDAY = 5, "Saturday"
        SUNDAY = 6, "Sunday"

    clinician = models.ForeignKey(Clinician, on_delete=models.CASCADE, related_name="availabilities")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="availabilities")
    weekday = models.PositiveSmallIntegerField(choices=Weekday.choices)
    opens = models.TimeField("from")
    closes = models.TimeField("until")
    starts_on = models.DateField("first day")
    ends_on = models.DateField("last day", null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["clinician_id", "weekday", "opens"]
        verbose_name_plural = "availabilities"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(closes__gt=F("opens")), name="availability_closes_after_opens"),
            models.CheckConstraint(condition=Q(weekday__gte=0, weekday__lte=6), name="availability_weekday_in_range"),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")), name="availability_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens:%H:%M} to {self.closes:%H:%M}"


class Absence(models.Model):
    """A stretch of time in which a clinician sees nobody."""

    clinician = models.ForeignKey(Clinician, on_delete=models.CASCADE, related_name="absences")
    starts_at = models.DateTimeField("from")
    ends_at = models.DateTimeField("until")
    reason = models.CharField(max_length=80, blank=True, default="", help_text="For staff only. No health details.")

    class Meta:
        ordering: ClassVar = ["starts_at"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="absence_ends_after_start")
        ]

    def __str__(self) -> str:
        return f"Away from {clock.moment(self.starts_at)}"


class SlotHold(models.Model):
    """A time kept for one request while its patient checks the details; ten minutes, one at a time.

    The database refuses two holds that overlap, so an expired one is removed before its time can be held again.
    """

    request = models.OneToOneField(
        "consultations.ConsultationRequest", on_delete=models.CASCADE, related_name="slot_hold"
    )
    clinician = models.ForeignKey(Clinician, on_delete=models.PROTECT, related_name="holds")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="hold_ends_after_start"),
            models.UniqueConstraint(fields=["clinician", "starts_at"], name="one_hold_per_start"),
        ]

    def __str__(self) -> str:
        return f"Hold {self.pk}"


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    def live(self) -> Self:
        return self.filter(status__in=LIVE_APPOINTMENTS)


class Appointment(EncryptedModel):
    """A booked consultation. Times are instants; `time_zone` records the zone whose wall clock the patient was shown.

    Two live appointments of one clinician never overlap: the database refuses it (exclusion constraint on PostgreSQL,
    trigger on SQLite, both added by a migration), whatever path leads here.

    `calendar_uid` and `calendar_sequence` are what a calendar knows it by: all times of one request are one entry,
    whose number rises with each booking and each cancellation, so that a phone never shows two (decision 0028).
    """

    encrypted_under = "request__patient"

    request = models.ForeignKey(
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
    calendar_uid = models.CharField(max_length=80, editable=False)
    calendar_sequence = models.PositiveSmallIntegerField(default=0, editable=False)

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            one_of("status", AppointmentStatus, name="appointment_status_known"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="appointment_ends_after_start"),
            models.UniqueConstraint(
                fields=["clinician", "starts_at"],
                condition=IS_LIVE,
                name="one_live_appointment_per_start",
            ),
            models.UniqueConstraint(fields=["request"], condition=IS_LIVE, name="one_live_appointment_per_request"),
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
        return f"Appointment {self.pk}"
