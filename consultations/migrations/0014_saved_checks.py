import django.db.models.deletion
from django.db import migrations, models

import clinic.core.fields
import clinic.core.primary_keys


class Migration(migrations.Migration):
    dependencies = [("consultations", "0013_follow_up")]

    operations = [
        migrations.CreateModel(
            name="SavedCheck",
            fields=[
                ("id", clinic.core.primary_keys.DrawnAutoField(primary_key=True, serialize=False)),
                ("email", clinic.core.fields.EncryptedTextField(blank=True, default="")),
                ("email_index", models.CharField(blank=True, default="", max_length=64)),
                ("secret", clinic.core.fields.EncryptedTextField()),
                ("token_hash", models.CharField(blank=True, max_length=64, null=True, unique=True)),
                ("asked", models.PositiveIntegerField(default=0)),
                ("wants_reminder", models.BooleanField(default=False)),
                ("wrong_words", models.PositiveSmallIntegerField(default=0)),
                ("locked_at", models.DateTimeField(blank=True, null=True)),
                ("saved_at", models.DateTimeField()),
                (
                    "response",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="saved",
                        to="consultations.questionnaireresponse",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("email_index", ""), _negated=True),
                        fields=["email_index"],
                        name="saved_check_of_address",
                    )
                ],
            },
        ),
    ]
