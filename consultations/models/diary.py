"""What managers keep of times: what kinds of visit there are, when clinicians see patients, and when not."""

import datetime
from typing import ClassVar, Final

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from clinic.core import clock
from consultations.enums import Modality, Weekday
from consultations.models.constraints import one_of, within
from consultations.models.resources import Clinician, Location, Room

MAX_HORIZON_DAYS: Final = 365
"""No time further away than this is ever offered, whatever the appointment type."""


class AppointmentType(models.Model):
    """What a doctor can offer: how long it takes, who and what it needs, and how early it is offered.

    The visit is what the patient is told; the clinician and the room are occupied for the buffers around it as well.
    """

    name = models.CharField(gettext_lazy("name"), max_length=80, unique=True)
    minutes = models.PositiveSmallIntegerField(
        gettext_lazy("minutes"), validators=[MinValueValidator(10), MaxValueValidator(180)]
    )
    modality = models.CharField(
        gettext_lazy("modality"), max_length=10, choices=Modality.choices, default=Modality.CLINIC
    )
    price_text = models.CharField(
        gettext_lazy("what it costs"),
        max_length=160,
        blank=True,
        default="",
        help_text=gettext_lazy(
            "As patients read it before they choose a time and in the email, for example: $180, paid at the visit. "
            "Left empty, the pages tell them to ask. Name no condition or treatment: it stands in mails."
        ),
    )
    bring = models.TextField(
        gettext_lazy("what to bring"),
        max_length=600,
        blank=True,
        default="",
        db_default="",
        help_text=gettext_lazy(
            "One thing on each line, as patients read it on the private page beside what we tell everybody: the scan, "
            "the list of medicines, clothes to move in."
        ),
    )
    any_clinician = models.BooleanField(
        gettext_lazy("every bookable clinician gives it"),
        default=True,
        help_text=gettext_lazy("Untick to choose who gives it. Whoever joins later gives it too while this is ticked."),
    )
    clinicians = models.ManyToManyField(
        Clinician,
        blank=True,
        related_name="appointment_types",
        help_text=gettext_lazy("Counts when the box above is not ticked."),
        verbose_name=gettext_lazy("clinicians"),
    )
    needs_room = models.BooleanField(
        gettext_lazy("needs a room"),
        default=False,
        help_text=gettext_lazy("Ticked, a time is offered only while one of the rooms below is free at that location."),
    )
    rooms = models.ManyToManyField(
        Room,
        blank=True,
        related_name="appointment_types",
        help_text=gettext_lazy("Rooms that will do. The first free one at the location is taken with the booking."),
        verbose_name=gettext_lazy("rooms"),
    )
    buffer_before_minutes = models.PositiveSmallIntegerField(
        gettext_lazy("minutes kept free before"),
        default=0,
        validators=[MaxValueValidator(120)],
        help_text=gettext_lazy("0 to 120. To prepare: clinician and room are occupied, the patient is not told."),
    )
    buffer_after_minutes = models.PositiveSmallIntegerField(
        gettext_lazy("minutes kept free after"),
        default=0,
        validators=[MaxValueValidator(120)],
        help_text=gettext_lazy(
            "0 to 120. To write up and clean: clinician and room are occupied, the patient is not told."
        ),
    )
    step_minutes = models.PositiveSmallIntegerField(
        gettext_lazy("minutes between start times"),
        default=15,
        validators=[MinValueValidator(5), MaxValueValidator(240)],
        help_text=gettext_lazy(
            "5 to 240. Times are offered at least this far apart, and never closer than visit and buffers take."
        ),
    )
    notice_hours = models.PositiveSmallIntegerField(
        gettext_lazy("hours of notice"),
        default=12,
        validators=[MaxValueValidator(720)],
        help_text=gettext_lazy("0 to 720. Times nearer than this are not offered."),
    )
    horizon_days = models.PositiveSmallIntegerField(
        gettext_lazy("days ahead"),
        default=90,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_HORIZON_DAYS)],
        help_text=gettext_lazy("1 to 365. Times further away than this are not offered yet."),
    )
    is_active = models.BooleanField(gettext_lazy("is active"), default=True)

    class Meta:
        verbose_name = gettext_lazy("appointment type")
        verbose_name_plural = gettext_lazy("appointment types")
        constraints: ClassVar = [
            within("minutes", 10, 180, name="visit_minutes_in_range"),
            within("buffer_before_minutes", 0, 120, name="visit_buffer_before_in_range"),
            within("buffer_after_minutes", 0, 120, name="visit_buffer_after_in_range"),
            within("step_minutes", 5, 240, name="visit_step_in_range"),
            within("notice_hours", 0, 720, name="visit_notice_in_range"),
            within("horizon_days", 1, MAX_HORIZON_DAYS, name="visit_horizon_in_range"),
            one_of("modality", Modality, name="visit_modality_known"),
        ]

    def __str__(self) -> str:
        sentence = ngettext("%(name)s, %(minutes)s minute", "%(name)s, %(minutes)s minutes", self.minutes)
        return sentence % {"name": self.name, "minutes": self.minutes}

    def is_given_by(self, clinician: Clinician) -> bool:
        return self.any_clinician or self.clinicians.filter(pk=clinician.pk).exists()

    @property
    def length(self) -> datetime.timedelta:
        return datetime.timedelta(minutes=self.minutes)

    @property
    def buffer_before(self) -> datetime.timedelta:
        return datetime.timedelta(minutes=self.buffer_before_minutes)

    @property
    def buffer_after(self) -> datetime.timedelta:
        return datetime.timedelta(minutes=self.buffer_after_minutes)

    @property
    def step(self) -> datetime.timedelta:
        """From one start to the next; visits with their buffers follow each other, they never overlap."""
        return max(self.buffer_before + self.length + self.buffer_after, datetime.timedelta(minutes=self.step_minutes))

    @property
    def notice(self) -> datetime.timedelta:
        return datetime.timedelta(hours=self.notice_hours)

    @property
    def horizon(self) -> datetime.timedelta:
        return datetime.timedelta(days=self.horizon_days)


class Availability(models.Model):
    """A weekly window, in clinic time, in which a clinician sees patients at one location."""

    clinician = models.ForeignKey(
        Clinician, on_delete=models.CASCADE, related_name="availabilities", verbose_name=gettext_lazy("clinician")
    )
    location = models.ForeignKey(
        Location, on_delete=models.PROTECT, related_name="availabilities", verbose_name=gettext_lazy("location")
    )
    weekday = models.PositiveSmallIntegerField(gettext_lazy("weekday"), choices=Weekday.choices)
    opens = models.TimeField(gettext_lazy("from"))
    closes = models.TimeField(gettext_lazy("until"))
    starts_on = models.DateField(gettext_lazy("first day"))
    ends_on = models.DateField(gettext_lazy("last day"), null=True, blank=True)

    class Meta:
        verbose_name = gettext_lazy("availability")
        verbose_name_plural = gettext_lazy("availabilities")
        ordering: ClassVar = ["clinician_id", "weekday", "opens"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(closes__gt=F("opens")), name="availability_closes_after_opens"),
            models.CheckConstraint(condition=Q(weekday__gte=0, weekday__lte=6), name="availability_weekday_in_range"),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")), name="availability_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return _("%(weekday)s %(opens)s to %(closes)s") % {
            "weekday": self.get_weekday_display(),
            "opens": clock.time(self.opens),
            "closes": clock.time(self.closes),
        }


class ExtraSession(models.Model):
    """Hours on one date, in clinic time, in which a clinician sees patients beyond the weekly ones.

    A date on which the whole clinic is closed wins: nothing is offered on it.
    """

    clinician = models.ForeignKey(
        Clinician, on_delete=models.CASCADE, related_name="extra_sessions", verbose_name=gettext_lazy("clinician")
    )
    location = models.ForeignKey(
        Location, on_delete=models.PROTECT, related_name="extra_sessions", verbose_name=gettext_lazy("location")
    )
    on = models.DateField(gettext_lazy("date"))
    opens = models.TimeField(gettext_lazy("from"))
    closes = models.TimeField(gettext_lazy("until"))

    class Meta:
        verbose_name = gettext_lazy("extra session")
        verbose_name_plural = gettext_lazy("extra sessions")
        ordering: ClassVar = ["on", "opens"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(closes__gt=F("opens")), name="extra_session_closes_after_opens"),
            models.UniqueConstraint(fields=["clinician", "on", "opens"], name="one_extra_session_per_start"),
        ]

    def __str__(self) -> str:
        return _("%(day)s %(opens)s to %(closes)s") % {
            "day": clock.day(self.on),
            "opens": clock.time(self.opens),
            "closes": clock.time(self.closes),
        }


class Absence(models.Model):
    """A stretch of time in which a clinician sees nobody.

    `called_off_at`: when the visits in it were called off, for a clinician who cannot come; NULL for one that was known
    before anybody was booked.
    """

    clinician = models.ForeignKey(
        Clinician, on_delete=models.CASCADE, related_name="absences", verbose_name=gettext_lazy("clinician")
    )
    starts_at = models.DateTimeField(gettext_lazy("from"))
    ends_at = models.DateTimeField(gettext_lazy("until"))
    reason = models.CharField(
        gettext_lazy("reason"),
        max_length=80,
        blank=True,
        default="",
        help_text=gettext_lazy("For staff only. No health details."),
    )
    called_off_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = gettext_lazy("absence")
        verbose_name_plural = gettext_lazy("absences")
        ordering: ClassVar = ["starts_at"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="absence_ends_after_start")
        ]

    def __str__(self) -> str:
        return _("Away from %(time)s") % {"time": clock.moment(self.starts_at)}


class RoomClosure(models.Model):
    """A stretch of time in which a room is out of use: no time that needs it is offered."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="closures", verbose_name=gettext_lazy("room"))
    starts_at = models.DateTimeField(gettext_lazy("from"))
    ends_at = models.DateTimeField(gettext_lazy("until"))
    reason = models.CharField(gettext_lazy("reason"), max_length=80, blank=True, default="")

    class Meta:
        verbose_name = gettext_lazy("room closure")
        verbose_name_plural = gettext_lazy("room closures")
        ordering: ClassVar = ["starts_at"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="room_closure_ends_after_start")
        ]
        indexes: ClassVar = [models.Index(fields=["room", "starts_at"], name="closures_of_a_room")]

    def __str__(self) -> str:
        return _("Out of use from %(time)s") % {"time": clock.moment(self.starts_at)}
