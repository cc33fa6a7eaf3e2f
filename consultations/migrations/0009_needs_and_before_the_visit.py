import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import clinic.core.fields
import clinic.core.primary_keys


class Migration(migrations.Migration):
    dependencies = [
        ("consultations", "0008_messages_that_follow_the_visit"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="appointment",
            name="video_link",
            field=clinic.core.fields.EncryptedTextField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="appointmenttype",
            name="bring",
            field=models.TextField(
                blank=True,
                db_default="",
                default="",
                help_text="One thing on each line, as patients read it on the private page beside what we tell everybody: the scan, the list of medicines, clothes to move in.",
                max_length=600,
                verbose_name="what to bring",
            ),
        ),
        migrations.AddField(
            model_name="location",
            name="step_free",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="For who cannot use stairs, as visitors read it on the private page: the ramp, the lift, the accessible toilet, or that there is no step-free way. Left empty, the page tells them to ask.",
                max_length=300,
                verbose_name="step-free access",
            ),
        ),
        migrations.CreateModel(
            name="VisitNeeds",
            fields=[
                ("id", clinic.core.primary_keys.DrawnAutoField(primary_key=True, serialize=False)),
                ("record", clinic.core.fields.EncryptedJSONField()),
                ("told_at", models.DateTimeField()),
                (
                    "patient",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="visit_needs",
                        to="consultations.patient",
                    ),
                ),
                (
                    "told_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-told_at", "-pk"],
            },
        ),
    ]
