from django.db import migrations

from clinic.roles import grant

NAMES = ("page", "source", "evidencestatement", "glossaryterm", "question", "trial")
EDIT = [f"education.{verb}_{name}" for name in NAMES for verb in ("view", "add", "change")]


def grant_content(apps, schema_editor):
    grant(apps, {"editor": EDIT, "manager": [*EDIT, "education.publish_page"], "doctor": ["education.view_page"]})


class Migration(migrations.Migration):
    dependencies = [
        ("education", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(grant_content, migrations.RunPython.noop)]
