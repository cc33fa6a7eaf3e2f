from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from clinic.staff.area import NavigationEntry, StaffArea


class EducationConfig(AppConfig):
    name = "education"
    default_auto_field = "django.db.models.BigAutoField"
    staff_area = StaffArea(
        entries=(
            NavigationEntry(_("Content"), "admin:education_page_desk", "education.view_page", 6, covers=("education",)),
        ),
        section=_("Content"),
        home="admin:education_page_desk",
        audit_labels="education.presenters.audit_labels.audit_labels",
    )
