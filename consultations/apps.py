from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from clinic.core import permissions
from clinic.staff.area import NavigationEntry, StaffArea

DIARY = (
    "appointment",
    "availability",
    "extrasession",
    "absence",
    "clinician",
    "location",
    "room",
    "appointmenttype",
    "shift",
    "shiftchange",
    "waitingentry",
)

HAND_OVER = ("handovernote", "dayend", "missedreport")


class ConsultationsConfig(AppConfig):
    name = "consultations"
    default_auto_field = "django.db.models.BigAutoField"
    staff_area = StaffArea(
        entries=(
            NavigationEntry(_("Today"), "admin:index", "", 1),
            NavigationEntry(
                _("Requests"),
                "admin:consultations_consultationrequest_changelist",
                "consultations.view_consultationrequest",
                2,
            ),
            NavigationEntry(
                _("Safety cases"),
                "admin:consultations_safetycase_changelist",
                "consultations.view_safetycase",
                3,
            ),
            NavigationEntry(_("Messages"), "admin:core_outboxmessage_changelist", "core.view_outboxmessage", 4),
            NavigationEntry(
                _("Diary"),
                "admin:consultations_appointment_changelist",
                "consultations.view_appointment",
                5,
                covers=tuple(f"admin:consultations_{model}_changelist" for model in DIARY),
            ),
            NavigationEntry(
                _("Hand-over"),
                "admin:consultations_handovernote_changelist",
                "consultations.view_handovernote",
                5,
                covers=tuple(f"admin:consultations_{model}_changelist" for model in HAND_OVER),
            ),
        ),
        section=_("Diary"),
        home="admin:consultations_appointment_changelist",
        names={
            "consultations.appointment": (_("booking"), _("bookings")),
            "consultations.appointmenttype": (_("appointment type"), _("appointment types")),
            "consultations.availability": (_("availability"), _("availability")),
            "consultations.consultationrequest": (_("request"), _("requests")),
            "consultations.extrasession": (_("extra session"), _("extra sessions")),
            "consultations.location": (_("location"), _("locations")),
            "consultations.shift": (_("weekly shift"), _("weekly shifts")),
            "consultations.shiftchange": (
                _("day that is otherwise"),
                _("days that are otherwise"),
            ),
            "core.outboxmessage": (_("message"), _("messages")),
        },
        today="consultations.admin.today.today_context",
        news="consultations.presenters.news.news_for",
        audit_labels="consultations.presenters.audit_labels.audit_labels",
        holdings="consultations.presenters.holdings.holdings_box",
        hand_over="consultations.services.leaving.pass_on_if_left",
    )

    def ready(self) -> None:
        from consultations import checks  # noqa: F401  (registers the system checks)
        from consultations.permissions import rule
        from consultations.services import message_kinds

        permissions.register("consultations", rule)
        message_kinds.register()
