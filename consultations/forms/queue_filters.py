"""What the list of requests can be narrowed to, and how somebody is looked for."""

import dataclasses
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.core.wording import Wording
from consultations.enums import (
    CLOSED_STATUSES,
    OPEN_STATUSES,
    TO_TRIAGE,
    WAITING_FOR_PATIENT,
    Outcome,
    Priority,
    RequestStatus,
)

UNREAD: Final = "unread"
"""The tab of what patients wrote and nobody has read, whatever the status."""
TABS: Final[dict[str, tuple[Wording, tuple[RequestStatus, ...]]]] = {
    "all": (_("All open"), OPEN_STATUSES),
    UNREAD: (_("To read"), ()),
    "triage": (_("To triage"), TO_TRIAGE),
    "doctor": (_("With a doctor"), (RequestStatus.WITH_DOCTOR,)),
    "waiting": (_("Waiting for patient"), WAITING_FOR_PATIENT),
    "booked": (_("Booked"), (RequestStatus.BOOKED,)),
    "closed": (_("Closed"), CLOSED_STATUSES),
}
AGES: Final = {"day": (_("Sent in the last day"), 1), "week": (_("Sent in the last week"), 7)}
OLDER: Final = ("older", _("Sent more than a week ago"))


@dataclasses.dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to. The default hides nothing that is open."""

    tab: str = "all"
    outcome: str = ""
    priority: str = ""
    age: str = ""
    mine: bool = False

    @property
    def is_of_all(self) -> bool:
        return self.tab == "all"

    @property
    def is_to_triage(self) -> bool:
        return self.tab == "triage"

    @property
    def is_narrowed(self) -> bool:
        return bool(self.outcome or self.priority or self.age or self.mine)


class QueueFilterForm(forms.Form):
    """Filters of the list. A value that makes no sense narrows nothing, so that no typing error hides a request."""

    tab = forms.ChoiceField(choices=[(key, label) for key, (label, _statuses) in TABS.items()], required=False)
    outcome = forms.ChoiceField(label=_("Result"), choices=[("", _("Any result")), *Outcome.choices], required=False)
    priority = forms.ChoiceField(
        label=_("Priority"), choices=[("", _("Any priority")), *Priority.choices], required=False
    )
    age = forms.ChoiceField(
        label=_("Age of request"),
        choices=[("", _("Any age")), *[(key, label) for key, (label, _days) in AGES.items()], OLDER],
        required=False,
    )
    mine = forms.ChoiceField(choices=[("on", _("Only mine"))], required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "filter-%s", **kwargs})
        for name in ("outcome", "priority", "age"):
            self.fields[name].widget.attrs["class"] = "form-select"

    def filters(self) -> Filters:
        self.is_valid()
        given = {name: value for name, value in self.cleaned_data.items() if value}
        return Filters(**{"tab": "all", **given, "mine": "mine" in given})


class SearchForm(forms.Form):
    q = forms.CharField(
        label=_("Find by name, reference, date of birth, phone or email"),
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"class": "form-control", "type": "search", "autocomplete": "off"}),
    )
