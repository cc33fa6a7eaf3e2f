"""The waiting list: who asked for an earlier time, which times came free, and what was offered to whom."""

from typing import ClassVar, Self

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.core.permissions import PermittedQuerySet
from consultations.models.constraints import both_or_neither, one_of, within
from consultations.models.resources import Clinician, Location
from consultations.waiting_enums import PartOfDay, TimeOfferEnd, WaitingEnd

MAX_NOTICE_HOURS = 336


class WaitingEntryQuerySet(PermittedQuerySet["WaitingEntry"]):
    def live(self) -> Self:
        return self.filter(ended_at=None)


class WaitingEntry(models.Model):
    """One request waits for an earlier time, or for any time at all when none suits. What was asked for may change
    while it waits, and costs no place.

    `weekdays` are digits (0 is Monday), empty for any day; `notice_hours` is how long before a visit the person wants
    to know of it, beside the notice of the appointment type.
    """

    consultation_request = models.ForeignKey(
        "consultations.ConsultationRequest", on_delete=models.PROTECT, related_name="waiting_entries"
    )
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    weekdays = models.CharField(max_length=7, blank=True, default="")
    part_of_day = models.CharField(max_length=10, choices=PartOfDay.choices, default=PartOfDay.ANY)
    own_doctor_only = models.BooleanField(default=False)
    notice_hours = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(MAX_NOTICE_HOURS)])
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_as = models.CharField(max_length=10, choices=WaitingEnd.choices, null=True, blank=True)

    objects = WaitingEntryQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        verbose_name = gettext_lazy("entry of the waiting list")
        verbose_name_plural = gettext_lazy("waiting list")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["consultation_request"], condition=Q(ended_at=None), name="one_live_waiting_entry_per_request"
            ),
            one_of("part_of_day", PartOfDay, name="waiting_part_of_day_known"),
            within("notice_hours", 0, MAX_NOTICE_HOURS, name="waiting_notice_in_range"),
            both_or_neither("ended_at", "ended_as", name="waiting_ended_at_and_as"),
            models.CheckConstraint(
                condition=Q(ended_as=None) | Q(ended_as__in=WaitingEnd.values), name="waiting_end_known"
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("asked_at")), name="waiting_ended_after_asked"
            ),
        ]

    def __str__(self) -> str:
        return _("Waiting entry %(number)s") % {"number": self.pk}


class ReleasedTime(models.Model):
    """A stretch in which a clinician may have time again, until nobody who waits is to be asked any more.

    Written by whatever frees it, in the same transaction. `given_up_by` is the request that had it, which is not asked.
    `looked_at` is when the worker last went through the list for it, `look_at` when it does so again; and again once an
    offer of it ended. `passed_over` says who was not asked then, and why: entry -> PassedOver.
    """

    clinician = models.ForeignKey(Clinician, on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=30)
    released_at = models.DateTimeField()
    # No constraint: whoever frees somebody else's time, whose hold ran out, must wait for no lock on that request.
    given_up_by = models.ForeignKey(
        "consultations.ConsultationRequest",
        on_delete=models.DO_NOTHING,
        null=True,
        blank=True,
        db_index=False,
        db_constraint=False,
        related_name="+",
    )
    look_at = models.DateTimeField(null=True, blank=True)
    looked_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    passed_over = models.JSONField(default=dict, blank=True)

    class Meta:
        default_permissions = ()
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="released_time_ends_after_start")
        ]
        indexes: ClassVar = [
            models.Index(fields=["released_at"], condition=Q(settled_at=None), name="released_time_open")
        ]

    def __str__(self) -> str:
        return _("Released time %(number)s") % {"number": self.pk}


class TimeOfferQuerySet(models.QuerySet["TimeOffer"]):
    def live(self) -> Self:
        """Those that nothing has ended. A live one may have run out, until the worker comes to it."""
        return self.filter(ended_at=None)


class TimeOffer(models.Model):
    """A released time that is kept for one person of the waiting list, by a hold, until they take or decline it.

    `by_phone`: they have no address, so staff call them.
    """

    entry = models.ForeignKey(WaitingEntry, on_delete=models.PROTECT, related_name="offers")
    released_time = models.ForeignKey(ReleasedTime, on_delete=models.PROTECT, related_name="offers")
    clinician = models.ForeignKey(Clinician, on_delete=models.PROTECT, related_name="+")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    by_phone = models.BooleanField(default=False)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_as = models.CharField(max_length=20, choices=TimeOfferEnd.choices, null=True, blank=True)

    objects = TimeOfferQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="time_offer_ends_after_start"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("made_at")), name="time_offer_expires_after_made"),
            models.UniqueConstraint(fields=["entry"], condition=Q(ended_at=None), name="one_live_time_offer_per_entry"),
            models.UniqueConstraint(
                fields=["clinician", "starts_at"], condition=Q(ended_at=None), name="one_live_offer_of_a_time"
            ),
            both_or_neither("ended_at", "ended_as", name="time_offer_ended_at_and_as"),
            models.CheckConstraint(
                condition=Q(ended_as=None) | Q(ended_as__in=TimeOfferEnd.values), name="time_offer_end_known"
            ),
        ]

    def __str__(self) -> str:
        return _("Time offer %(number)s") % {"number": self.pk}
