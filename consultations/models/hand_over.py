"""What passes from one shift to the next, and what each day ends with."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.core.encrypted_rows import KeyHolder
from clinic.core.fields import EncryptedTextField
from clinic.core.permissions import PermittedQuerySet
from consultations.models.constraints import both_or_neither


class HandOverNote(KeyHolder):
    """What whoever goes tells whoever comes. It stands until somebody else says that they have read it.

    It has a key of its own. One that is about a patient is handed to that patient's row, and cannot be read any more
    once that is erased. The text of the others is deleted in time: nobody can tell whom it may name.
    """

    key_owner = "patient"

    text = EncryptedTextField(blank=True, default="")
    consultation_request = models.ForeignKey(
        "consultations.ConsultationRequest", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    patient = models.ForeignKey(
        "consultations.Patient", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    sent_key = models.CharField(max_length=64, unique=True)
    written_at = models.DateTimeField()
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    read_at = models.DateTimeField(null=True, blank=True)
    read_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = PermittedQuerySet.as_manager()

    class Meta:
        verbose_name = gettext_lazy("hand over note")
        verbose_name_plural = gettext_lazy("hand over notes")
        ordering: ClassVar = ["written_at", "pk"]
        constraints: ClassVar = [
            both_or_neither("read_at", "read_by", name="hand_over_note_read_at_and_by"),
            both_or_neither("consultation_request", "patient", name="hand_over_note_request_and_patient"),
            models.CheckConstraint(
                condition=Q(read_at__isnull=True) | Q(read_at__gte=models.F("written_at")),
                name="hand_over_note_read_after_written",
            ),
        ]

    def __str__(self) -> str:
        return _("Hand-over note %(number)s") % {"number": self.pk}


class DayEnd(models.Model):
    """What stood open when the clinic closed for a day, by kind, number and reference alone, and the day's figures.

    One a day at most, whatever becomes of the worker.
    """

    on = models.DateField(unique=True)
    closed_at = models.DateTimeField()
    made_at = models.DateTimeField()
    open_items = models.JSONField(default=list)
    figures = models.JSONField(default=dict)
    told = models.PositiveSmallIntegerField(default=0)

    objects = PermittedQuerySet.as_manager()

    class Meta:
        verbose_name = gettext_lazy("day end")
        verbose_name_plural = gettext_lazy("day ends")
        ordering: ClassVar = ["-on"]

    def __str__(self) -> str:
        return _("Day’s end %(day)s") % {"day": self.on}
