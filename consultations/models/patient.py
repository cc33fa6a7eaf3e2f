import datetime
from typing import ClassVar, Final

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from clinic.core.encrypted_rows import KeyHolder
from clinic.core.fields import EncryptedTextField, PersonNameField
from clinic.core.names import greeting_name
from clinic.core.people import NamedModel, NamedQuerySet
from consultations.enums import ContactPreference, SafeToContact
from consultations.models.constraints import one_of

EARLIEST_BIRTH = datetime.date(1900, 1, 1)
LATEST_DATE = datetime.date(2100, 1, 1)
ERASED_NAME: Final = gettext_noop("Erased record")
"""Stands where the name of a person stood whose data were erased, and where that of who helped them did."""


class Patient(KeyHolder, NamedModel):
    """A person as they described themselves with one request or call-back; made when the contact details are sent.

    Who asks to be called back from a page that says "get help" is not asked for a date of birth.

    Two requests by one person make two rows, each with a person of its own (`own_person`). `person` is who stands
    behind it now: one for all rows that are joined (`services/persons.py`), which is never done in any other way.

    `email_verified_at` is when a private link that was mailed to the address of now was opened with the date of birth.
    It is never set for a request on behalf of somebody else: that mailbox is the helper's.

    What the person told us stands under the key of this row, and under those of the responses that were sent with it,
    which stand under this one. An erased row (`services/erasure.py`) stays, because the audit trail names it, without
    its key and without a word about anybody.
    """

    name = PersonNameField(max_length=120)
    birth_on = models.DateField(_("date of birth"), null=True, blank=True)
    email = EncryptedTextField(blank=True, default="")
    email_index = models.CharField(max_length=64, blank=True, default="", db_index=True, editable=False)
    email_verified_at = models.DateTimeField(null=True, blank=True, editable=False)
    phone = EncryptedTextField(
        blank=True, default="", help_text=_("What staff dial, or the words of who left no number.")
    )
    phone_as_typed = EncryptedTextField(blank=True, default="")
    phone_index = models.CharField(max_length=64, blank=True, default="", db_index=True, editable=False)
    contact_by = models.CharField(max_length=10, choices=ContactPreference.choices, default=ContactPreference.EITHER)
    safe_to_contact = models.CharField(max_length=20, choices=SafeToContact.choices, default=SafeToContact.ANY)
    created_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)
    own_person = models.OneToOneField("consultations.Person", on_delete=models.PROTECT, related_name="own_row")
    person = models.ForeignKey("consultations.Person", on_delete=models.PROTECT, related_name="rows")

    objects = NamedQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(birth_on__gte=EARLIEST_BIRTH, birth_on__lt=LATEST_DATE), name="patient_birth_on_in_range"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="patient_name_not_empty"),
            models.CheckConstraint(condition=~Q(name_key=""), name="patient_name_key_not_empty"),
            models.CheckConstraint(
                condition=(Q(erased_at__isnull=True) & ~Q(data_key=""))
                | Q(
                    erased_at__isnull=False,
                    data_key="",
                    name=ERASED_NAME,
                    birth_on__isnull=True,
                    email_index="",
                    phone_index="",
                ),
                name="patient_has_a_key_or_is_erased",
            ),
            models.CheckConstraint(
                condition=Q(email_verified_at__isnull=True) | ~Q(email_index=""), name="patient_verified_has_an_address"
            ),
            one_of("contact_by", ContactPreference, name="patient_contact_by_known"),
            one_of("safe_to_contact", SafeToContact, name="patient_safe_to_contact_known"),
        ]
        indexes: ClassVar = [models.Index(fields=["birth_on"], name="patient_by_birth")]

    def __str__(self) -> str:
        return self.name

    @property
    def first_name(self) -> str:
        """The name to greet with; "" when the name has none."""
        return greeting_name(self.name)

    def age_on(self, day: datetime.date) -> int | None:
        """Whole years; someone born on 29 February turns a year older on 1 March of a common year."""
        if self.birth_on is None:
            return None
        return day.year - self.birth_on.year - ((day.month, day.day) < (self.birth_on.month, self.birth_on.day))
