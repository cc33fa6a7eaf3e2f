from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _

from clinic.core.encrypted_rows import EncryptedModel
from clinic.core.fields import EncryptedTextField
from clinic.core.permissions import PermittedQuerySet
from consultations.enums import TextKind
from consultations.models.constraints import both_or_neither, one_of


class PatientTextQuerySet(PermittedQuerySet["PatientText"]):
    view_permission = "consultations.view_consultationrequest"

    def waiting(self) -> Self:
        """Those with a clock that nobody has ended."""
        return self.filter(read_at=None, due_at__isnull=False)

    def most_pressing_first(self) -> Self:
        """Self-harm, then other danger, then the least time left."""
        return self.order_by("-is_self_harm", "-is_danger", "due_at", "pk")


class PatientText(EncryptedModel):
    """One text in a patient's own words. Made in the transaction in which it is sent; never edited.

    `is_self_harm` and `is_danger` say what `clinic.core.danger_words` found when it was sent; which words those are is
    worked out again from `text` for whoever may read it, and kept nowhere. A message, and every text with such words,
    has `due_at`: somebody must have read it by then, and says so. `told_at` is when a mail about words of self-harm was
    last owed to anybody. `sent_key` makes the same press of a button harmless when repeated.
    """

    encrypted_under = "response"

    response = models.ForeignKey(
        "consultations.QuestionnaireResponse", on_delete=models.PROTECT, related_name="patient_texts"
    )
    kind = models.CharField(max_length=20, choices=TextKind.choices)
    text = EncryptedTextField()
    sent_at = models.DateTimeField()
    sent_key = models.CharField(max_length=64, blank=True, default="")
    is_self_harm = models.BooleanField(default=False)
    is_danger = models.BooleanField(default=False)
    due_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    read_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    told_at = models.DateTimeField(null=True, blank=True)
    warned_at = models.DateTimeField(null=True, blank=True)

    objects = PatientTextQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["sent_at", "pk"]
        constraints: ClassVar = [
            one_of("kind", TextKind, name="patient_text_kind_known"),
            models.CheckConstraint(
                condition=Q(due_at__isnull=False)
                | (Q(is_self_harm=False, is_danger=False) & ~Q(kind__in=[TextKind.MESSAGE, TextKind.NEXT_DAY])),
                name="patient_text_has_a_clock",
            ),
            models.CheckConstraint(
                condition=Q(due_at__isnull=True) | Q(due_at__gte=models.F("sent_at")),
                name="patient_text_due_after_sent",
            ),
            both_or_neither("read_at", "read_by", name="patient_text_read_at_and_by"),
            models.CheckConstraint(
                condition=Q(read_at__isnull=True) | Q(read_at__gte=models.F("sent_at")),
                name="patient_text_read_after_sent",
            ),
            models.UniqueConstraint(
                fields=["response", "sent_key"], condition=~Q(sent_key=""), name="patient_text_sent_once"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["due_at"], condition=Q(read_at__isnull=True, due_at__isnull=False), name="patient_text_waiting"
            ),
        ]

    def __str__(self) -> str:
        return _("Text %(number)s") % {"number": self.pk}

    @property
    def is_marked(self) -> bool:
        return self.is_self_harm or self.is_danger
