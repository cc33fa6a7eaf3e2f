from django.db import migrations

from clinic.accounts.roles import GROUPS, grant

DIARY = ("clinician", "location", "room", "appointmenttype", "availability", "absence")
READ = ("consultationrequest", "safetycase", "appointment", "shift", "shiftchange", "handovernote")
ROTA = ("shift", "shiftchange")
READ_PERMISSIONS = ["core.view_outboxmessage", *(f"consultations.view_{name}" for name in (*READ, *DIARY))]
DIARY_PERMISSIONS = [f"consultations.{verb}_{name}" for name in DIARY for verb in ("add", "change", "delete")]
ROTA_PERMISSIONS = [f"consultations.{verb}_{name}" for name in ROTA for verb in ("add", "change", "delete")]
REPORTS = ["consultations.view_dayend", "consultations.view_missedreport"]
OWN_TIMES = [
    f"consultations.{verb}_{name}" for name in ("availability", "absence") for verb in ("add", "change", "delete")
]


def create_groups(apps, schema_editor):
    grant(apps, dict.fromkeys(GROUPS, ()))
    grant(
        apps,
        {
            "triage": READ_PERMISSIONS,
            "doctor": [*READ_PERMISSIONS, *OWN_TIMES, *REPORTS],
            "manager": [*READ_PERMISSIONS, *DIARY_PERMISSIONS, *ROTA_PERMISSIONS, *REPORTS, "core.view_auditevent"],
        },
    )


class Migration(migrations.Migration):
    dependencies = [
        ("consultations", "0002_overlap_guard"),
        ("core", "0002_audit_append_only"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(create_groups, migrations.RunPython.noop)]
