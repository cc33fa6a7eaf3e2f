from django.apps import AppConfig

from clinic.core import permissions
from clinic.staff.area import NavigationEntry, StaffArea

DIARY = (
    "appointment",
    "availability",
    "absence",
    "clinician",
    "location",
    "room",
    "appointmenttype",
    "shift",
    "shiftchange",
)

HAND_OVER = ("handovernote", "dayend", "missedreport")


class ConsultationsConfig(AppConfig):
    name = "consultations"
    default_auto_field = "django.db.models.BigAutoField"
    staff_area = StaffArea(
        entries=(
            NavigationEntry("Today", "admin:index", "", 1),
            NavigationEntry(
                "Requests",
                "admin:consultations_consultationrequest_changelist",
                "consultations.view_consultationrequest",
                2,
            ),
            NavigationEntry(
                "Safety cases", "admin:consultations_safetycase_changelist", "consultations.view_safetycase", 3
            ),
            NavigationEntry("Messages", "admin:core_outboxmessage_changelist", "core.view_outboxmessage", 4),
            NavigationEntry(
                "Diary",
                "admin:consultations_appointment_changelist",
                "consultations.view_appointment",
                5,
                covers=tuple(f"admin:consultations_{model}_changelist" for model in DIARY),
            ),
            NavigationEntry(
                "Hand-over",
                "admin:consultations_handovernote_changelist",
                "consultations.view_handovernote",
                5,
                covers=tuple(f"admin:consultations_{model}_changelist" for model in HAND_OVER),
            ),
        ),
        section="Diary",
        home="admin:consultations_appointment_changelist",
        names={
            "consultations.appointment": ("booking", "bookings"),
            "consultations.appointmenttype": ("kind of visit", "kinds of visit"),
            "consultations.availability": ("weekly time", "weekly times"),
            "consultations.consultationrequest": ("request", "requests"),
            "consultations.location": ("place", "places"),
            "consultations.shift": ("weekly shift", "weekly shifts"),
            "consultations.shiftchange": ("day that is otherwise", "days that are otherwise"),
            "core.outboxmessage": ("message", "messages"),
        },
        today="consultations.admin.today.today_context",
        news="consultations.presenters.news.news_for",
        audit_words="consultations.presenters.audit_words.audit_words",
        holdings="consultations.presenters.holdings.holdings_box",
        hand_over="consultations.services.leaving.pass_on_if_left",
    )

    def ready(self) -> None:
        from consultations import checks  # noqa: F401  (registers the system checks)
        from consultations.permissions import rule
        from consultations.services import message_kinds

        permissions.register("consultations", rule)
        message_kinds.register()
