from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CoreConfig(AppConfig):
    name = "clinic.core"
    label = "core"
    verbose_name = _("Clinic")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Each registers its system checks, but for the first.
        from clinic.core import (  # noqa: F401
            audit_heads,
            checks,
            encryption_checks,
            line_checks,
            outside_checks,
            restored_copy,
            role_checks,
            text_messages,
            time_zone_checks,
            transport_checks,
        )
        from clinic.core.backups import checks as backup_checks  # noqa: F401

        audit_heads.register()
        restored_copy.register()
        text_messages.register()
