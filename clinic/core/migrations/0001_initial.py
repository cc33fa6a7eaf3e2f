import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import clinic.core.encrypted_rows
import clinic.core.fields
import clinic.core.primary_keys


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("key", models.CharField(max_length=24, primary_key=True, serialize=False)),
                ("number", models.BigIntegerField()),
                ("at", models.DateTimeField()),
                ("action", models.CharField(max_length=80)),
                ("page", models.CharField(max_length=40)),
                ("actor", models.CharField(max_length=80)),
                ("target_type", models.CharField(max_length=100)),
                ("target_id", models.CharField(max_length=64)),
                ("request_id", models.CharField(max_length=64)),
            ],
            options={
                "verbose_name": "audit entry",
                "verbose_name_plural": "audit entries",
                "db_table": "core_auditentry",
                "ordering": ["-at", "-number"],
                "managed": False,
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="AuditEvent",
            fields=[
                ("sequence", models.BigAutoField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("action", models.CharField(max_length=80)),
                ("actor", models.CharField(max_length=80)),
                ("target_type", models.CharField(blank=True, max_length=100)),
                ("target_id", models.CharField(blank=True, max_length=64)),
                ("request_id", models.CharField(blank=True, max_length=64)),
                ("fields", models.JSONField(default=list)),
                ("details", models.JSONField(default=dict)),
                (
                    "actor_user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="audit_events",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "audit event",
                "ordering": ["-sequence"],
            },
        ),
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                ("name", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("failing", models.CharField(blank=True, default="", max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name="RateBucket",
            fields=[
                ("key", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("tokens", models.FloatField()),
                ("at", models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name="RecordRead",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("action", models.CharField(max_length=80)),
                ("page", models.CharField(blank=True, max_length=40)),
                ("actor", models.CharField(max_length=80)),
                ("target_type", models.CharField(blank=True, max_length=100)),
                ("target_id", models.CharField(blank=True, max_length=64)),
                ("request_id", models.CharField(blank=True, max_length=64)),
                ("shown", models.JSONField(default=dict)),
                (
                    "actor_user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="records_read",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "reading",
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="UnchainedEvent",
            fields=[
                (
                    "event",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="core.auditevent",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="AuditHead",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("position", models.BigIntegerField(default=0)),
                (
                    "digest",
                    models.CharField(
                        default="0000000000000000000000000000000000000000000000000000000000000000", max_length=64
                    ),
                ),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="audit_one_head")],
            },
        ),
        migrations.CreateModel(
            name="AuditLink",
            fields=[
                ("position", models.BigIntegerField(primary_key=True, serialize=False)),
                ("previous", models.CharField(max_length=64)),
                ("digest", models.CharField(max_length=64)),
                (
                    "event",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="link", to="core.auditevent"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="KeyFingerprint",
            fields=[
                ("name", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("digest", models.CharField(max_length=64)),
                ("first_seen_at", models.DateTimeField()),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("retired_at", None), ("retired_at__gte", models.F("first_seen_at")), _connector="OR"
                        ),
                        name="key_retired_after_first_seen",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="OutboxMessage",
            fields=[
                ("id", clinic.core.primary_keys.DrawnAutoField(primary_key=True, serialize=False)),
                ("data_key", clinic.core.encrypted_rows.DataKeyField(blank=True, default="", editable=False)),
                ("key", models.CharField(max_length=120, unique=True)),
                ("kind", models.CharField(max_length=40)),
                ("channel", models.CharField(max_length=20)),
                (
                    "lane",
                    models.CharField(
                        choices=[
                            ("alerts", "Alerts to staff"),
                            ("patients", "Messages to patients"),
                            ("staff", "Notices to staff"),
                        ],
                        max_length=10,
                    ),
                ),
                ("payload", clinic.core.fields.EncryptedJSONField(default=dict, null=True)),
                ("recipient", clinic.core.fields.EncryptedTextField(blank=True, default="")),
                ("content", clinic.core.fields.EncryptedBytesField(null=True)),
                ("created_at", models.DateTimeField()),
                ("send_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("composed_at", models.DateTimeField(blank=True, null=True)),
                ("content_deleted_at", models.DateTimeField(blank=True, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("crashes", models.PositiveSmallIntegerField(default=0)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("last_error", models.CharField(blank=True, default="", max_length=200)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("parked_at", models.DateTimeField(blank=True, null=True)),
                ("is_stopped", models.BooleanField(default=False)),
                ("staff_told_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "message",
                "indexes": [
                    models.Index(
                        condition=models.Q(("parked_at__isnull", True), ("sent_at__isnull", True)),
                        fields=["lane", "channel", "due_at"],
                        name="message_waiting",
                    ),
                    models.Index(
                        condition=models.Q(
                            ("is_stopped", False), ("parked_at__isnull", False), ("staff_told_at__isnull", True)
                        ),
                        fields=["parked_at"],
                        name="message_parked_untold",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("lane__in", ["alerts", "patients", "staff"])), name="message_lane_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("sent_at__isnull", True), ("parked_at__isnull", True), _connector="OR"),
                        name="message_sent_or_parked",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("is_stopped", False), ("parked_at__isnull", False), _connector="OR"),
                        name="message_stopped_is_parked",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("due_at__gte", models.F("send_at"))), name="message_not_due_before_send_at"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="UnchainedRead",
            fields=[
                (
                    "reading",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="core.recordread",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PatientShown",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("patient_id", models.BigIntegerField()),
                (
                    "reading",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="patients_shown",
                        to="core.recordread",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["target_type", "target_id", "sequence"], name="audit_target"),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["actor_user", "sequence"], name="audit_actor"),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["action", "sequence"], name="audit_action"),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["at", "sequence"], name="audit_at"),
        ),
        migrations.AddIndex(
            model_name="recordread",
            index=models.Index(fields=["target_type", "target_id", "id"], name="read_target"),
        ),
        migrations.AddIndex(
            model_name="recordread",
            index=models.Index(fields=["at", "id"], name="read_at"),
        ),
        migrations.AddIndex(
            model_name="patientshown",
            index=models.Index(fields=["patient_id", "reading"], name="patient_shown"),
        ),
        migrations.AddConstraint(
            model_name="patientshown",
            constraint=models.UniqueConstraint(fields=("reading", "patient_id"), name="one_patient_once_a_page"),
        ),
    ]
