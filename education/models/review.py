"""Who may sign for content, what they signed, why a wording may stand, and why a page was reopened."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.core.fields import PersonNameField
from clinic.core.permissions import PermittedQuerySet
from education.models.page import Page


class Reviewer(models.Model):
    """A clinician whose register entry somebody checked, and who may therefore review content under their own name."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reviewer")
    name = PersonNameField(max_length=120, help_text=_("As readers see it, for example “Dr Ada Byron”."))
    role = models.CharField(max_length=120, help_text=_("As readers see it, for example “spine surgeon”."))
    register = models.CharField(max_length=120, help_text=_("The public register, for example “GMC”."))
    register_number = models.CharField(max_length=60)
    checked_on = models.DateField(help_text=_("The day somebody looked the number up. It holds for a year."))
    interests = models.TextField(help_text=_("What they earn from treatments described here. Write “None” if nothing."))

    objects = PermittedQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(name="") & ~Q(role="") & ~Q(register="") & ~Q(register_number="") & ~Q(interests=""),
                name="reviewer_fully_named",
            ),
        ]

    def __str__(self) -> str:
        return self.signature

    @property
    def signature(self) -> str:
        """How a review is signed: name, role, register and number."""
        return gettext("%(name)s, %(role)s (%(register)s %(register_number)s)") % {
            "name": self.name,
            "role": self.role,
            "register": self.register,
            "register_number": self.register_number,
        }


class SignOff(models.Model):
    """What one person said of one exact version of a page. `digest` is of its words: any edit voids it."""

    class Part(models.TextChoices):
        CLINICAL = "clinical", _("Clinical review")
        SECOND = "second", _("Second sign-off")

    class Decision(models.TextChoices):
        APPROVED = "approved", _("Approved")
        CHANGES = "changes", _("Wants changes")

    page = models.ForeignKey(Page, on_delete=models.PROTECT, related_name="sign_offs")
    digest = models.CharField(max_length=64)
    part = models.CharField(max_length=10, choices=Part.choices)
    decision = models.CharField(max_length=10, choices=Decision.choices)
    comment = models.TextField(blank=True, default="")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    signature = models.CharField(max_length=400)
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-at", "-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(part__in=["clinical", "second"]), name="sign_off_part_known"),
            models.CheckConstraint(
                condition=Q(decision="approved") | (Q(decision="changes") & ~Q(comment="")),
                name="sign_off_says_what_to_change",
            ),
        ]

    def __str__(self) -> str:
        return gettext("%(part)s: %(decision)s") % {
            "part": self.get_part_display(),
            "decision": self.get_decision_display(),
        }


class Reopening(models.Model):
    """Why a published page has to be looked at again. It closes when the page is published without that cause."""

    page = models.ForeignKey(Page, on_delete=models.PROTECT, related_name="reopenings")
    cause = models.CharField(max_length=120)
    reason = models.TextField()
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-opened_at", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["page", "cause"], condition=Q(closed_at__isnull=True), name="one_open_reopening_per_cause"
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | Q(closed_at__gte=models.F("opened_at")),
                name="reopening_closes_after_it_opens",
            ),
        ]

    def __str__(self) -> str:
        return self.reason


class ClaimWaiver(models.Model):
    """A written reason why a warned wording may stand. It holds for one sentence, letter by letter, until a day."""

    where = models.CharField(max_length=200)
    rule = models.CharField(max_length=4)
    passage = models.TextField()
    digest = models.CharField(max_length=32)
    reason = models.TextField()
    until = models.DateField()
    given_by = models.CharField(max_length=160)
    given_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["where", "rule"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["where", "rule", "digest"], name="one_reason_per_wording"),
            models.CheckConstraint(condition=~Q(reason=""), name="waiver_reason_not_empty"),
        ]

    def __str__(self) -> str:
        return gettext("%(rule)s in %(where)s") % {"rule": self.rule, "where": self.where}
