from django.db import migrations

from clinic.accounts.roles import grant

WRITTEN = (
    "page", "source", "evidencestatement", "glossaryterm", "question", "trial", "regulationnote", "bestbet",
    "caseaccount", "clinicianstatement",
)  # fmt: skip
EDITORS = [
    *(f"education.{verb}_{name}" for name in WRITTEN for verb in ("view", "add", "change")),
    "education.view_feedback",
    "education.change_feedback",
    "education.view_reviewer",
]
MANAGERS = [
    *EDITORS,
    "education.publish_page",
    "education.second_sign_page",
    "education.withdraw_page",
    "education.add_reviewer",
    "education.change_reviewer",
]
DOCTORS = ["education.view_page", "education.review_page", "education.withdraw_page", "education.view_reviewer"]


def grant_content(apps, schema_editor):
    grant(apps, {"editor": EDITORS, "manager": MANAGERS, "doctor": DOCTORS})


class Migration(migrations.Migration):
    dependencies = [
        ("education", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(grant_content, migrations.RunPython.noop)]
