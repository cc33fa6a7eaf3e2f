from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.core.encrypted_rows import KeyHolder
from clinic.core.fields import EncryptedTextField
from clinic.core.permissions import PermittedQuerySet
from consultations.enums import MissedKind, ReportedRecord
from consultations.models.constraints import both_or_neither, one_of


class MissedReport(KeyHolder):
    """Somebody says that the software missed something: on which record, with which rules, and what became of it.

    `record` and `record_id` name the record on whose page it was said, `reference` is what staff call it. The versions
    are those of the newest assessment of the person at that moment. Its key stands under the patient's, where one is
    known: nobody can read it any more once that row is erased.
    """

    key_owner = "patient"

    record = models.CharField(max_length=10, choices=ReportedRecord.choices)
    record_id = models.BigIntegerField()
    reference = models.CharField(max_length=40)
    consultation_request = models.ForeignKey(
        "consultations.ConsultationRequest",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="missed_reports",
    )
    response = models.ForeignKey(
        "consultations.QuestionnaireResponse",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="missed_reports",
    )
    patient = models.ForeignKey(
        "consultations.Patient", on_delete=models.PROTECT, null=True, blank=True, related_name="missed_reports"
    )
    kind = models.CharField(max_length=10, choices=MissedKind.choices)
    text = EncryptedTextField()
    sent_key = models.CharField(max_length=64, unique=True)
    questionnaire_version = models.CharField(max_length=20, blank=True, default="")
    ruleset_version = models.CharField(max_length=20, blank=True, default="")
    content_hash = models.CharField(max_length=64, blank=True, default="")
    app_version = models.CharField(max_length=40)
    reported_at = models.DateTimeField()
    reported_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    seen_at = models.DateTimeField(null=True, blank=True)
    seen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    answer = EncryptedTextField(blank=True, default="")
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = PermittedQuerySet.as_manager()

    class Meta:
        verbose_name = gettext_lazy("missed report")
        verbose_name_plural = gettext_lazy("missed reports")
        ordering: ClassVar = ["-reported_at", "-pk"]
        constraints: ClassVar = [
            one_of("record", ReportedRecord, name="missed_report_record_known"),
            one_of("kind", MissedKind, name="missed_report_kind_known"),
            both_or_neither("seen_at", "seen_by", name="missed_report_seen_at_and_by"),
            both_or_neither("answered_at", "answered_by", name="missed_report_answered_at_and_by"),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True) | Q(seen_at__isnull=False), name="missed_report_answered_was_seen"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["record", "record_id"], name="missed_report_of_record"),
        ]

    def __str__(self) -> str:
        return _("Report %(number)s") % {"number": self.pk}
