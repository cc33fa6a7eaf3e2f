"""Accounts of real people and statements of named clinicians: a page each, and what must be on file before it shows."""

import datetime
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.core.fields import PersonNameField
from clinic.core.permissions import PermittedQuerySet
from education.models.page import Page


class CaseAccount(models.Model):
    """What is on file for a page that tells one real person's story. Without all of it the page cannot be published."""

    class Result(models.TextChoices):
        BETTER = "better", _("Felt better")
        NO_CHANGE = "no_change", _("No change")
        WORSE = "worse", _("Felt worse, or was harmed")

    page = models.OneToOneField(Page, on_delete=models.PROTECT, related_name="case_account")
    result = models.CharField(
        max_length=20, choices=Result.choices, help_text=_("Every good result needs another beside it.")
    )
    consent_on = models.DateField(
        help_text=_("Written consent to this use, apart from consent to treatment. Asked anew after 24 months.")
    )
    consent_covers = models.TextField(help_text=_("Which use and which channel the person agreed to, in their words."))
    consent_taken_by = PersonNameField(max_length=120, help_text=_("Never the clinician who treats them."))
    treated_by = PersonNameField(max_length=120)
    payment = models.CharField(
        max_length=200, help_text=_("“None”, or what was paid: it is printed beside the account.")
    )
    read_by_person_on = models.DateField(null=True, blank=True, help_text=_("When the person read the final text."))
    privacy_reviewed_on = models.DateField(null=True, blank=True)
    privacy_reviewed_by = PersonNameField(max_length=120, blank=True, default="")
    sampling = models.TextField(help_text=_("How this person was chosen, set before: every nth who agreed, or all."))
    asked = models.PositiveIntegerField(
        default=0, help_text=_("How many people were asked: printed beside the account.")
    )
    agreed = models.PositiveIntegerField(default=0, help_text=_("How many of them agreed."))
    has_timeline = models.BooleanField(default=False, help_text=_("CARE: what happened when."))
    has_all_treatments = models.BooleanField(default=False, help_text=_("CARE: every treatment, not only one."))
    has_dated_scores = models.BooleanField(default=False, help_text=_("CARE: outcome scores with their dates."))
    has_unwanted_events = models.BooleanField(default=False, help_text=_("CARE: what went wrong, or that nothing did."))
    has_own_view = models.BooleanField(default=False, help_text=_("CARE: how the person sees it."))

    objects = PermittedQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["page"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(result__in=["better", "no_change", "worse"]), name="account_result_known"
            ),
            models.CheckConstraint(condition=Q(agreed__lte=F("asked")), name="account_agreed_within_asked"),
            models.CheckConstraint(
                condition=~Q(consent_taken_by=F("treated_by")), name="account_consent_taken_by_another"
            ),
        ]

    def __str__(self) -> str:
        return gettext("Account: %(title)s") % {"title": self.page.title}

    CONSENT_HOLDS: ClassVar = datetime.timedelta(days=730)

    @property
    def consent_ends_on(self) -> datetime.date:
        return self.consent_on + self.CONSENT_HOLDS

    def beside(self) -> dict[str, Any]:
        """What is printed beside the account, and so belongs to the words that are signed."""
        return {
            "kind": "account",
            "result": self.get_result_display(),
            "payment": self.payment,
            "sampling": self.sampling,
            "asked": self.asked,
            "agreed": self.agreed,
        }


class ClinicianStatement(models.Model):
    """What is on file for a page that prints a named clinician's opinion."""

    page = models.OneToOneField(Page, on_delete=models.PROTECT, related_name="clinician_statement")
    name = PersonNameField(max_length=120, help_text=_("A real person who approved these words."))
    role = models.CharField(max_length=120)
    register = models.CharField(max_length=120)
    register_number = models.CharField(max_length=60)
    register_checked_on = models.DateField(help_text=_("The day somebody looked the number up. It holds for a year."))
    approved_on = models.DateField(
        null=True, blank=True, help_text=_("When the person approved the final words in writing.")
    )
    interests = models.TextField(
        help_text=_("What they earn from the treatment. Write “None” if nothing. It is printed.")
    )
    evidence = models.CharField(
        max_length=10, help_text=_("The code of the graded statement printed beside the opinion.")
    )

    objects = PermittedQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(name="") & ~Q(register="") & ~Q(register_number="") & ~Q(interests=""),
                name="statement_fully_named",
            ),
        ]

    def __str__(self) -> str:
        return gettext("Statement: %(name)s") % {"name": self.name}

    def beside(self) -> dict[str, Any]:
        return {
            "kind": "statement",
            "name": self.name,
            "role": self.role,
            "register": " ".join((self.register, self.register_number)),
            "interests": self.interests,
            "evidence": self.evidence,
        }
