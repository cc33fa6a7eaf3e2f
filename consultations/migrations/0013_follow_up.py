import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Columns that may be NULL and nothing else: SQLite adds them without writing the tables anew, triggers and all."""

    dependencies = [("consultations", "0012_outside")]

    operations = [
        migrations.AddField("consultationrequest", "follow_up_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("consultationrequest", "follow_up_from", models.DateField(blank=True, null=True)),
        migrations.AddField(
            "consultationrequest",
            "follow_up_clinician",
            models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="consultations.clinician",
            ),
        ),
        migrations.AddField("consultationrequest", "section_answered_at", models.DateTimeField(blank=True, null=True)),
    ]
