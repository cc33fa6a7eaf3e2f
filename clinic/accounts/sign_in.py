"""How staff sign in and change their password."""

from typing import Any, Final

from django.contrib.admin.forms import AdminAuthenticationForm, AdminPasswordChangeForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from clinic.core import limits
from clinic.core.error_summary import SummaryFirst

QUARTER_HOUR: Final = 15 * 60
TRIES_A_NAME: Final = 10
TRIES_A_NETWORK: Final = 60


class OwnPasswordForm(SummaryFirst, AdminPasswordChangeForm):
    pass


class StaffSignInForm(SummaryFirst, AdminAuthenticationForm):
    """Counts tries a network and name, so that guessing is slow and nobody can lock a colleague out from elsewhere."""

    error_messages = {
        **AdminAuthenticationForm.error_messages,
        "invalid_login": _("This name and password do not belong together. Check both: capital letters count."),
        "too_many": _("Too many tries to sign in from here. Wait 15 minutes, then try again, or ask a manager."),
    }

    def clean(self) -> dict[str, Any]:
        network = limits.client_network(self.request) if self.request else "unknown"
        name = str(self.cleaned_data.get("username", "")).casefold()
        allowed = limits.allow(f"sign-in:{network}", rate=TRIES_A_NETWORK, per_seconds=QUARTER_HOUR) and limits.allow(
            f"sign-in:{network}:{name}", rate=TRIES_A_NAME, per_seconds=QUARTER_HOUR
        )
        if not allowed:
            raise ValidationError(self.error_messages["too_many"], code="too_many")
        cleaned: dict[str, Any] = super().clean()
        return cleaned
