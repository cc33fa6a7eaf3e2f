from typing import ClassVar, Final

from django.db import models
from django.db.models import Q

from clinic.core.encrypted_rows import KeyHolder
from clinic.core.fields import EncryptedJSONField, EncryptedTextField
from consultations.enums import Lane, MessageKind
from consultations.models.constraints import one_of

STOPPED: Final = "Not sent: the address was corrected."
"""Why a mail is parked that nobody has to see to: the mail to the corrected address took its place."""
UNDELIVERED: Final = Q(parked_at__isnull=False) & ~Q(last_error=STOPPED)


class OutboxMessage(KeyHolder):
    """A mail the clinic owes somebody. Made in the transaction that causes it; the worker sends it, at least once.

    `key` makes the same cause harmless when repeated. Recipient and payload (which may hold a private link) are sealed;
    a failed row waits until `due_at`, a refused one is parked for staff. `case`: an alert about one safety case.
    `attempts` counts an attempt before it is made, and `crashes` those that ended without any result, because the
    worker died in them.
    """

    key = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=30, choices=MessageKind.choices)
    lane = models.CharField(max_length=10, choices=Lane.choices)
    request = models.ForeignKey(
        "consultations.ConsultationRequest", on_delete=models.PROTECT, null=True, blank=True, related_name="messages"
    )
    case = models.ForeignKey(
        "consultations.SafetyCase", on_delete=models.PROTECT, null=True, blank=True, related_name="alerts"
    )
    recipient = EncryptedTextField()
    payload = EncryptedJSONField(default=dict, holds=dict, emptiable=True)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    stale_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    crashes = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=200, blank=True, default="")
    sent_at = models.DateTimeField(null=True, blank=True)
    parked_at = models.DateTimeField(null=True, blank=True)
    staff_told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            one_of("kind", MessageKind, name="message_kind_known"),
            one_of("lane", Lane, name="message_lane_known"),
            models.CheckConstraint(
                condition=Q(sent_at__isnull=True) | Q(parked_at__isnull=True), name="message_sent_or_parked"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["lane", "due_at"],
                condition=Q(sent_at__isnull=True, parked_at__isnull=True),
                name="message_waiting",
            ),
            models.Index(
                fields=["parked_at"],
                condition=Q(parked_at__isnull=False, staff_told_at__isnull=True),
                name="message_parked_untold",
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()

    @property
    def is_stopped(self) -> bool:
        return self.parked_at is not None and self.last_error == STOPPED
