from django.db import migrations

from clinic.core import append_only

TABLES = ("core_auditevent", "core_auditlink", "core_recordread", "core_patientshown")
ENTRIES = """
CREATE VIEW core_auditentry AS
SELECT 'e' || sequence AS key, sequence AS number, at, action, '' AS page, actor_user_id, actor, target_type,
       target_id, request_id, sequence AS event_id, CAST(NULL AS bigint) AS reading_id
FROM core_auditevent
UNION ALL
SELECT 'r' || id, id, at, action, page, actor_user_id, actor, target_type,
       target_id, request_id, CAST(NULL AS bigint), id
FROM core_recordread
"""


def protect(apps, schema_editor):
    for table in TABLES:
        append_only.protect(schema_editor.connection, table)


def unprotect(apps, schema_editor):
    for table in TABLES:
        append_only.unprotect(schema_editor.connection, table)


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    operations = [
        migrations.RunPython(protect, unprotect),
        migrations.RunSQL(ENTRIES, "DROP VIEW core_auditentry"),
    ]
