"""A clinician's own calendar, kept elsewhere: where it is read, and when it says that they are busy."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _

from clinic.core.encrypted_rows import CLINIC, EncryptedModel
from clinic.core.fields import EncryptedTextField
from consultations.enums import CalendarFailure, CalendarKind
from consultations.models.constraints import one_of
from consultations.models.resources import Clinician


class OwnCalendarQuerySet(models.QuerySet["OwnCalendar"]):
    def read_now(self) -> Self:
        """Those that are read: of a clinician who still works here."""
        return self.filter(clinician__user__is_active=True, clinician__user__is_staff=True)


class OwnCalendar(EncryptedModel):
    """Read, and never written to. The address often opens the calendar by itself, so it is sealed, as user and password
    are; only the host is shown again.

    `read_at` is when it was last read with success, `whole_at` when all of it was: between the two the server said that
    nothing had changed, of which `state` and `changed` are its own words. `failure` is why the last try failed, "" for
    one that did not. Whatever happens, the busy times of the last success stay.
    """

    encrypted_under = CLINIC

    # A clinician is deleted once the calendars are disconnected; the rows of busy times go with those.
    clinician = models.ForeignKey(Clinician, on_delete=models.PROTECT, related_name="own_calendars")
    kind = models.CharField(max_length=10, choices=CalendarKind.choices)
    address = EncryptedTextField()
    user_name = EncryptedTextField(blank=True, default="")
    password = EncryptedTextField(blank=True, default="")
    host = models.CharField(max_length=255)
    connected_at = models.DateTimeField()
    connected_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=200, blank=True, default="")
    changed = models.CharField(max_length=60, blank=True, default="")
    read_at = models.DateTimeField()
    whole_at = models.DateTimeField()
    due_at = models.DateTimeField(db_index=True)
    doubtful = models.PositiveIntegerField(default=0)
    failure = models.CharField(max_length=20, choices=CalendarFailure.choices, blank=True, default="")
    failures = models.PositiveSmallIntegerField(default=0)
    told_at = models.DateTimeField(null=True, blank=True)

    objects = OwnCalendarQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints: ClassVar = [
            one_of("kind", CalendarKind, name="own_calendar_kind_known"),
            models.CheckConstraint(
                condition=Q(failure="", failures=0) | Q(failure__in=CalendarFailure.values, failures__gt=0),
                name="own_calendar_failure_known",
            ),
            models.CheckConstraint(condition=~Q(host=""), name="own_calendar_host_not_empty"),
        ]

    def __str__(self) -> str:
        return _("Own calendar %(number)s") % {"number": self.pk}


class BusyTime(models.Model):
    """A stretch in which a clinician is busy by their own calendar: from when to when, and nothing of what it is.

    As with an absence no new visit is offered or booked in it, and it moves no visit that is booked. `clinician` is
    that of the calendar, because free times are searched by clinician.
    """

    calendar = models.ForeignKey(OwnCalendar, on_delete=models.CASCADE, related_name="busy_times")
    clinician = models.ForeignKey(Clinician, on_delete=models.DO_NOTHING, db_index=False, related_name="busy_times")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="busy_ends_after_start"),
            models.UniqueConstraint(fields=["calendar", "starts_at"], name="one_busy_time_per_start"),
        ]
        indexes: ClassVar = [models.Index(fields=["clinician", "starts_at"], name="busy_of_clinician")]

    def __str__(self) -> str:
        return _("Busy time %(number)s") % {"number": self.pk}
