from django.db import migrations

from clinic.core import append_only

TABLE = "core_auditevent"


def protect(apps, schema_editor):
    append_only.protect(schema_editor.connection, TABLE)


def unprotect(apps, schema_editor):
    append_only.unprotect(schema_editor.connection, TABLE)


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    operations = [migrations.RunPython(protect, unprotect)]
