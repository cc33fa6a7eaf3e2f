from django.apps import AppConfig


class ConsultationsConfig(AppConfig):
    name = "consultations"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from consultations import checks  # noqa: F401  (registers the system checks)
        from consultations.services import message_kinds

        message_kinds.register()
