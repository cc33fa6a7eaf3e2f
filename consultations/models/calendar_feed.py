from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _

from consultations.models.constraints import both_or_neither
from consultations.models.resources import Clinician


class CalendarFeedQuerySet(models.QuerySet["CalendarFeed"]):
    def live(self) -> Self:
        """Those whose address still answers: of a clinician who still works here."""
        return self.filter(ended_at=None, clinician__user__is_active=True, clinician__user__is_staff=True)


class CalendarFeed(models.Model):
    """A private address at which a clinician's own calendar reads when they are booked.

    Only a keyed digest of the address's token is stored: it is shown once, when it is made. A new one ends the one
    before; one that was ended never answers again.
    """

    clinician = models.ForeignKey(Clinician, on_delete=models.CASCADE, related_name="calendar_feeds")
    token_digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = CalendarFeedQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["clinician"], condition=Q(ended_at=None), name="one_live_feed_per_clinician"
            ),
            both_or_neither("ended_at", "ended_by", name="feed_ended_at_and_by"),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("made_at")), name="feed_ended_after_made"
            ),
        ]

    def __str__(self) -> str:
        return _("Calendar address %(number)s") % {"number": self.pk}
