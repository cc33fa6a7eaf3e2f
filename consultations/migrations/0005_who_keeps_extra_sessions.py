from django.contrib.auth.management import create_permissions
from django.db import migrations

from clinic.core.schema_changes import in_batches

VERBS = ("view", "add", "change", "delete")


def as_weekly_hours(apps, schema_editor):
    """Each group may do with extra sessions what it may do with weekly hours."""
    config = apps.get_app_config("consultations")
    # The stand-in for an app inside a migration lacks this mark, without which no permission is made.
    original, config.models_module = getattr(config, "models_module", None), True
    create_permissions(config, apps=apps, verbosity=0)
    config.models_module = original
    ours = apps.get_model("auth", "Permission").objects.filter(content_type__app_label="consultations")
    fresh = {verb: ours.get(codename=f"{verb}_extrasession") for verb in VERBS}

    def grant(groups):
        for group in groups:
            for verb, permission in fresh.items():
                if group.permissions.filter(
                    content_type__app_label="consultations", codename=f"{verb}_availability"
                ).exists():
                    group.permissions.add(permission)

    in_batches(apps.get_model("auth", "Group").objects.all(), grant)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("consultations", "0004_extra_sessions"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(as_weekly_hours, migrations.RunPython.noop)]
