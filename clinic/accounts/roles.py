"""Grants of Django permissions to the staff groups, made by migrations so that every installation has the same four."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.auth.management import create_permissions

GROUPS = ("triage", "doctor", "editor", "manager")


def grant(apps: Any, grants: Mapping[str, Sequence[str]]) -> None:
    """Give each group its permissions ("app.codename"), making groups and permissions that are not there yet.

    Django makes permissions after all migrations have run, which is too late for a migration that hands them out.
    """
    group_model = apps.get_model("auth", "Group")
    permission_model = apps.get_model("auth", "Permission")
    for label in sorted({name.split(".")[0] for names in grants.values() for name in names}):
        config = apps.get_app_config(label)
        # The stand-in for an app inside a migration lacks this mark, without which no permission is made.
        original, config.models_module = getattr(config, "models_module", None), True
        create_permissions(config, apps=apps, verbosity=0)
        config.models_module = original
    for group_name, names in grants.items():
        group, _ = group_model.objects.get_or_create(name=group_name)
        for name in names:
            label, codename = name.split(".")
            group.permissions.add(permission_model.objects.get(content_type__app_label=label, codename=codename))
