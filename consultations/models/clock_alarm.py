from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _

from clinic.core.permissions import PermittedQuerySet
from consultations.enums import ClockKind
from consultations.models.constraints import both_or_neither, one_of


class ClockAlarmQuerySet(PermittedQuerySet["ClockAlarm"]):
    view_permission = "consultations.view_consultationrequest"

    def going_on(self) -> Self:
        """Those whose clock still runs, warned of or begun."""
        return self.filter(ended_at=None)

    def sounding(self) -> Self:
        """Begun, and acknowledged by nobody."""
        return self.filter(ended_at=None, began_at__isnull=False, acknowledged_at=None)


class ClockAlarm(models.Model):
    """One run of one clock that was warned of or ran out. Made by the worker; at most one a clock at a time.

    `target` is the row of `services/clock_table.py` by which it is told of. `told_at` is when a mail was last owed to
    anybody, `told_times` how often: it numbers the mails, so that neither a worker that dies nor a clock that is put
    back can owe one twice. It ends when its clock does: what it asks for was done, or is due at another time.
    """

    response = models.ForeignKey(
        "consultations.QuestionnaireResponse", on_delete=models.PROTECT, related_name="clock_alarms"
    )
    kind = models.CharField(max_length=10, choices=ClockKind.choices)
    target = models.CharField(max_length=20)
    due_at = models.DateTimeField()
    warned_at = models.DateTimeField(null=True, blank=True)
    began_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)
    told_times = models.PositiveIntegerField(default=0)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = ClockAlarmQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            one_of("kind", ClockKind, name="clock_alarm_kind_known"),
            models.CheckConstraint(
                condition=Q(warned_at__isnull=False) | Q(began_at__isnull=False), name="clock_alarm_warned_or_begun"
            ),
            models.CheckConstraint(
                condition=Q(acknowledged_at__isnull=True) | Q(began_at__isnull=False),
                name="clock_alarm_acknowledged_once_begun",
            ),
            both_or_neither("acknowledged_at", "acknowledged_by", name="clock_alarm_acknowledged_at_and_by"),
            models.UniqueConstraint(
                fields=["response", "kind"], condition=Q(ended_at__isnull=True), name="one_clock_alarm_at_a_time"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["began_at"], condition=Q(ended_at__isnull=True), name="clock_alarm_going_on"),
        ]

    def __str__(self) -> str:
        return _("Alarm %(number)s") % {"number": self.pk}
