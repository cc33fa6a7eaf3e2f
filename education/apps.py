from django.apps import AppConfig

from clinic.staff.area import NavigationEntry, StaffArea


class EducationConfig(AppConfig):
    name = "education"
    default_auto_field = "django.db.models.BigAutoField"
    staff_area = StaffArea(
        entries=(
            NavigationEntry("Content", "admin:education_page_desk", "education.view_page", 6, covers=("education",)),
        ),
        section="Content",
        home="admin:education_page_desk",
        audit_words="education.presenters.audit_words.audit_words",
    )
