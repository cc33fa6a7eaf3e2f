from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _

from clinic.core.permissions import PermittedQuerySet
from consultations.enums import SAFETY_OUTCOMES
from consultations.models.constraints import both_or_neither


class AlarmGroupQuerySet(PermittedQuerySet["AlarmGroup"]):
    view_permission = "consultations.view_safetycase"


class AlarmGroup(models.Model):
    """Alarms of visitors without a name that came too fast to be told one by one: they are told as one, with a count.

    Made by the first alarm that is not told singly. `network` is a keyed digest of what one household or one clinic
    Wi-Fi shares, emptied after two days; or "anywhere" when many networks call at once. Acknowledging a group ends its
    repeats and nothing else: each of its cases keeps its clock and is closed by itself.
    """

    network = models.CharField(max_length=64, blank=True)
    level = models.CharField(max_length=20)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = AlarmGroupQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(level__in=SAFETY_OUTCOMES), name="alarm_group_level_is_a_safety_outcome"
            ),
            models.CheckConstraint(condition=Q(last_at__gte=models.F("first_at")), name="alarm_group_last_after_first"),
            both_or_neither("acknowledged_at", "acknowledged_by", name="alarm_group_acknowledged_at_and_by"),
        ]
        indexes: ClassVar = [models.Index(fields=["network", "level"], name="alarm_group_of_network")]

    def __str__(self) -> str:
        return _("Alarm group %(number)s") % {"number": self.pk}
