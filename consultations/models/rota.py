"""The rota: who is on duty in an ordinary week, and the days on which it is otherwise."""

import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.core import clock
from clinic.core.permissions import PermittedQuerySet
from consultations.enums import ShiftChangeKind, Weekday
from consultations.models.constraints import one_of


class Shift(models.Model):
    """One stretch of duty that comes back every week, in clinic time. It ends on the day on which it begins: a night
    is two shifts, one until midnight has come and one from then on.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="shifts", verbose_name=gettext_lazy("who")
    )
    weekday = models.PositiveSmallIntegerField(gettext_lazy("weekday"), choices=Weekday.choices)
    starts = models.TimeField(gettext_lazy("from"))
    ends = models.TimeField(gettext_lazy("until"))
    starts_on = models.DateField(gettext_lazy("first day"), default=clock.today)
    ends_on = models.DateField(
        gettext_lazy("last day"), null=True, blank=True, help_text=gettext_lazy("Left empty, it goes on.")
    )

    objects = PermittedQuerySet.as_manager()

    class Meta:
        verbose_name = gettext_lazy("shift")
        verbose_name_plural = gettext_lazy("shifts")
        ordering: ClassVar = ["weekday", "starts", "user_id", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ends__gt=F("starts")), name="shift_ends_after_start"),
            models.CheckConstraint(condition=Q(weekday__gte=0, weekday__lte=6), name="shift_weekday_in_range"),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")), name="shift_last_day_after_first"
            ),
        ]

    def __str__(self) -> str:
        hours = clock.time_span(self.starts, self.ends)
        return _("%(weekday)s, %(hours)s") % {"weekday": self.get_weekday_display(), "hours": hours}

    def falls_on(self, day: datetime.date) -> bool:
        is_begun = self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)
        return is_begun and day.weekday() == self.weekday


class ShiftChange(models.Model):
    """Days on which the rota is otherwise for one person: away, or on duty besides. Without hours, the whole day."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="shift_changes",
        verbose_name=gettext_lazy("who"),
    )
    kind = models.CharField(gettext_lazy("what"), max_length=10, choices=ShiftChangeKind.choices)
    first_on = models.DateField(gettext_lazy("first day"), default=clock.today)
    last_on = models.DateField(gettext_lazy("last day"), default=clock.today)
    starts = models.TimeField(
        gettext_lazy("from"), null=True, blank=True, help_text=gettext_lazy("Left empty, the whole day.")
    )
    ends = models.TimeField(gettext_lazy("until"), null=True, blank=True)
    reason = models.CharField(
        gettext_lazy("reason"),
        max_length=80,
        blank=True,
        default="",
        help_text=gettext_lazy("For staff only. No health details."),
    )

    objects = PermittedQuerySet.as_manager()

    class Meta:
        verbose_name = gettext_lazy("shift change")
        verbose_name_plural = gettext_lazy("shift changes")
        ordering: ClassVar = ["-first_on", "user_id", "pk"]
        constraints: ClassVar = [
            one_of("kind", ShiftChangeKind, name="shift_change_kind_known"),
            models.CheckConstraint(condition=Q(last_on__gte=F("first_on")), name="shift_change_last_day_after_first"),
            models.CheckConstraint(
                condition=Q(starts__isnull=True, ends__isnull=True)
                | Q(starts__isnull=False, ends__isnull=False, ends__gt=F("starts")),
                name="shift_change_hours_in_order",
            ),
        ]

    def __str__(self) -> str:
        first, last = clock.day(self.first_on), clock.day(self.last_on)
        days = first if self.first_on == self.last_on else _("%(first)s to %(last)s") % {"first": first, "last": last}
        return _("%(kind)s, %(days)s") % {"kind": self.get_kind_display(), "days": days}

    def falls_on(self, day: datetime.date) -> bool:
        return self.first_on <= day <= self.last_on
