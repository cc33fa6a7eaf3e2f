"""Where visits take place, and what they occupy: clinicians and rooms."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.core.fields import PersonNameField


class Location(models.Model):
    """A place where consultations happen."""

    name = models.CharField(gettext_lazy("name"), max_length=80, unique=True)
    address = models.CharField(gettext_lazy("address"), max_length=200)
    directions = models.CharField(
        gettext_lazy("directions"),
        max_length=300,
        blank=True,
        default="",
        help_text=gettext_lazy(
            "How to get there, as visitors read it before they choose a time and in the email: the stop, parking, the "
            "door, step-free entrance. Name no condition or treatment: it stands in mails."
        ),
    )

    step_free = models.CharField(
        gettext_lazy("step-free access"),
        max_length=300,
        blank=True,
        default="",
        db_default="",
        help_text=gettext_lazy(
            "For who cannot use stairs, as visitors read it on the private page: the ramp, the lift, the accessible "
            "toilet, or that there is no step-free way. Left empty, the page tells them to ask."
        ),
    )

    class Meta:
        verbose_name = gettext_lazy("location")
        verbose_name_plural = gettext_lazy("locations")
        constraints: ClassVar = [models.CheckConstraint(condition=~Q(name=""), name="location_name_not_empty")]

    def __str__(self) -> str:
        return self.name


class ResourceKey(models.BigAutoField):
    """A key that may come from a form or an address through the link of a clinician or a room to its resource.

    Django turns a number that no column holds into "no such row" for plain keys, and not for such a link, where the
    database would fail. It is asked for as 0 here, which no row has.
    """

    def get_prep_value(self, value: Any) -> Any:
        prepared = super().get_prep_value(value)
        return 0 if isinstance(prepared, int) and abs(prepared) > models.BigIntegerField.MAX_BIGINT else prepared


class Resource(models.Model):
    """What a visit occupies while it lasts, with its buffers: a clinician or a room. Never two visits at once.

    Each kind is a model of its own over this row, so that one guard, one lock order and one way to ask who is free
    serve them all (decision 0033).
    """

    id = ResourceKey(primary_key=True)
    is_bookable = models.BooleanField(gettext_lazy("is bookable"), default=True)

    def __str__(self) -> str:
        return _("Resource %(number)s") % {"number": self.pk}


class Clinician(Resource):
    """A doctor who can be booked; the person signs in as `user`."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="clinician", verbose_name=gettext_lazy("user")
    )
    display_name = PersonNameField(
        gettext_lazy("display name"),
        max_length=80,
        help_text=gettext_lazy("As patients read it, for example Dr and the full name."),
    )

    class Meta:
        verbose_name = gettext_lazy("clinician")
        verbose_name_plural = gettext_lazy("clinicians")
        constraints: ClassVar = [models.CheckConstraint(condition=~Q(display_name=""), name="clinician_name_not_empty")]

    def __str__(self) -> str:
        return self.display_name


class Room(Resource):
    """A room at one location, for the appointment types that need one."""

    name = models.CharField(
        gettext_lazy("name"), max_length=80, help_text=gettext_lazy("For staff only, for example Treatment room 1.")
    )
    location = models.ForeignKey(
        Location, on_delete=models.PROTECT, related_name="rooms", verbose_name=gettext_lazy("location")
    )

    class Meta:
        verbose_name = gettext_lazy("room")
        verbose_name_plural = gettext_lazy("rooms")
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(name=""), name="room_name_not_empty"),
            models.UniqueConstraint(fields=["location", "name"], name="one_room_of_a_name_per_location"),
        ]

    def __str__(self) -> str:
        return _("%(room)s, %(location)s") % {"room": self.name, "location": self.location.name}
