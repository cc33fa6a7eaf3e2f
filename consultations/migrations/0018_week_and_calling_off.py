import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("consultations", "0017_who_sees_the_waiting_list"),
    ]

    operations = [
        migrations.AddField(
            model_name="absence",
            name="called_off_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="appointment",
            name="called_off_for",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="called_off",
                to="consultations.absence",
            ),
        ),
        migrations.CreateModel(
            name="RoomClosure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("starts_at", models.DateTimeField(verbose_name="from")),
                ("ends_at", models.DateTimeField(verbose_name="until")),
                ("reason", models.CharField(blank=True, default="", max_length=80, verbose_name="reason")),
                (
                    "room",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="closures",
                        to="consultations.room",
                        verbose_name="room",
                    ),
                ),
            ],
            options={
                "verbose_name": "room closure",
                "verbose_name_plural": "room closures",
                "ordering": ["starts_at"],
                "indexes": [models.Index(fields=["room", "starts_at"], name="closures_of_a_room")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="room_closure_ends_after_start"
                    )
                ],
            },
        ),
    ]
