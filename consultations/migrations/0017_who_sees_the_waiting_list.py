from django.contrib.auth.management import create_permissions
from django.db import migrations

from clinic.core.schema_changes import in_batches


def as_bookings(apps, schema_editor):
    """Whoever sees bookings sees who waits for one."""
    config = apps.get_app_config("consultations")
    # The stand-in for an app inside a migration lacks this mark, without which no permission is made.
    original, config.models_module = getattr(config, "models_module", None), True
    create_permissions(config, apps=apps, verbosity=0)
    config.models_module = original
    ours = apps.get_model("auth", "Permission").objects.filter(content_type__app_label="consultations")
    waiting = ours.get(codename="view_waitingentry")

    def grant(groups):
        for group in groups:
            if group.permissions.filter(content_type__app_label="consultations", codename="view_appointment").exists():
                group.permissions.add(waiting)

    in_batches(apps.get_model("auth", "Group").objects.all(), grant)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("consultations", "0016_waiting_list"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(as_bookings, migrations.RunPython.noop)]
