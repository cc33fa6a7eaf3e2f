"""The kernel's own rows: what was done and read, how often something was tried, who lives, which keys were used."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from clinic.core import clock
from clinic.core.encrypted_rows import KeyHolder
from clinic.core.fields import EncryptedBytesField, EncryptedJSONField, EncryptedTextField
from clinic.core.permissions import PermittedQuerySet


class AboutQuerySet(PermittedQuerySet[Any]):
    def about(self, target: models.Model) -> Self:
        """The rows about one record, oldest first."""
        named = self.filter(target_type=target._meta.label_lower, target_id=str(target.pk))
        return named.order_by(self.model._meta.pk.name)


class AuditEvent(models.Model):
    """One thing somebody did. Written only by `audit.record`, never changed or removed.

    It commits with what it records, and has its `AuditLink` as soon as the chain is free. `details` and `fields` hold
    codes and names, never what a patient wrote.
    """

    sequence = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    action = models.CharField(max_length=80)
    actor_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="audit_events"
    )
    actor = models.CharField(max_length=80)
    target_type = models.CharField(max_length=100, blank=True)
    target_id = models.CharField(max_length=64, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    fields = models.JSONField(default=list)
    details = models.JSONField(default=dict)

    objects = AboutQuerySet.as_manager()

    class Meta:
        ordering = ["-sequence"]
        verbose_name = _("audit event")
        indexes = [
            models.Index(fields=["target_type", "target_id", "sequence"], name="audit_target"),
            models.Index(fields=["actor_user", "sequence"], name="audit_actor"),
            models.Index(fields=["action", "sequence"], name="audit_action"),
            models.Index(fields=["at", "sequence"], name="audit_at"),
        ]

    def __str__(self) -> str:
        return f"{self.sequence} {self.action}"


class UnchainedEvent(models.Model):
    """An event that waits for its link: written in the transaction of the event, removed in that of the link.

    A list, and not "everything above the highest number in the chain": a transaction may commit after one that took a
    higher number, and its events would be passed over.
    """

    event = models.OneToOneField(AuditEvent, primary_key=True, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return str(self.pk)


class AuditLink(models.Model):
    """One link of the chain: its digest covers the link before it and the whole event. Never changed or removed."""

    position = models.BigIntegerField(primary_key=True)
    event = models.OneToOneField(AuditEvent, on_delete=models.PROTECT, related_name="link")
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.position}:{self.digest}"


class AuditHead(models.Model):
    """The newest link of the audit chain, in one row that whoever adds links locks. It shows a tail cut off."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    position = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64, default="0" * 64)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="audit_one_head")]

    def __str__(self) -> str:
        return f"{self.position}:{self.digest}"


class RecordRead(models.Model):
    """One page about patients that a member of staff was shown. Written only by `reading_log.log`, before the page
    leaves; never changed or removed.

    `action` says which kind of page, `page` which of that kind (a tab, the diary, Today), `target` the record it is
    about, if it is about one. `shown` holds the keys of the rows on it, and under `as` the roles that the
    reader had then; `patients_shown` holds every patient on it.
    """

    at = models.DateTimeField()
    action = models.CharField(max_length=80)
    page = models.CharField(max_length=40, blank=True)
    actor_user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="records_read")
    actor = models.CharField(max_length=80)
    target_type = models.CharField(max_length=100, blank=True)
    target_id = models.CharField(max_length=64, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    shown = models.JSONField(default=dict)

    objects = AboutQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name = "reading"
        indexes = [
            models.Index(fields=["target_type", "target_id", "id"], name="read_target"),
            models.Index(fields=["at", "id"], name="read_at"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.action}"


class PatientShown(models.Model):
    """One patient on a page that was read: the answer to "who has seen my record". Never changed or removed.

    A number and no reference: the core knows no patients, and what was read stays on record when a patient is erased.
    """

    reading = models.ForeignKey(RecordRead, on_delete=models.PROTECT, related_name="patients_shown", db_index=False)
    patient_id = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reading", "patient_id"], name="one_patient_once_a_page")]
        indexes = [models.Index(fields=["patient_id", "reading"], name="patient_shown")]

    def __str__(self) -> str:
        return f"{self.patient_id} in {self.reading_id}"


class UnchainedRead(models.Model):
    """A reading that waits for its batch, as `UnchainedEvent` waits for its link."""

    reading = models.OneToOneField(RecordRead, primary_key=True, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return str(self.pk)


class AuditEntry(models.Model):
    """One line of the audit page: an event or a reading. A view of the database (migration 0002), to read only."""

    key = models.CharField(max_length=24, primary_key=True)
    number = models.BigIntegerField()
    at = models.DateTimeField()
    action = models.CharField(max_length=80)
    page = models.CharField(max_length=40)
    actor_user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.DO_NOTHING, related_name="+")
    actor = models.CharField(max_length=80)
    target_type = models.CharField(max_length=100)
    target_id = models.CharField(max_length=64)
    request_id = models.CharField(max_length=64)
    event = models.ForeignKey(AuditEvent, null=True, on_delete=models.DO_NOTHING, related_name="+")
    reading = models.ForeignKey(RecordRead, null=True, on_delete=models.DO_NOTHING, related_name="+")

    class Meta:
        managed = False
        db_table = "core_auditentry"
        default_permissions = ()
        ordering = ["-at", "-number"]
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")

    def __str__(self) -> str:
        return f"{self.key} {self.action}"


class RateBucket(models.Model):
    """A token bucket for one limited thing. The key is a digest, so addresses and mailboxes are not kept."""

    key = models.CharField(max_length=64, primary_key=True)
    tokens = models.FloatField()
    at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.key[:8]


class Lane(models.TextChoices):
    """Which queue of the outbox a message waits in. Each is served on its own; where one worker must choose, in this
    order.
    """

    ALERTS = "alerts", _("Alerts to staff")
    PATIENTS = "patients", _("Messages to patients")
    STAFF = "staff", _("Notices to staff")


class OutboxMessage(KeyHolder):
    """A message the clinic owes somebody. Queued in the transaction that causes it; the worker sends it, at least once.

    `key` makes the same cause harmless when repeated. `kind` names who composes it (`core/outbox.py`) from `payload`
    and live data, at the first attempt and not before `send_at`; `content` is what was composed, byte for byte, and
    every attempt sends that. `recipient` is the address as known when it was queued; composing puts in the one that
    stands then. `due_at` is the next attempt, `attempts` counts one before it is made, and `crashes` those that ended
    without any result because the worker died in them. `parked_at`: it is not tried any more; staff must see to it,
    unless it `is_stopped`, because something took its place or nobody wants it any longer.
    """

    key = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=40)
    channel = models.CharField(max_length=20)
    lane = models.CharField(max_length=10, choices=Lane.choices)
    payload = EncryptedJSONField(null=True, default=dict, holds=dict)
    recipient = EncryptedTextField(blank=True, default="")
    content = EncryptedBytesField(null=True)
    created_at = models.DateTimeField()
    send_at = models.DateTimeField()
    due_at = models.DateTimeField()
    composed_at = models.DateTimeField(null=True, blank=True)
    content_deleted_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    crashes = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=200, blank=True, default="")
    sent_at = models.DateTimeField(null=True, blank=True)
    parked_at = models.DateTimeField(null=True, blank=True)
    is_stopped = models.BooleanField(default=False)
    staff_told_at = models.DateTimeField(null=True, blank=True)

    objects = PermittedQuerySet.as_manager()

    class Meta:
        verbose_name = "message"
        constraints = [
            models.CheckConstraint(condition=models.Q(lane__in=Lane.values), name="message_lane_known"),
            models.CheckConstraint(
                condition=models.Q(sent_at__isnull=True) | models.Q(parked_at__isnull=True),
                name="message_sent_or_parked",
            ),
            models.CheckConstraint(
                condition=models.Q(is_stopped=False) | models.Q(parked_at__isnull=False),
                name="message_stopped_is_parked",
            ),
            models.CheckConstraint(
                condition=models.Q(due_at__gte=models.F("send_at")), name="message_not_due_before_send_at"
            ),
        ]
        indexes = [
            models.Index(
                fields=["lane", "channel", "due_at"],
                condition=models.Q(sent_at__isnull=True, parked_at__isnull=True),
                name="message_waiting",
            ),
            models.Index(
                fields=["parked_at"],
                condition=models.Q(parked_at__isnull=False, staff_told_at__isnull=True, is_stopped=False),
                name="message_parked_untold",
            ),
        ]

    def __str__(self) -> str:
        return f"Message {self.pk}"


class Heartbeat(models.Model):
    """The last sign of life of a background process, and which of its duties failed in that turn."""

    LATE_AFTER = timedelta(minutes=5)

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()
    failing = models.CharField(max_length=200, blank=True, default="")

    def __str__(self) -> str:
        return self.name

    @classmethod
    def beat(cls, name: str, *, failing: Iterable[str] = ()) -> None:
        cls.objects.update_or_create(name=name, defaults={"at": clock.now(), "failing": ", ".join(failing)[:200]})

    @property
    def is_late(self) -> bool:
        return clock.now() - self.at > self.LATE_AFTER


class KeyFingerprint(models.Model):
    """A key that encrypted something here, or that made the look-up digests; recorded with its first value.

    `name` is the key's id in FIELD_KEYS, or INDEX_KEY. `digest` is an HMAC under the key, which reveals nothing of it.
    A key is retired when its last value was encrypted again under a newer one: from then on it may be missing.
    """

    name = models.CharField(max_length=64, primary_key=True)
    digest = models.CharField(max_length=64)
    first_seen_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(retired_at=None) | models.Q(retired_at__gte=models.F("first_seen_at")),
                name="key_retired_after_first_seen",
            )
        ]

    def __str__(self) -> str:
        return self.name
