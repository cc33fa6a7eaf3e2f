import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("consultations", "0003_groups")]

    operations = [
        migrations.CreateModel(
            name="ExtraSession",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("on", models.DateField(verbose_name="date")),
                ("opens", models.TimeField(verbose_name="from")),
                ("closes", models.TimeField(verbose_name="until")),
                (
                    "clinician",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="extra_sessions",
                        to="consultations.clinician",
                        verbose_name="clinician",
                    ),
                ),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="extra_sessions",
                        to="consultations.location",
                        verbose_name="location",
                    ),
                ),
            ],
            options={
                "verbose_name": "extra session",
                "verbose_name_plural": "extra sessions",
                "ordering": ["on", "opens"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("closes__gt", models.F("opens"))), name="extra_session_closes_after_opens"
                    ),
                    models.UniqueConstraint(fields=("clinician", "on", "opens"), name="one_extra_session_per_start"),
                ],
            },
        ),
    ]
