from django.apps import AppConfig


class ClinicConfig(AppConfig):
    """The site itself: what puts the packages together, and the commands that run it. It has no rows."""

    name = "clinic"
    label = "clinic"
    verbose_name = "Clinic"
