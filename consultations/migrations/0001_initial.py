import datetime

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import clinic.core.clock
import clinic.core.encrypted_rows
import clinic.core.fields
import clinic.core.people
import clinic.core.primary_keys
import consultations.models.resources


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("core", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Absence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("starts_at", models.DateTimeField(verbose_name="from")),
                ("ends_at", models.DateTimeField(verbose_name="until")),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="For staff only. No health details.",
                        max_length=80,
                        verbose_name="reason",
                    ),
                ),
            ],
            options={
                "verbose_name": "absence",
                "verbose_name_plural": "absences",
                "ordering": ["starts_at"],
            },
        ),
        migrations.CreateModel(
            name="AppointmentType",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, unique=True, verbose_name="name")),
                (
                    "minutes",
                    models.PositiveSmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(10),
                            django.core.validators.MaxValueValidator(180),
                        ],
                        verbose_name="minutes",
                    ),
                ),
                (
                    "modality",
                    models.CharField(
                        choices=[("clinic", "At the clinic"), ("phone", "By phone"), ("video", "By video")],
                        default="clinic",
                        max_length=10,
                        verbose_name="modality",
                    ),
                ),
                (
                    "price_text",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="As patients read it before they choose a time and in the email, for example: $180, paid at the visit. Left empty, the pages tell them to ask. Name no condition or treatment: it stands in mails.",
                        max_length=160,
                        verbose_name="what it costs",
                    ),
                ),
                (
                    "any_clinician",
                    models.BooleanField(
                        default=True,
                        help_text="Untick to choose who gives it. Whoever joins later gives it too while this is ticked.",
                        verbose_name="every bookable clinician gives it",
                    ),
                ),
                (
                    "needs_room",
                    models.BooleanField(
                        default=False,
                        help_text="Ticked, a time is offered only while one of the rooms below is free at that location.",
                        verbose_name="needs a room",
                    ),
                ),
                (
                    "buffer_before_minutes",
                    models.PositiveSmallIntegerField(
                        default=0,
                        help_text="0 to 120. To prepare: clinician and room are occupied, the patient is not told.",
                        validators=[django.core.validators.MaxValueValidator(120)],
                        verbose_name="minutes kept free before",
                    ),
                ),
                (
                    "buffer_after_minutes",
                    models.PositiveSmallIntegerField(
                        default=0,
                        help_text="0 to 120. To write up and clean: clinician and room are occupied, the patient is not told.",
                        validators=[django.core.validators.MaxValueValidator(120)],
                        verbose_name="minutes kept free after",
                    ),
                ),
                (
                    "step_minutes",
                    models.PositiveSmallIntegerField(
                        default=15,
                        help_text="5 to 240. Times are offered at least this far apart, and never closer than visit and buffers take.",
                        validators=[
                            django.core.validators.MinValueValidator(5),
                            django.core.validators.MaxValueValidator(240),
                        ],
                        verbose_name="minutes between start times",
                    ),
                ),
                (
                    "notice_hours",
                    models.PositiveSmallIntegerField(
                        default=12,
                        help_text="0 to 720. Times nearer than this are not offered.",
                        validators=[django.core.validators.MaxValueValidator(720)],
                        verbose_name="hours of notice",
                    ),
                ),
                (
                    "horizon_days",
                    models.PositiveSmallIntegerField(
                        default=90,
                        help_text="1 to 365. Times further away than this are not offered yet.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(365),
                        ],
                        verbose_name="days ahead",
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="is active")),
            ],
            options={
                "verbose_name": "appointment type",
                "verbose_name_plural": "appointment types",
            },
        ),
        migrations.CreateModel(
            name="Resource",
            fields=[
                ("id", consultations.models.resources.ResourceKey(primary_key=True, serialize=False)),
                ("is_bookable", models.BooleanField(default=True, verbose_name="is bookable")),
            ],
        ),
        migrations.CreateModel(
            name="DayEnd",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("on", models.DateField(unique=True)),
                ("closed_at", models.DateTimeField()),
                ("made_at", models.DateTimeField()),
                ("open_items", models.JSONField(default=list)),
                ("figures", models.JSONField(default=dict)),
                ("told", models.PositiveSmallIntegerField(default=0)),
            ],
            options={
                "verbose_name": "day end",
                "verbose_name_plural": "day ends",
                "ordering": ["-on"],
            },
        ),
        migrations.CreateModel(
            name="LinkAsked",
            fields=[
                ("id", clinic.core.primary_keys.DrawnAutoField(primary_key=True, serialize=False)),
                ("email", clinic.core.fields.EncryptedTextField()),
                ("asked_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("parked_at", models.DateTimeField(blank=True, null=True)),
                ("staff_told_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Patient",
            fields=[
                ("id", clinic.core.primary_keys.DrawnAutoField(primary_key=True, serialize=False)),
                ("data_key", clinic.core.encrypted_rows.DataKeyField(blank=True, default="", editable=False)),
                ("name_key", clinic.core.people.NameKeyField(blank=True, default="", editable=False)),
                ("name", clinic.core.fields.PersonNameField(max_length=120)),
                ("birth_on", models.DateField(blank=True, null=True, verbose_name="date of birth")),
                ("email", clinic.core.fields.EncryptedTextField(blank=True, default="")),
                ("email_index", models.CharField(blank=True, db_index=True, default="", editable=False, max_length=64)),
                ("email_verified_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "phone",
                    clinic.core.fields.EncryptedTextField(
                        blank=True, default="", help_text="What staff dial, or the words of who left no number."
                    ),
                ),
                ("phone_as_typed", clinic.core.fields.EncryptedTextField(blank=True, default="")),
                ("phone_index", models.CharField(blank=True, db_index=True, default="", editable=False, max_length=64)),
                (
                    "contact_by",
                    models.CharField(
                        choices=[("email", "Email"), ("phone", "Phone"), ("either", "Either is fine")],
                        default="either",
                        max_length=10,
                    ),
                ),
                (
                    "safe_to_contact",
                    models.CharField(
                        choices=[
                            ("any", "Yes, you can leave a message"),
                            ("no_voicemail", "Call, but do not leave a message"),
                            ("email_only", "Use email only"),
                        ],
                        default="any",
                        max_length=20,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("erased_at", models.DateTimeField(blank=True, editable=False, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Person",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="AlarmGroup",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("network", models.CharField(blank=True, max_length=64)),
                ("level", models.CharField(max_length=20)),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                ("acknowledged_at", models.DateTimeField(blank=True, null=True)),
                (
                    "acknowledged_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Assessment",
            fields=[
                ("id", clinic.core.primary_keys.DrawnAutoField(primary_key=True, serialize=False)),
                ("revision", models.PositiveIntegerField()),
                (
                    "origin",
                    models.CharField(
                        choices=[("form", "Questionnaire"), ("asked_again", "Asked again"), ("call", "Call")],
                        default="form",
                        max_length=20,
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("EMERGENCY", "Emergency now"),
                            ("SAME_DAY", "Same day"),
                            ("URGENT_REVIEW", "Urgent review"),
                            ("NOT_SUITABLE_NOW", "May not be suitable"),
                            ("DEFER", "Not yet"),
                            ("NEEDS_INFO", "Needs information"),
                            ("LIKELY_SUITABLE", "Suitable for a consultation"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "urgency",
                    models.CharField(
                        choices=[
                            ("routine", "Routine"),
                            ("urgent", "Urgent"),
                            ("same_day", "Same day"),
                            ("emergency", "Emergency"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "disposition",
                    models.CharField(
                        choices=[
                            ("ok", "OK"),
                            ("info", "Needs information"),
                            ("defer", "Defer"),
                            ("exclude", "Exclude"),
                        ],
                        max_length=20,
                    ),
                ),
                ("is_early_exit", models.BooleanField()),
                ("is_booking_allowed", models.BooleanField()),
                ("result", clinic.core.fields.EncryptedTextField()),
                ("record", clinic.core.fields.EncryptedJSONField()),
                ("questionnaire_version", models.CharField(max_length=20)),
                ("ruleset_version", models.CharField(max_length=20)),
                ("content_hash", models.CharField(max_length=64)),
                ("app_version", models.CharField(max_length=40)),
                ("assessed_at", models.DateTimeField()),
                (
                    "asked_by",
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
                "ordering": ["response_id", "revision"],
            },
        ),
        migrations.CreateModel(
            name="Clinician",
            fields=[
                (
                    "resource_ptr",
                    models.OneToOneField(
                        auto_created=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        parent_link=True,
                        primary_key=True,
                        serialize=False,
                        to="consultations.resource",
                    ),
                ),
                (
                    "display_name",
                    clinic.core.fields.PersonNameField(
                        help_text="As patients read it, for example Dr and the full name.",
                        max_length=80,
                        verbose_name="display name",
                    ),
                ),
            ],
            options={
                "verbose_name": "clinician",
                "verbose_name_plural": "clinicians",
            },
            bases=("consultations.resource",),
        ),
        migrations.CreateModel(
            name="Room",
            fields=[
                (
                    "resource_ptr",
                    models.OneToOneField(
                        auto_created=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        parent_link=True,
                        primary_key=True,
                        serialize=False,
                        to="consultations.resource",
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        help_text="For staff only, for example Treatment room 1.", max_length=80, verbose_name="name"
                    ),
                ),
            ],
            options={
                "verbose_name": "room",
                "verbose_name_plural": "rooms",
            },
            bases=("consultations.resource",),
        ),
        migrations.CreateModel(
            name="ConsultationRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reference", models.CharField(max_length=16, unique=True)),
                (
                    "filled_for",
                    models.CharField(
                        choices=[("self", "Myself"), ("other", "Someone else, and they agree")],
                        default="self",
                        max_length=10,
                    ),
                ),
                ("helper_name", clinic.core.fields.PersonNameField(blank=True, default="", max_length=120)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("received", "Received"),
                            ("in_triage", "In triage"),
                            ("with_doctor", "With a doctor"),
                            ("information_asked", "Waiting for the patient's answer"),
                            ("offered", "Consultation offered"),
                            ("not_suitable", "Not suitable, with advice"),
                            ("urgent", "Urgent: call the patient"),
                            ("booked", "Booked"),
                            ("completed", "Completed"),
                            ("no_show", "Did not attend"),
                            ("withdrawn", "Withdrawn by the patient"),
                            ("cancelled", "Cancelled by the clinic"),
                        ],
                        default="received",
                        max_length=20,
                    ),
                ),
                ("status_changed_at", models.DateTimeField()),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("EMERGENCY", "Emergency now"),
                            ("SAME_DAY", "Same day"),
                            ("URGENT_REVIEW", "Urgent review"),
                            ("NOT_SUITABLE_NOW", "May not be suitable"),
                            ("DEFER", "Not yet"),
                            ("NEEDS_INFO", "Needs information"),
                            ("LIKELY_SUITABLE", "Suitable for a consultation"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "highest_outcome",
                    models.CharField(
                        choices=[
                            ("EMERGENCY", "Emergency now"),
                            ("SAME_DAY", "Same day"),
                            ("URGENT_REVIEW", "Urgent review"),
                            ("NOT_SUITABLE_NOW", "May not be suitable"),
                            ("DEFER", "Not yet"),
                            ("NEEDS_INFO", "Needs information"),
                            ("LIKELY_SUITABLE", "Suitable for a consultation"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "priority",
                    models.CharField(
                        choices=[
                            ("stat", "Immediate"),
                            ("asap", "Same day"),
                            ("urgent", "Urgent"),
                            ("routine", "Routine"),
                        ],
                        max_length=10,
                    ),
                ),
                ("risk", models.PositiveSmallIntegerField()),
                ("has_note", models.BooleanField(default=False)),
                ("submitted_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                (
                    "flag_level",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("EMERGENCY", "Emergency now"),
                            ("SAME_DAY", "Same day"),
                            ("URGENT_REVIEW", "Urgent review"),
                            ("NOT_SUITABLE_NOW", "May not be suitable"),
                            ("DEFER", "Not yet"),
                            ("NEEDS_INFO", "Needs information"),
                            ("LIKELY_SUITABLE", "Suitable for a consultation"),
                        ],
                        default="",
                        max_length=20,
                    ),
                ),
                ("danger_due_at", models.DateTimeField(blank=True, null=True)),
                ("texts_due_at", models.DateTimeField(blank=True, null=True)),
                ("texts_risk", models.PositiveSmallIntegerField(blank=True, null=True)),
                (
                    "queue_due_at",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Case(
                            models.When(
                                models.Q(
                                    ("texts_due_at__lt", models.F("due_at")),
                                    models.Q(
                                        ("danger_due_at__isnull", True),
                                        ("texts_due_at__lt", models.F("danger_due_at")),
                                        _connector="OR",
                                    ),
                                ),
                                then="texts_due_at",
                            ),
                            models.When(danger_due_at__lt=models.F("due_at"), then="danger_due_at"),
                            default="due_at",
                        ),
                        output_field=models.DateTimeField(),
                    ),
                ),
                (
                    "queue_risk",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Case(
                            models.When(texts_risk__lt=models.F("risk"), then="texts_risk"), default="risk"
                        ),
                        output_field=models.PositiveSmallIntegerField(),
                    ),
                ),
                ("asked_again_at", models.DateTimeField(blank=True, null=True)),
                ("answered_again_at", models.DateTimeField(blank=True, null=True)),
                ("weekly_asked_at", models.DateTimeField(blank=True, null=True)),
                ("weekly_off_at", models.DateTimeField(blank=True, null=True)),
                ("claimed_at", models.DateTimeField(blank=True, null=True)),
                ("own_risk", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("own_due_at", models.DateTimeField(blank=True, null=True)),
                ("booking_ordered_at", models.DateTimeField(blank=True, null=True)),
                ("escalated_at", models.DateTimeField(blank=True, null=True)),
                ("before_escalation", models.JSONField(blank=True, default=dict)),
                (
                    "appointment_type",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="consultations.appointmenttype",
                    ),
                ),
                (
                    "as_pressing_as",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="consultations.consultationrequest",
                    ),
                ),
                (
                    "assessment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="consultation_request",
                        to="consultations.assessment",
                    ),
                ),
                (
                    "booking_ordered_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "claimed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="claimed_requests",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "doctor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="requests_to_review",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "escalated_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="requests", to="consultations.patient"
                    ),
                ),
            ],
            options={
                "verbose_name": "consultation request",
                "verbose_name_plural": "consultation requests",
            },
        ),
        migrations.CreateModel(
            name="Consent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("true_answers", "Answers are true"),
                            ("care_team", "Care team may read the answers"),
                            ("privacy_notice", "Privacy notice read"),
                        ],
                        max_length=20,
                    ),
                ),
                ("wording", models.TextField()),
                ("notice_version", models.CharField(max_length=20)),
                ("given_at", models.DateTimeField()),
                (
                    "consultation_request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="consents",
                        to="consultations.consultationrequest",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ClinicalReview",
            fields=[
                ("id", clinic.core.primary_keys.DrawnAutoField(primary_key=True, serialize=False)),
                (
                    "decision",
                    models.CharField(
                        choices=[
                            ("offer", "Offer a consultation"),
                            ("ask", "Ask for more information"),
                            ("not_suitable", "Not suitable, with advice"),
                            ("urgent", "Urgent: call today"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "suggestion",
                    models.CharField(
                        choices=[
                            ("EMERGENCY", "Emergency now"),
                            ("SAME_DAY", "Same day"),
                            ("URGENT_REVIEW", "Urgent review"),
                            ("NOT_SUITABLE_NOW", "May not be suitable"),
                            ("DEFER", "Not yet"),
                            ("NEEDS_INFO", "Needs information"),
                            ("LIKELY_SUITABLE", "Suitable for a consultation"),
                        ],
                        max_length=20,
                    ),
                ),
                ("reason", clinic.core.fields.EncryptedTextField(blank=True, default="")),
                ("patient_note", clinic.core.fields.EncryptedTextField(blank=True, default="")),
                ("decided_at", models.DateTimeField()),
                (
                    "decided_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "consultation_request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reviews",
                        to="consultations.consultationrequest",
                    ),
                ),
            ],
            options={
                "ordering": ["decided_at", "pk"],
            },
        ),
        migrations.CreateModel(
            name="InformationRequest",
            fields=[
                ("id", clinic.core.primary_keys.DrawnAutoField(primary_key=True, serialize=False)),
                ("question", clinic.core.fields.EncryptedTextField()),
                ("asked_at", models.DateTimeField()),
                ("is_from_doctor", models.BooleanField()),
                ("answer", clinic.core.fields.EncryptedTextField(blank=True, default="")),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "consultation_request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="information_requests",
                        to="consultations.consultationrequest",
                    ),
                ),
            ],
            options={
                "ordering": ["asked_at", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Location",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, unique=True, verbose_name="name")),
                ("address", models.CharField(max_length=200, verbose_name="address")),
                (
                    "directions",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="How to get there, as visitors read it before they choose a time and in the email: the stop, parking, the door, step-free entrance. Name no condition or treatment: it stands in mails.",
                        max_length=300,
                        verbose_name="directions",
                    ),
                ),
            ],
            options={
                "verbose_name": "location",
                "verbose_name_plural": "locations",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), _negated=True), name="location_name_not_empty"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Availability",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "weekday",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (0, "Monday"),
                            (1, "Tuesday"),
                            (2, "Wednesday"),
                            (3, "Thursday"),
                            (4, "Friday"),
                            (5, "Saturday"),
                            (6, "Sunday"),
                        ],
                        verbose_name="weekday",
                    ),
                ),
                ("opens", models.TimeField(verbose_name="from")),
                ("closes", models.TimeField(verbose_name="until")),
                ("starts_on", models.DateField(verbose_name="first day")),
                ("ends_on", models.DateField(blank=True, null=True, verbose_name="last day")),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="availabilities",
                        to="consultations.location",
                        verbose_name="location",
                    ),
                ),
            ],
            options={
                "verbose_name": "availability",
                "verbose_name_plural": "availabilities",
                "ordering": ["clinician_id", "weekday", "opens"],
            },
        ),
        migrations.CreateModel(
            name="Appointment",
            fields=[
                ("id", clinic.core.primary_keys.DrawnAutoField(primary_key=True, serialize=False)),
                (
                    "buffer_before_minutes",
                    models.PositiveSmallIntegerField(
                        default=0, validators=[django.core.validators.MaxValueValidator(120)]
                    ),
                ),
                (
                    "buffer_after_minutes",
                    models.PositiveSmallIntegerField(
                        default=0, validators=[django.core.validators.MaxValueValidator(120)]
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("time_zone", models.CharField(max_length=40)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("booked", "Booked"),
                            ("arrived", "Arrived"),
                            ("fulfilled", "Fulfilled"),
                            ("cancelled", "Cancelled"),
                            ("noshow", "Did not attend"),
                        ],
                        default="booked",
                        max_length=10,
                    ),
                ),
                ("booked_at", models.DateTimeField()),
                ("cancelled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "cancelled_by",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("patient", "Patient"),
                            ("triage", "Triage"),
                            ("doctor", "Doctor"),
                            ("manager", "Manager"),
                            ("system", "System"),
                        ],
                        max_length=10,
                        null=True,
                    ),
                ),
                ("cancel_reason", clinic.core.fields.EncryptedTextField(blank=True, default="")),
                ("calendar_uid", models.CharField(editable=False, max_length=80)),
                ("calendar_sequence", models.PositiveSmallIntegerField(default=0, editable=False)),
                (
                    "booked_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "appointment_type",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="consultations.appointmenttype",
                    ),
                ),
                (
                    "consultation_request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="appointments",
                        to="consultations.consultationrequest",
                    ),
                ),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="consultations.location"
                    ),
                ),
            ],
            options={
                "verbose_name": "appointment",
                "verbose_name_plural": "appointments",
            },
        ),
        migrations.CreateModel(
            name="HandOverNote",
            fields=[
                ("id", clinic.core.primary_keys.DrawnAutoField(primary_key=True, serialize=False)),
                ("data_key", clinic.core.encrypted_rows.DataKeyField(blank=True, default="", editable=False)),
                ("text", clinic.core.fields.EncryptedTextField(blank=True, default="")),
                ("sent_key", models.CharField(max_length=64, unique=True)),
                ("written_at", models.DateTimeField()),
                ("read_at", models.DateTimeField(blank=True, null=True)),
                ("deleted_at", models.DateTimeField(blank=True, null=True)),
                (
                    "consultation_request",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="consultations.consultationrequest",
                    ),
                ),
                (
                    "read_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "written_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="consultations.patient",
                    ),
                ),
            ],
            options={
                "verbose_name": "hand over note",
                "verbose_name_plural": "hand over notes",
                "ordering": ["written_at", "pk"],
            },
        ),
        migrations.AddField(
            model_name="patient",
            name="own_person",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="own_row", to="consultations.person"
            ),
        ),
        migrations.AddField(
            model_name="patient",
            name="person",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="rows", to="consultations.person"
            ),
        ),
        migrations.CreateModel(
            name="PersonJoin",
            fields=[
                ("id", clinic.core.primary_keys.DrawnAutoField(primary_key=True, serialize=False)),
                ("joined_at", models.DateTimeField()),
                ("reason", clinic.core.fields.EncryptedTextField(blank=True, default="")),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("ended_reason", clinic.core.fields.EncryptedTextField(blank=True, default="")),
                (
                    "ended_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "first",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="consultations.patient"
                    ),
                ),
                (
                    "joined_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "second",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="consultations.patient"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PersonNote",
            fields=[
                ("id", clinic.core.primary_keys.DrawnAutoField(primary_key=True, serialize=False)),
                ("text", clinic.core.fields.EncryptedTextField()),
                ("written_at", models.DateTimeField()),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="notes", to="consultations.patient"
                    ),
                ),
                (
                    "written_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ["-written_at", "-pk"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="PrivateLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token_hash", models.CharField(max_length=64, unique=True)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("wrong_dates", models.PositiveSmallIntegerField(default=0)),
                ("locked_at", models.DateTimeField(blank=True, null=True)),
                ("replaced_at", models.DateTimeField(blank=True, null=True)),
                (
                    "consultation_request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="private_links",
                        to="consultations.consultationrequest",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="QuestionnaireResponse",
            fields=[
                ("id", clinic.core.primary_keys.DrawnAutoField(primary_key=True, serialize=False)),
                ("data_key", clinic.core.encrypted_rows.DataKeyField(blank=True, default="", editable=False)),
                ("token", models.CharField(editable=False, max_length=64, unique=True)),
                (
                    "status",
                    models.CharField(
                        choices=[("in_progress", "In progress"), ("completed", "Completed")],
                        default="in_progress",
                        max_length=20,
                    ),
                ),
                ("questionnaire_version", models.CharField(max_length=20)),
                ("answers", clinic.core.fields.EncryptedJSONField(default=dict)),
                ("asked", clinic.core.fields.EncryptedJSONField(default=list)),
                ("contact", clinic.core.fields.EncryptedJSONField(default=dict)),
                ("brought", clinic.core.fields.EncryptedTextField(blank=True, default="")),
                (
                    "highest_outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("EMERGENCY", "Emergency now"),
                            ("SAME_DAY", "Same day"),
                            ("URGENT_REVIEW", "Urgent review"),
                            ("NOT_SUITABLE_NOW", "May not be suitable"),
                            ("DEFER", "Not yet"),
                            ("NEEDS_INFO", "Needs information"),
                            ("LIKELY_SUITABLE", "Suitable for a consultation"),
                        ],
                        default="",
                        max_length=20,
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                ("completed_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["status", "updated_at"], name="response_by_age")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["in_progress", "completed"])), name="response_status_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("completed_at__isnull", False), ("status", "completed")),
                            models.Q(("completed_at__isnull", True), ("status", "in_progress")),
                            _connector="OR",
                        ),
                        name="response_completed_at_with_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("highest_outcome", ""),
                            (
                                "highest_outcome__in",
                                [
                                    "EMERGENCY",
                                    "SAME_DAY",
                                    "URGENT_REVIEW",
                                    "NOT_SUITABLE_NOW",
                                    "DEFER",
                                    "NEEDS_INFO",
                                    "LIKELY_SUITABLE",
                                ],
                            ),
                            _connector="OR",
                        ),
                        name="response_highest_outcome_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PatientText",
            fields=[
                ("id", clinic.core.primary_keys.DrawnAutoField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("note", "Note with the answers"),
                            ("decision_aid", "Notes from the decision aid"),
                            ("phone", "Words beside the phone number"),
                            ("message", "Message"),
                            ("answer", "Answer to our question"),
                            ("cancel_reason", "Reason for cancelling a time"),
                            ("asked_again", "Ticked: new since then"),
                            ("next_day", "Answer to how it went"),
                        ],
                        max_length=20,
                    ),
                ),
                ("text", clinic.core.fields.EncryptedTextField()),
                ("sent_at", models.DateTimeField()),
                ("sent_key", models.CharField(blank=True, default="", max_length=64)),
                ("is_self_harm", models.BooleanField(default=False)),
                ("is_danger", models.BooleanField(default=False)),
                ("due_at", models.DateTimeField(blank=True, null=True)),
                ("read_at", models.DateTimeField(blank=True, null=True)),
                ("told_at", models.DateTimeField(blank=True, null=True)),
                ("warned_at", models.DateTimeField(blank=True, null=True)),
                (
                    "read_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "response",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="patient_texts",
                        to="consultations.questionnaireresponse",
                    ),
                ),
            ],
            options={
                "ordering": ["sent_at", "pk"],
            },
        ),
        migrations.CreateModel(
            name="MissedReport",
            fields=[
                ("id", clinic.core.primary_keys.DrawnAutoField(primary_key=True, serialize=False)),
                ("data_key", clinic.core.encrypted_rows.DataKeyField(blank=True, default="", editable=False)),
                (
                    "record",
                    models.CharField(
                        choices=[
                            ("request", "Request"),
                            ("case", "Safety case"),
                            ("person", "Person"),
                            ("call", "Call"),
                            ("text", "Patient’s text"),
                            ("message", "Message"),
                        ],
                        max_length=10,
                    ),
                ),
                ("record_id", models.BigIntegerField()),
                ("reference", models.CharField(max_length=40)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("danger", "A danger that it did not find"),
                            ("false", "A danger that is none"),
                            ("late", "An alarm that came late, or to the wrong person"),
                            ("words", "Wrong words, to the patient or to us"),
                            ("name", "A wrong name, date, number or address"),
                            ("person", "Records of one person kept apart, or of two joined"),
                            ("other", "Something else"),
                        ],
                        max_length=10,
                    ),
                ),
                ("text", clinic.core.fields.EncryptedTextField()),
                ("sent_key", models.CharField(max_length=64, unique=True)),
                ("questionnaire_version", models.CharField(blank=True, default="", max_length=20)),
                ("ruleset_version", models.CharField(blank=True, default="", max_length=20)),
                ("content_hash", models.CharField(blank=True, default="", max_length=64)),
                ("app_version", models.CharField(max_length=40)),
                ("reported_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField(blank=True, null=True)),
                ("answer", clinic.core.fields.EncryptedTextField(blank=True, default="")),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                (
                    "answered_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "consultation_request",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="missed_reports",
                        to="consultations.consultationrequest",
                    ),
                ),
                (
                    "reported_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "seen_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="missed_reports",
                        to="consultations.patient",
                    ),
                ),
                (
                    "response",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="missed_reports",
                        to="consultations.questionnaireresponse",
                    ),
                ),
            ],
            options={
                "verbose_name": "missed report",
                "verbose_name_plural": "missed reports",
                "ordering": ["-reported_at", "-pk"],
            },
        ),
        migrations.AddField(
            model_name="consultationrequest",
            name="response",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="consultation_request",
                to="consultations.questionnaireresponse",
            ),
        ),
        migrations.CreateModel(
            name="ClockAlarm",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("case", "Safety case"),
                            ("danger", "Danger"),
                            ("reply", "Next step"),
                            ("answer", "Answer to our question"),
                            ("choice", "Choice of a time"),
                            ("visit", "What became of the visit"),
                            ("text", "Text to read"),
                        ],
                        max_length=10,
                    ),
                ),
                ("target", models.CharField(max_length=20)),
                ("due_at", models.DateTimeField()),
                ("warned_at", models.DateTimeField(blank=True, null=True)),
                ("began_at", models.DateTimeField(blank=True, null=True)),
                ("told_at", models.DateTimeField(blank=True, null=True)),
                ("told_times", models.PositiveIntegerField(default=0)),
                ("acknowledged_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "acknowledged_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "response",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="clock_alarms",
                        to="consultations.questionnaireresponse",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Call",
            fields=[
                ("id", clinic.core.primary_keys.DrawnAutoField(primary_key=True, serialize=False)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("danger_asked", "Danger questions asked"),
                            ("reached_other", "Reached, other matter"),
                            ("not_reached", "Not reached"),
                            ("voicemail", "Voicemail"),
                            ("wrong_number", "Wrong number"),
                            ("someone_else", "Someone else answered"),
                        ],
                        max_length=20,
                    ),
                ),
                ("note", clinic.core.fields.EncryptedTextField(blank=True, default="")),
                ("answers", clinic.core.fields.EncryptedJSONField(default=dict)),
                ("made_at", models.DateTimeField()),
                ("heard_at", models.DateTimeField(blank=True, null=True)),
                ("completed_at", models.DateTimeField(blank=True, null=True)),
                ("once", models.CharField(blank=True, default="", editable=False, max_length=64)),
                (
                    "assessment",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="consultations.assessment",
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "response",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="calls",
                        to="consultations.questionnaireresponse",
                    ),
                ),
            ],
            options={
                "ordering": ["made_at", "pk"],
            },
        ),
        migrations.AddField(
            model_name="assessment",
            name="response",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="assessments",
                to="consultations.questionnaireresponse",
            ),
        ),
        migrations.CreateModel(
            name="RuleAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rule", models.CharField(max_length=20)),
                (
                    "answer",
                    models.CharField(
                        choices=[
                            ("seen_treated", "Yes. They found something that needed treatment at once"),
                            ("seen_other", "Yes. They found something else"),
                            ("seen_nothing", "Yes. They found nothing serious"),
                            ("not_seen", "Not seen"),
                            ("worse", "Worse"),
                        ],
                        max_length=20,
                    ),
                ),
                ("number", models.PositiveIntegerField(default=0)),
            ],
            options={
                "ordering": ["rule", "answer"],
                "constraints": [
                    models.UniqueConstraint(fields=("rule", "answer"), name="one_count_of_a_rule_and_answer"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("answer__in", ["seen_treated", "seen_other", "seen_nothing", "not_seen", "worse"])
                        ),
                        name="rule_answer_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SafetyCase",
            fields=[
                ("id", clinic.core.primary_keys.DrawnAutoField(primary_key=True, serialize=False)),
                (
                    "level",
                    models.CharField(
                        choices=[
                            ("EMERGENCY", "Emergency now"),
                            ("SAME_DAY", "Same day"),
                            ("URGENT_REVIEW", "Urgent review"),
                            ("NOT_SUITABLE_NOW", "May not be suitable"),
                            ("DEFER", "Not yet"),
                            ("NEEDS_INFO", "Needs information"),
                            ("LIKELY_SUITABLE", "Suitable for a consultation"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "priority",
                    models.CharField(
                        choices=[
                            ("stat", "Immediate"),
                            ("asap", "Same day"),
                            ("urgent", "Urgent"),
                            ("routine", "Routine"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("open", "Open"), ("acknowledged", "Acknowledged"), ("closed", "Closed")],
                        default="open",
                        max_length=20,
                    ),
                ),
                ("raised_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("network", models.CharField(blank=True, default="", max_length=64)),
                ("alarmed_at", models.DateTimeField(default=clinic.core.clock.now)),
                ("told_at", models.DateTimeField(blank=True, null=True)),
                ("warned_at", models.DateTimeField(blank=True, null=True)),
                ("acknowledged_at", models.DateTimeField(blank=True, null=True)),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("went_for_care", "Went for care"),
                            ("no_emergency_found", "No emergency found"),
                            ("seen_elsewhere", "Seen elsewhere"),
                            ("declined_advice", "Declined our advice"),
                            ("not_reached", "Not reached, welfare policy followed"),
                            ("no_way_to_reach", "No way to reach the person"),
                            ("duplicate", "Duplicate of another case"),
                            ("died", "Died"),
                            ("entered_by_mistake", "Entered by mistake"),
                        ],
                        default="",
                        max_length=20,
                    ),
                ),
                (
                    "acknowledged_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "alarm_group",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cases",
                        to="consultations.alarmgroup",
                    ),
                ),
                (
                    "closed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "opened_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="owned_safety_cases",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="safety_cases",
                        to="consultations.patient",
                    ),
                ),
                (
                    "response",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="safety_case",
                        to="consultations.questionnaireresponse",
                    ),
                ),
            ],
            options={
                "verbose_name": "safety case",
                "verbose_name_plural": "safety cases",
            },
        ),
        migrations.CreateModel(
            name="MessageSubject",
            fields=[
                (
                    "message",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="subject",
                        serialize=False,
                        to="core.outboxmessage",
                    ),
                ),
                (
                    "consultation_request",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="message_subjects",
                        to="consultations.consultationrequest",
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="message_subjects",
                        to="consultations.safetycase",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CaseNote",
            fields=[
                ("id", clinic.core.primary_keys.DrawnAutoField(primary_key=True, serialize=False)),
                ("text", clinic.core.fields.EncryptedTextField()),
                ("written_at", models.DateTimeField()),
                ("says_mistake", models.BooleanField(default=False)),
                (
                    "written_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="notes", to="consultations.safetycase"
                    ),
                ),
            ],
            options={
                "ordering": ["-written_at", "-pk"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="CaseClosing",
            fields=[
                ("id", clinic.core.primary_keys.DrawnAutoField(primary_key=True, serialize=False)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("went_for_care", "Went for care"),
                            ("no_emergency_found", "No emergency found"),
                            ("seen_elsewhere", "Seen elsewhere"),
                            ("declined_advice", "Declined our advice"),
                            ("not_reached", "Not reached, welfare policy followed"),
                            ("no_way_to_reach", "No way to reach the person"),
                            ("duplicate", "Duplicate of another case"),
                            ("died", "Died"),
                            ("entered_by_mistake", "Entered by mistake"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "proof",
                    models.CharField(
                        choices=[
                            ("call", "Call with danger questions asked"),
                            ("letter", "Letter"),
                            ("own_words", "The person’s own written answer"),
                            ("refused", "Call that reached the person, danger questions refused"),
                            ("tries", "Three tries at different hours"),
                            ("mails", "Two emails over two working days"),
                            ("no_name", "Nobody left a name, a phone number or an email address"),
                            ("no_contact", "A name, but no phone number and no email address"),
                            ("open_case", "Open case of the same person"),
                            ("told", "Somebody told us"),
                            ("said_mistake", "The person said so in a call"),
                            ("staff_mistake", "The member of staff who entered it says so"),
                        ],
                        max_length=20,
                    ),
                ),
                ("closed_at", models.DateTimeField()),
                ("words", clinic.core.fields.EncryptedTextField(blank=True, default="")),
                ("letter_from", clinic.core.fields.EncryptedTextField(blank=True, default="")),
                ("letter_on", models.DateField(blank=True, null=True)),
                ("tries", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("mails", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("reopened_at", models.DateTimeField(blank=True, null=True)),
                ("reopened_for", models.CharField(blank=True, default="", max_length=20)),
                ("reopened_words", clinic.core.fields.EncryptedTextField(blank=True, default="")),
                ("asked_for", models.DateTimeField(blank=True, null=True)),
                (
                    "answer",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("seen_treated", "Yes. They found something that needed treatment at once"),
                            ("seen_other", "Yes. They found something else"),
                            ("seen_nothing", "Yes. They found nothing serious"),
                            ("not_seen", "Not seen"),
                            ("worse", "Worse"),
                        ],
                        default="",
                        max_length=20,
                    ),
                ),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                (
                    "call",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="consultations.call",
                    ),
                ),
                (
                    "closed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "reopened_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "statement",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="consultations.casenote",
                    ),
                ),
                (
                    "text",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="consultations.patienttext",
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="closings",
                        to="consultations.safetycase",
                    ),
                ),
                (
                    "duplicate_of",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="duplicates",
                        to="consultations.safetycase",
                    ),
                ),
            ],
            options={
                "ordering": ["closed_at", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Settlement",
            fields=[
                ("id", clinic.core.primary_keys.DrawnAutoField(primary_key=True, serialize=False)),
                (
                    "how",
                    models.CharField(
                        choices=[
                            ("examined", "Examined"),
                            ("spoken_to", "Spoken to"),
                            ("seen_elsewhere", "Seen elsewhere"),
                            ("mistake", "Entered by mistake"),
                        ],
                        max_length=20,
                    ),
                ),
                ("signs", clinic.core.fields.EncryptedJSONField()),
                ("proof", clinic.core.fields.EncryptedJSONField(default=dict)),
                ("words", clinic.core.fields.EncryptedTextField(blank=True, default="")),
                ("settled_at", models.DateTimeField()),
                (
                    "call",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="consultations.call",
                    ),
                ),
                (
                    "entered_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "response",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="settlements",
                        to="consultations.questionnaireresponse",
                    ),
                ),
                (
                    "settled_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ["settled_at", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Shift",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "weekday",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (0, "Monday"),
                            (1, "Tuesday"),
                            (2, "Wednesday"),
                            (3, "Thursday"),
                            (4, "Friday"),
                            (5, "Saturday"),
                            (6, "Sunday"),
                        ],
                        verbose_name="weekday",
                    ),
                ),
                ("starts", models.TimeField(verbose_name="from")),
                ("ends", models.TimeField(verbose_name="until")),
                ("starts_on", models.DateField(default=clinic.core.clock.today, verbose_name="first day")),
                (
                    "ends_on",
                    models.DateField(
                        blank=True, help_text="Left empty, it goes on.", null=True, verbose_name="last day"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shifts",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="who",
                    ),
                ),
            ],
            options={
                "verbose_name": "shift",
                "verbose_name_plural": "shifts",
                "ordering": ["weekday", "starts", "user_id", "pk"],
            },
        ),
        migrations.CreateModel(
            name="ShiftChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("away", "Away"), ("on", "On duty besides")], max_length=10, verbose_name="what"
                    ),
                ),
                ("first_on", models.DateField(default=clinic.core.clock.today, verbose_name="first day")),
                ("last_on", models.DateField(default=clinic.core.clock.today, verbose_name="last day")),
                (
                    "starts",
                    models.TimeField(
                        blank=True, help_text="Left empty, the whole day.", null=True, verbose_name="from"
                    ),
                ),
                ("ends", models.TimeField(blank=True, null=True, verbose_name="until")),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="For staff only. No health details.",
                        max_length=80,
                        verbose_name="reason",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shift_changes",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="who",
                    ),
                ),
            ],
            options={
                "verbose_name": "shift change",
                "verbose_name_plural": "shift changes",
                "ordering": ["-first_on", "user_id", "pk"],
            },
        ),
        migrations.CreateModel(
            name="SlotHold",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "buffer_before_minutes",
                    models.PositiveSmallIntegerField(
                        default=0, validators=[django.core.validators.MaxValueValidator(120)]
                    ),
                ),
                (
                    "buffer_after_minutes",
                    models.PositiveSmallIntegerField(
                        default=0, validators=[django.core.validators.MaxValueValidator(120)]
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                (
                    "consultation_request",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="slot_hold",
                        to="consultations.consultationrequest",
                    ),
                ),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="consultations.location"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Occupation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                (
                    "appointment",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="occupations",
                        to="consultations.appointment",
                    ),
                ),
                (
                    "resource",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="occupations",
                        to="consultations.resource",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="occupations",
                        to="consultations.person",
                    ),
                ),
                (
                    "hold",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="occupations",
                        to="consultations.slothold",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TriageDecision",
            fields=[
                ("id", clinic.core.primary_keys.DrawnAutoField(primary_key=True, serialize=False)),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("note", "Note"),
                            ("escalate", "Escalated"),
                            ("take_back", "Took the escalation back"),
                            ("settle", "Settled the escalation"),
                            ("order", "Ordered a visit while a red flag stands"),
                            ("pass", "Passed to a doctor"),
                            ("ask", "Asked the patient"),
                            ("own_urgency", "Set back to its own urgency"),
                        ],
                        max_length=20,
                    ),
                ),
                ("note", clinic.core.fields.EncryptedTextField(blank=True, default="")),
                ("decided_at", models.DateTimeField()),
                (
                    "consultation_request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="triage_decisions",
                        to="consultations.consultationrequest",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ["decided_at", "pk"],
            },
        ),
        migrations.AddIndex(
            model_name="alarmgroup",
            index=models.Index(fields=["network", "level"], name="alarm_group_of_network"),
        ),
        migrations.AddConstraint(
            model_name="alarmgroup",
            constraint=models.CheckConstraint(
                condition=models.Q(("level__in", ("EMERGENCY", "SAME_DAY"))),
                name="alarm_group_level_is_a_safety_outcome",
            ),
        ),
        migrations.AddConstraint(
            model_name="alarmgroup",
            constraint=models.CheckConstraint(
                condition=models.Q(("last_at__gte", models.F("first_at"))), name="alarm_group_last_after_first"
            ),
        ),
        migrations.AddConstraint(
            model_name="alarmgroup",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("acknowledged_at__isnull", True), ("acknowledged_by__isnull", True)),
                    models.Q(("acknowledged_at__isnull", False), ("acknowledged_by__isnull", False)),
                    _connector="OR",
                ),
                name="alarm_group_acknowledged_at_and_by",
            ),
        ),
        migrations.AddField(
            model_name="slothold",
            name="clinician",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="holds", to="consultations.clinician"
            ),
        ),
        migrations.AddField(
            model_name="clinician",
            name="user",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="clinician",
                to=settings.AUTH_USER_MODEL,
                verbose_name="user",
            ),
        ),
        migrations.AddField(
            model_name="availability",
            name="clinician",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="availabilities",
                to="consultations.clinician",
                verbose_name="clinician",
            ),
        ),
        migrations.AddField(
            model_name="appointmenttype",
            name="clinicians",
            field=models.ManyToManyField(
                blank=True,
                help_text="Counts when the box above is not ticked.",
                related_name="appointment_types",
                to="consultations.clinician",
                verbose_name="clinicians",
            ),
        ),
        migrations.AddField(
            model_name="appointment",
            name="clinician",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="appointments", to="consultations.clinician"
            ),
        ),
        migrations.AddField(
            model_name="absence",
            name="clinician",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="absences",
                to="consultations.clinician",
                verbose_name="clinician",
            ),
        ),
        migrations.AddField(
            model_name="slothold",
            name="room",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="consultations.room",
            ),
        ),
        migrations.AddField(
            model_name="room",
            name="location",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="rooms",
                to="consultations.location",
                verbose_name="location",
            ),
        ),
        migrations.AddField(
            model_name="appointmenttype",
            name="rooms",
            field=models.ManyToManyField(
                blank=True,
                help_text="Rooms that will do. The first free one at the location is taken with the booking.",
                related_name="appointment_types",
                to="consultations.room",
                verbose_name="rooms",
            ),
        ),
        migrations.AddField(
            model_name="appointment",
            name="room",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="consultations.room",
            ),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.UniqueConstraint(fields=("consultation_request", "kind"), name="one_consent_of_a_kind"),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["true_answers", "care_team", "privacy_notice"])),
                name="consent_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="clinicalreview",
            constraint=models.CheckConstraint(
                condition=models.Q(("decision__in", ["offer", "ask", "not_suitable", "urgent"])),
                name="review_decision_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="clinicalreview",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "suggestion__in",
                        [
                            "EMERGENCY",
                            "SAME_DAY",
                            "URGENT_REVIEW",
                            "NOT_SUITABLE_NOW",
                            "DEFER",
                            "NEEDS_INFO",
                            "LIKELY_SUITABLE",
                        ],
                    )
                ),
                name="review_suggestion_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="informationrequest",
            constraint=models.UniqueConstraint(
                condition=models.Q(("answered_at__isnull", True)),
                fields=("consultation_request",),
                name="one_open_question_per_request",
            ),
        ),
        migrations.AddConstraint(
            model_name="informationrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("answered_at__isnull", True), ("answered_at__gte", models.F("asked_at")), _connector="OR"
                ),
                name="question_answered_after_asked",
            ),
        ),
        migrations.AddConstraint(
            model_name="handovernote",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("read_at__isnull", True), ("read_by__isnull", True)),
                    models.Q(("read_at__isnull", False), ("read_by__isnull", False)),
                    _connector="OR",
                ),
                name="hand_over_note_read_at_and_by",
            ),
        ),
        migrations.AddConstraint(
            model_name="handovernote",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("consultation_request__isnull", True), ("patient__isnull", True)),
                    models.Q(("consultation_request__isnull", False), ("patient__isnull", False)),
                    _connector="OR",
                ),
                name="hand_over_note_request_and_patient",
            ),
        ),
        migrations.AddConstraint(
            model_name="handovernote",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("read_at__isnull", True), ("read_at__gte", models.F("written_at")), _connector="OR"
                ),
                name="hand_over_note_read_after_written",
            ),
        ),
        migrations.AddIndex(
            model_name="patient",
            index=models.Index(fields=["birth_on"], name="patient_by_birth"),
        ),
        migrations.AddConstraint(
            model_name="patient",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("birth_on__gte", datetime.date(1900, 1, 1)), ("birth_on__lt", datetime.date(2100, 1, 1))
                ),
                name="patient_birth_on_in_range",
            ),
        ),
        migrations.AddConstraint(
            model_name="patient",
            constraint=models.CheckConstraint(
                condition=models.Q(("name", ""), _negated=True), name="patient_name_not_empty"
            ),
        ),
        migrations.AddConstraint(
            model_name="patient",
            constraint=models.CheckConstraint(
                condition=models.Q(("name_key", ""), _negated=True), name="patient_name_key_not_empty"
            ),
        ),
        migrations.AddConstraint(
            model_name="patient",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("erased_at__isnull", True), models.Q(("data_key", ""), _negated=True)),
                    models.Q(
                        ("birth_on__isnull", True),
                        ("data_key", ""),
                        ("email_index", ""),
                        ("erased_at__isnull", False),
                        ("name", "Erased record"),
                        ("phone_index", ""),
                    ),
                    _connector="OR",
                ),
                name="patient_has_a_key_or_is_erased",
            ),
        ),
        migrations.AddConstraint(
            model_name="patient",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("email_verified_at__isnull", True), models.Q(("email_index", ""), _negated=True), _connector="OR"
                ),
                name="patient_verified_has_an_address",
            ),
        ),
        migrations.AddConstraint(
            model_name="patient",
            constraint=models.CheckConstraint(
                condition=models.Q(("contact_by__in", ["email", "phone", "either"])), name="patient_contact_by_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="patient",
            constraint=models.CheckConstraint(
                condition=models.Q(("safe_to_contact__in", ["any", "no_voicemail", "email_only"])),
                name="patient_safe_to_contact_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="personjoin",
            constraint=models.CheckConstraint(
                condition=models.Q(("first__lt", models.F("second"))), name="person_join_older_row_first"
            ),
        ),
        migrations.AddConstraint(
            model_name="personjoin",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True)),
                fields=("first", "second"),
                name="one_live_join_of_two_rows",
            ),
        ),
        migrations.AddConstraint(
            model_name="personjoin",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ended_at__isnull", True), ("ended_at__gte", models.F("joined_at")), _connector="OR"
                ),
                name="person_join_ends_after_made",
            ),
        ),
        migrations.AddConstraint(
            model_name="personjoin",
            constraint=models.CheckConstraint(
                condition=models.Q(("ended_by__isnull", True), ("ended_at__isnull", False), _connector="OR"),
                name="person_join_ended_by_with_at",
            ),
        ),
        migrations.AddConstraint(
            model_name="privatelink",
            constraint=models.CheckConstraint(
                condition=models.Q(("expires_at__gt", models.F("created_at"))), name="link_expires_after_made"
            ),
        ),
        migrations.AddIndex(
            model_name="patienttext",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False), ("read_at__isnull", True)),
                fields=["due_at"],
                name="patient_text_waiting",
            ),
        ),
        migrations.AddConstraint(
            model_name="patienttext",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "note",
                            "decision_aid",
                            "phone",
                            "message",
                            "answer",
                            "cancel_reason",
                            "asked_again",
                            "next_day",
                        ],
                    )
                ),
                name="patient_text_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="patienttext",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("due_at__isnull", False),
                    models.Q(
                        ("is_danger", False),
                        ("is_self_harm", False),
                        models.Q(("kind__in", ["message", "next_day"]), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="patient_text_has_a_clock",
            ),
        ),
        migrations.AddConstraint(
            model_name="patienttext",
            constraint=models.CheckConstraint(
                condition=models.Q(("due_at__isnull", True), ("due_at__gte", models.F("sent_at")), _connector="OR"),
                name="patient_text_due_after_sent",
            ),
        ),
        migrations.AddConstraint(
            model_name="patienttext",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("read_at__isnull", True), ("read_by__isnull", True)),
                    models.Q(("read_at__isnull", False), ("read_by__isnull", False)),
                    _connector="OR",
                ),
                name="patient_text_read_at_and_by",
            ),
        ),
        migrations.AddConstraint(
            model_name="patienttext",
            constraint=models.CheckConstraint(
                condition=models.Q(("read_at__isnull", True), ("read_at__gte", models.F("sent_at")), _connector="OR"),
                name="patient_text_read_after_sent",
            ),
        ),
        migrations.AddConstraint(
            model_name="patienttext",
            constraint=models.UniqueConstraint(
                condition=models.Q(("sent_key", ""), _negated=True),
                fields=("response", "sent_key"),
                name="patient_text_sent_once",
            ),
        ),
        migrations.AddIndex(
            model_name="missedreport",
            index=models.Index(fields=["record", "record_id"], name="missed_report_of_record"),
        ),
        migrations.AddConstraint(
            model_name="missedreport",
            constraint=models.CheckConstraint(
                condition=models.Q(("record__in", ["request", "case", "person", "call", "text", "message"])),
                name="missed_report_record_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="missedreport",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["danger", "false", "late", "words", "name", "person", "other"])),
                name="missed_report_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="missedreport",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("seen_at__isnull", True), ("seen_by__isnull", True)),
                    models.Q(("seen_at__isnull", False), ("seen_by__isnull", False)),
                    _connector="OR",
                ),
                name="missed_report_seen_at_and_by",
            ),
        ),
        migrations.AddConstraint(
            model_name="missedreport",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answered_at__isnull", True), ("answered_by__isnull", True)),
                    models.Q(("answered_at__isnull", False), ("answered_by__isnull", False)),
                    _connector="OR",
                ),
                name="missed_report_answered_at_and_by",
            ),
        ),
        migrations.AddConstraint(
            model_name="missedreport",
            constraint=models.CheckConstraint(
                condition=models.Q(("answered_at__isnull", True), ("seen_at__isnull", False), _connector="OR"),
                name="missed_report_answered_was_seen",
            ),
        ),
        migrations.AddIndex(
            model_name="consultationrequest",
            index=models.Index(fields=["status", "queue_risk", "queue_due_at"], name="request_queue"),
        ),
        migrations.AddIndex(
            model_name="consultationrequest",
            index=models.Index(
                condition=models.Q(("texts_due_at__isnull", False)),
                fields=["queue_risk", "queue_due_at"],
                name="request_to_read",
            ),
        ),
        migrations.AddIndex(
            model_name="consultationrequest",
            index=models.Index(fields=["submitted_at"], name="request_by_age"),
        ),
        migrations.AddConstraint(
            model_name="consultationrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "status__in",
                        [
                            "received",
                            "in_triage",
                            "with_doctor",
                            "information_asked",
                            "offered",
                            "not_suitable",
                            "urgent",
                            "booked",
                            "completed",
                            "no_show",
                            "withdrawn",
                            "cancelled",
                        ],
                    )
                ),
                name="request_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="consultationrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "outcome__in",
                        [
                            "EMERGENCY",
                            "SAME_DAY",
                            "URGENT_REVIEW",
                            "NOT_SUITABLE_NOW",
                            "DEFER",
                            "NEEDS_INFO",
                            "LIKELY_SUITABLE",
                        ],
                    )
                ),
                name="request_outcome_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="consultationrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "highest_outcome__in",
                        [
                            "EMERGENCY",
                            "SAME_DAY",
                            "URGENT_REVIEW",
                            "NOT_SUITABLE_NOW",
                            "DEFER",
                            "NEEDS_INFO",
                            "LIKELY_SUITABLE",
                        ],
                    )
                ),
                name="request_highest_outcome_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="consultationrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("priority__in", ["stat", "asap", "urgent", "routine"])),
                name="request_priority_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="consultationrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("filled_for__in", ["self", "other"])), name="request_filled_for_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="consultationrequest",
            constraint=models.CheckConstraint(condition=models.Q(("risk__lte", 6)), name="request_risk_in_range"),
        ),
        migrations.AddConstraint(
            model_name="consultationrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("due_at__gte", models.F("submitted_at"))), name="request_due_after_sent"
            ),
        ),
        migrations.AddConstraint(
            model_name="consultationrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("flag_level", ""), ("flag_level__in", ("EMERGENCY", "SAME_DAY", "URGENT_REVIEW")), _connector="OR"
                ),
                name="request_flag_level_is_a_danger",
            ),
        ),
        migrations.AddConstraint(
            model_name="consultationrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("danger_due_at__isnull", True), ("danger_due_at__gte", models.F("submitted_at")), _connector="OR"
                ),
                name="request_danger_due_after_sent",
            ),
        ),
        migrations.AddConstraint(
            model_name="consultationrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("texts_risk__isnull", True),
                    models.Q(("texts_due_at__isnull", False), ("texts_risk__lte", 6)),
                    _connector="OR",
                ),
                name="request_texts_risk_with_a_clock",
            ),
        ),
        migrations.AddConstraint(
            model_name="consultationrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("as_pressing_as__isnull", True), ("own_due_at__isnull", True), ("own_risk__isnull", True)
                    ),
                    models.Q(("as_pressing_as__isnull", False), ("own_due_at__isnull", False), ("own_risk__lte", 6)),
                    _connector="OR",
                ),
                name="request_as_pressing_keeps_its_own",
            ),
        ),
        migrations.AddConstraint(
            model_name="consultationrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("claimed_at__isnull", True), ("claimed_by__isnull", True)),
                    models.Q(("claimed_at__isnull", False), ("claimed_by__isnull", False)),
                    _connector="OR",
                ),
                name="request_claimed_at_and_by",
            ),
        ),
        migrations.AddConstraint(
            model_name="consultationrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("escalated_at__isnull", True), ("escalated_by__isnull", True)),
                    models.Q(("escalated_at__isnull", False), ("escalated_by__isnull", False)),
                    _connector="OR",
                ),
                name="request_escalated_at_and_by",
            ),
        ),
        migrations.AddConstraint(
            model_name="consultationrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("booking_ordered_at__isnull", True), ("booking_ordered_by__isnull", True)),
                    models.Q(("booking_ordered_at__isnull", False), ("booking_ordered_by__isnull", False)),
                    _connector="OR",
                ),
                name="request_booking_ordered_at_and_by",
            ),
        ),
        migrations.AddConstraint(
            model_name="consultationrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("filled_for", "self"), ("helper_name", "")),
                    models.Q(("filled_for", "other"), models.Q(("helper_name", ""), _negated=True)),
                    _connector="OR",
                ),
                name="request_helper_named",
            ),
        ),
        migrations.AddConstraint(
            model_name="consultationrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("appointment_type__isnull", False), ("status__in", ["offered", "booked"])),
                    models.Q(("status__in", ["offered", "booked"]), _negated=True),
                    _connector="OR",
                ),
                name="request_offer_says_what_visit",
            ),
        ),
        migrations.AddIndex(
            model_name="clockalarm",
            index=models.Index(
                condition=models.Q(("ended_at__isnull", True)), fields=["began_at"], name="clock_alarm_going_on"
            ),
        ),
        migrations.AddConstraint(
            model_name="clockalarm",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["case", "danger", "reply", "answer", "choice", "visit", "text"])),
                name="clock_alarm_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="clockalarm",
            constraint=models.CheckConstraint(
                condition=models.Q(("warned_at__isnull", False), ("began_at__isnull", False), _connector="OR"),
                name="clock_alarm_warned_or_begun",
            ),
        ),
        migrations.AddConstraint(
            model_name="clockalarm",
            constraint=models.CheckConstraint(
                condition=models.Q(("acknowledged_at__isnull", True), ("began_at__isnull", False), _connector="OR"),
                name="clock_alarm_acknowledged_once_begun",
            ),
        ),
        migrations.AddConstraint(
            model_name="clockalarm",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("acknowledged_at__isnull", True), ("acknowledged_by__isnull", True)),
                    models.Q(("acknowledged_at__isnull", False), ("acknowledged_by__isnull", False)),
                    _connector="OR",
                ),
                name="clock_alarm_acknowledged_at_and_by",
            ),
        ),
        migrations.AddConstraint(
            model_name="clockalarm",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True)),
                fields=("response", "kind"),
                name="one_clock_alarm_at_a_time",
            ),
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(fields=["response", "made_at"], name="call_of_response"),
        ),
        migrations.AddConstraint(
            model_name="call",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "outcome__in",
                        ["danger_asked", "reached_other", "not_reached", "voicemail", "wrong_number", "someone_else"],
                    )
                ),
                name="call_outcome_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="call",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("completed_at__isnull", True), ("heard_at__isnull", True)),
                    ("outcome", "danger_asked"),
                    _connector="OR",
                ),
                name="call_script_only_when_asked",
            ),
        ),
        migrations.AddConstraint(
            model_name="call",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("assessment__isnull", True),
                    ("outcome__in", ["danger_asked", "reached_other", "someone_else"]),
                    _connector="OR",
                ),
                name="call_heard_only_when_spoken",
            ),
        ),
        migrations.AddConstraint(
            model_name="call",
            constraint=models.CheckConstraint(
                condition=models.Q(("completed_at__isnull", True), ("heard_at__isnull", False), _connector="OR"),
                name="call_completed_after_answers",
            ),
        ),
        migrations.AddConstraint(
            model_name="call",
            constraint=models.UniqueConstraint(
                condition=models.Q(("once", ""), _negated=True), fields=("made_by", "once"), name="call_made_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="call",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("completed_at__isnull", True), ("completed_at__gte", models.F("made_at")), _connector="OR"
                ),
                name="call_completed_after_made",
            ),
        ),
        migrations.AddConstraint(
            model_name="assessment",
            constraint=models.UniqueConstraint(fields=("response", "revision"), name="one_assessment_per_revision"),
        ),
        migrations.AddConstraint(
            model_name="assessment",
            constraint=models.CheckConstraint(
                condition=models.Q(("origin__in", ["form", "asked_again", "call"])), name="assessment_origin_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="assessment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("asked_by__isnull", False), ("origin", "call")),
                    models.Q(models.Q(("origin", "call"), _negated=True), ("asked_by__isnull", True)),
                    _connector="OR",
                ),
                name="assessment_of_a_call_names_who_asked",
            ),
        ),
        migrations.AddConstraint(
            model_name="assessment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "outcome__in",
                        [
                            "EMERGENCY",
                            "SAME_DAY",
                            "URGENT_REVIEW",
                            "NOT_SUITABLE_NOW",
                            "DEFER",
                            "NEEDS_INFO",
                            "LIKELY_SUITABLE",
                        ],
                    )
                ),
                name="assessment_outcome_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="assessment",
            constraint=models.CheckConstraint(
                condition=models.Q(("urgency__in", ["routine", "urgent", "same_day", "emergency"])),
                name="assessment_urgency_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="assessment",
            constraint=models.CheckConstraint(
                condition=models.Q(("disposition__in", ["ok", "info", "defer", "exclude"])),
                name="assessment_disposition_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="assessment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("is_booking_allowed", False), ("outcome__in", ["LIKELY_SUITABLE", "NEEDS_INFO"]), _connector="OR"
                ),
                name="assessment_booking_only_when_routine",
            ),
        ),
        migrations.AddIndex(
            model_name="safetycase",
            index=models.Index(fields=["status", "due_at"], name="case_queue"),
        ),
        migrations.AddIndex(
            model_name="safetycase",
            index=models.Index(
                condition=models.Q(("network", ""), _negated=True),
                fields=["network", "alarmed_at"],
                name="case_of_network",
            ),
        ),
        migrations.AddConstraint(
            model_name="safetycase",
            constraint=models.CheckConstraint(
                condition=models.Q(("level__in", ("EMERGENCY", "SAME_DAY", "URGENT_REVIEW"))),
                name="case_level_is_a_danger",
            ),
        ),
        migrations.AddConstraint(
            model_name="safetycase",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["open", "acknowledged", "closed"])), name="case_status_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="safetycase",
            constraint=models.CheckConstraint(
                condition=models.Q(("priority__in", ["stat", "asap", "urgent", "routine"])), name="case_priority_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="safetycase",
            constraint=models.CheckConstraint(
                condition=models.Q(("due_at__gte", models.F("raised_at"))), name="case_due_after_raised"
            ),
        ),
        migrations.AddConstraint(
            model_name="safetycase",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("acknowledged_at__isnull", True), ("acknowledged_by__isnull", True)),
                    models.Q(("acknowledged_at__isnull", False), ("acknowledged_by__isnull", False)),
                    _connector="OR",
                ),
                name="case_acknowledged_at_and_by",
            ),
        ),
        migrations.AddConstraint(
            model_name="safetycase",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("closed_at__isnull", True), ("closed_by__isnull", True)),
                    models.Q(("closed_at__isnull", False), ("closed_by__isnull", False)),
                    _connector="OR",
                ),
                name="case_closed_at_and_by",
            ),
        ),
        migrations.AddConstraint(
            model_name="safetycase",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("closed_at__isnull", False), ("status", "closed")),
                    models.Q(models.Q(("status", "closed"), _negated=True), ("closed_at__isnull", True)),
                    _connector="OR",
                ),
                name="case_closed_at_with_status",
            ),
        ),
        migrations.AddConstraint(
            model_name="safetycase",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        (
                            "outcome__in",
                            [
                                "went_for_care",
                                "no_emergency_found",
                                "seen_elsewhere",
                                "declined_advice",
                                "not_reached",
                                "no_way_to_reach",
                                "duplicate",
                                "died",
                                "entered_by_mistake",
                            ],
                        ),
                        ("status", "closed"),
                    ),
                    models.Q(models.Q(("status", "closed"), _negated=True), ("outcome", "")),
                    _connector="OR",
                ),
                name="case_closed_with_an_outcome",
            ),
        ),
        migrations.AddConstraint(
            model_name="safetycase",
            constraint=models.CheckConstraint(
                condition=models.Q(("alarm_group__isnull", True), ("patient__isnull", True), _connector="OR"),
                name="case_with_a_name_stands_alone",
            ),
        ),
        migrations.AddConstraint(
            model_name="messagesubject",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("case__isnull", True), ("consultation_request__isnull", False)),
                    models.Q(("case__isnull", False), ("consultation_request__isnull", True)),
                    _connector="OR",
                ),
                name="message_subject_request_or_case",
            ),
        ),
        migrations.AddConstraint(
            model_name="caseclosing",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("outcome", "went_for_care"), ("proof__in", ("call", "letter", "own_words"))),
                    models.Q(("outcome", "no_emergency_found"), ("proof__in", ("call", "letter"))),
                    models.Q(("outcome", "seen_elsewhere"), ("proof__in", ("call", "letter", "own_words"))),
                    models.Q(("outcome", "declined_advice"), ("proof__in", ("call", "refused"))),
                    models.Q(("outcome", "not_reached"), ("proof__in", ("tries", "mails"))),
                    models.Q(("outcome", "no_way_to_reach"), ("proof__in", ("no_name", "no_contact"))),
                    models.Q(("outcome", "duplicate"), ("proof__in", ("open_case",))),
                    models.Q(("outcome", "died"), ("proof__in", ("told",))),
                    models.Q(("outcome", "entered_by_mistake"), ("proof__in", ("said_mistake", "staff_mistake"))),
                    _connector="OR",
                ),
                name="closing_outcome_with_its_proof",
            ),
        ),
        migrations.AddConstraint(
            model_name="caseclosing",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("proof__in", ("call", "refused", "said_mistake")), ("call__isnull", False)),
                    models.Q(
                        models.Q(("proof__in", ("call", "refused", "said_mistake")), _negated=True),
                        ("call__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="closing_call_with_its_proof",
            ),
        ),
        migrations.AddConstraint(
            model_name="caseclosing",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("proof__in", ("letter",)), ("letter_on__isnull", False)),
                    models.Q(models.Q(("proof__in", ("letter",)), _negated=True), ("letter_on__isnull", True)),
                    _connector="OR",
                ),
                name="closing_letter_on_with_its_proof",
            ),
        ),
        migrations.AddConstraint(
            model_name="caseclosing",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("proof__in", ("own_words",)), ("text__isnull", False)),
                    models.Q(models.Q(("proof__in", ("own_words",)), _negated=True), ("text__isnull", True)),
                    _connector="OR",
                ),
                name="closing_text_with_its_proof",
            ),
        ),
        migrations.AddConstraint(
            model_name="caseclosing",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("proof__in", ("tries",)), ("tries__isnull", False)),
                    models.Q(models.Q(("proof__in", ("tries",)), _negated=True), ("tries__isnull", True)),
                    _connector="OR",
                ),
                name="closing_tries_with_its_proof",
            ),
        ),
        migrations.AddConstraint(
            model_name="caseclosing",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("proof__in", ("mails",)), ("mails__isnull", False)),
                    models.Q(models.Q(("proof__in", ("mails",)), _negated=True), ("mails__isnull", True)),
                    _connector="OR",
                ),
                name="closing_mails_with_its_proof",
            ),
        ),
        migrations.AddConstraint(
            model_name="caseclosing",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("proof__in", ("open_case",)), ("duplicate_of__isnull", False)),
                    models.Q(models.Q(("proof__in", ("open_case",)), _negated=True), ("duplicate_of__isnull", True)),
                    _connector="OR",
                ),
                name="closing_duplicate_of_with_its_proof",
            ),
        ),
        migrations.AddConstraint(
            model_name="caseclosing",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("proof__in", ("staff_mistake",)), ("statement__isnull", False)),
                    models.Q(models.Q(("proof__in", ("staff_mistake",)), _negated=True), ("statement__isnull", True)),
                    _connector="OR",
                ),
                name="closing_statement_with_its_proof",
            ),
        ),
        migrations.AddConstraint(
            model_name="caseclosing",
            constraint=models.CheckConstraint(
                condition=models.Q(("tries__isnull", True), ("tries__gte", 3), _connector="OR"),
                name="closing_three_tries",
            ),
        ),
        migrations.AddConstraint(
            model_name="caseclosing",
            constraint=models.CheckConstraint(
                condition=models.Q(("mails__isnull", True), ("mails__gte", 2), _connector="OR"),
                name="closing_two_mails",
            ),
        ),
        migrations.AddConstraint(
            model_name="caseclosing",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("duplicate_of__isnull", True),
                    models.Q(("duplicate_of", models.F("case")), _negated=True),
                    _connector="OR",
                ),
                name="closing_duplicate_of_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="caseclosing",
            constraint=models.UniqueConstraint(
                condition=models.Q(("reopened_at__isnull", True)),
                fields=("case",),
                name="one_standing_closing_per_case",
            ),
        ),
        migrations.AddConstraint(
            model_name="caseclosing",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("reopened_at__isnull", True), ("reopened_at__gte", models.F("closed_at")), _connector="OR"
                ),
                name="closing_reopened_after_closed",
            ),
        ),
        migrations.AddConstraint(
            model_name="caseclosing",
            constraint=models.CheckConstraint(
                condition=models.Q(("reopened_by__isnull", True), ("reopened_at__isnull", False), _connector="OR"),
                name="closing_reopened_by_with_at",
            ),
        ),
        migrations.AddConstraint(
            model_name="caseclosing",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answer", ""), ("answered_at__isnull", True)),
                    models.Q(
                        ("answer__in", ["seen_treated", "seen_other", "seen_nothing", "not_seen", "worse"]),
                        ("answered_at__isnull", False),
                        ("asked_for__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="closing_answered_when_asked",
            ),
        ),
        migrations.AddConstraint(
            model_name="settlement",
            constraint=models.CheckConstraint(
                condition=models.Q(("how__in", ["examined", "spoken_to", "seen_elsewhere", "mistake"])),
                name="settlement_how_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="settlement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("how", "spoken_to"), _negated=True), ("call__isnull", False), _connector="OR"
                ),
                name="settlement_spoken_to_in_a_call",
            ),
        ),
        migrations.AddConstraint(
            model_name="settlement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("how", "mistake"),
                        models.Q(("call__isnull", True), ("entered_by__isnull", True), _connector="XOR"),
                    ),
                    models.Q(models.Q(("how", "mistake"), _negated=True), ("entered_by__isnull", True)),
                    _connector="OR",
                ),
                name="settlement_mistake_said_by_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="shift",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends__gt", models.F("starts"))), name="shift_ends_after_start"
            ),
        ),
        migrations.AddConstraint(
            model_name="shift",
            constraint=models.CheckConstraint(
                condition=models.Q(("weekday__gte", 0), ("weekday__lte", 6)), name="shift_weekday_in_range"
            ),
        ),
        migrations.AddConstraint(
            model_name="shift",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_on__isnull", True), ("ends_on__gte", models.F("starts_on")), _connector="OR"),
                name="shift_last_day_after_first",
            ),
        ),
        migrations.AddConstraint(
            model_name="shiftchange",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["away", "on"])), name="shift_change_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="shiftchange",
            constraint=models.CheckConstraint(
                condition=models.Q(("last_on__gte", models.F("first_on"))), name="shift_change_last_day_after_first"
            ),
        ),
        migrations.AddConstraint(
            model_name="shiftchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ends__isnull", True), ("starts__isnull", True)),
                    models.Q(("ends__gt", models.F("starts")), ("ends__isnull", False), ("starts__isnull", False)),
                    _connector="OR",
                ),
                name="shift_change_hours_in_order",
            ),
        ),
        migrations.AddIndex(
            model_name="occupation",
            index=models.Index(fields=["resource", "starts_at"], name="occupation_of_resource"),
        ),
        migrations.AddIndex(
            model_name="occupation",
            index=models.Index(fields=["person", "starts_at"], name="occupation_of_person"),
        ),
        migrations.AddConstraint(
            model_name="occupation",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="occupation_ends_after_start"
            ),
        ),
        migrations.AddConstraint(
            model_name="occupation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("person__isnull", False), ("resource__isnull", True)),
                    models.Q(("person__isnull", True), ("resource__isnull", False)),
                    _connector="OR",
                ),
                name="occupation_of_a_resource_or_a_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="occupation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("appointment__isnull", False), ("hold__isnull", True)),
                    models.Q(("appointment__isnull", True), ("hold__isnull", False)),
                    _connector="OR",
                ),
                name="occupation_by_a_hold_or_an_appointment",
            ),
        ),
        migrations.AddConstraint(
            model_name="triagedecision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("action__in", ["note", "escalate", "take_back", "settle", "order", "pass", "ask", "own_urgency"])
                ),
                name="triage_action_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="clinician",
            constraint=models.CheckConstraint(
                condition=models.Q(("display_name", ""), _negated=True), name="clinician_name_not_empty"
            ),
        ),
        migrations.AddConstraint(
            model_name="availability",
            constraint=models.CheckConstraint(
                condition=models.Q(("closes__gt", models.F("opens"))), name="availability_closes_after_opens"
            ),
        ),
        migrations.AddConstraint(
            model_name="availability",
            constraint=models.CheckConstraint(
                condition=models.Q(("weekday__gte", 0), ("weekday__lte", 6)), name="availability_weekday_in_range"
            ),
        ),
        migrations.AddConstraint(
            model_name="availability",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_on__isnull", True), ("ends_on__gte", models.F("starts_on")), _connector="OR"),
                name="availability_ends_after_start",
            ),
        ),
        migrations.AddConstraint(
            model_name="absence",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="absence_ends_after_start"
            ),
        ),
        migrations.AddConstraint(
            model_name="slothold",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="hold_ends_after_start"
            ),
        ),
        migrations.AddConstraint(
            model_name="slothold",
            constraint=models.CheckConstraint(
                condition=models.Q(("buffer_before_minutes__gte", 0), ("buffer_before_minutes__lte", 120)),
                name="hold_buffer_before_in_range",
            ),
        ),
        migrations.AddConstraint(
            model_name="slothold",
            constraint=models.CheckConstraint(
                condition=models.Q(("buffer_after_minutes__gte", 0), ("buffer_after_minutes__lte", 120)),
                name="hold_buffer_after_in_range",
            ),
        ),
        migrations.AddConstraint(
            model_name="slothold",
            constraint=models.UniqueConstraint(fields=("clinician", "starts_at"), name="one_hold_per_start"),
        ),
        migrations.AddConstraint(
            model_name="room",
            constraint=models.CheckConstraint(
                condition=models.Q(("name", ""), _negated=True), name="room_name_not_empty"
            ),
        ),
        migrations.AddConstraint(
            model_name="room",
            constraint=models.UniqueConstraint(fields=("location", "name"), name="one_room_of_a_name_per_location"),
        ),
        migrations.AddConstraint(
            model_name="appointmenttype",
            constraint=models.CheckConstraint(
                condition=models.Q(("minutes__gte", 10), ("minutes__lte", 180)), name="visit_minutes_in_range"
            ),
        ),
        migrations.AddConstraint(
            model_name="appointmenttype",
            constraint=models.CheckConstraint(
                condition=models.Q(("buffer_before_minutes__gte", 0), ("buffer_before_minutes__lte", 120)),
                name="visit_buffer_before_in_range",
            ),
        ),
        migrations.AddConstraint(
            model_name="appointmenttype",
            constraint=models.CheckConstraint(
                condition=models.Q(("buffer_after_minutes__gte", 0), ("buffer_after_minutes__lte", 120)),
                name="visit_buffer_after_in_range",
            ),
        ),
        migrations.AddConstraint(
            model_name="appointmenttype",
            constraint=models.CheckConstraint(
                condition=models.Q(("step_minutes__gte", 5), ("step_minutes__lte", 240)), name="visit_step_in_range"
            ),
        ),
        migrations.AddConstraint(
            model_name="appointmenttype",
            constraint=models.CheckConstraint(
                condition=models.Q(("notice_hours__gte", 0), ("notice_hours__lte", 720)), name="visit_notice_in_range"
            ),
        ),
        migrations.AddConstraint(
            model_name="appointmenttype",
            constraint=models.CheckConstraint(
                condition=models.Q(("horizon_days__gte", 1), ("horizon_days__lte", 365)), name="visit_horizon_in_range"
            ),
        ),
        migrations.AddConstraint(
            model_name="appointmenttype",
            constraint=models.CheckConstraint(
                condition=models.Q(("modality__in", ["clinic", "phone", "video"])), name="visit_modality_known"
            ),
        ),
        migrations.AddIndex(
            model_name="appointment",
            index=models.Index(fields=["clinician", "starts_at"], name="appointment_diary"),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["booked", "arrived", "fulfilled", "cancelled", "noshow"])),
                name="appointment_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="appointment_ends_after_start"
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.CheckConstraint(
                condition=models.Q(("buffer_before_minutes__gte", 0), ("buffer_before_minutes__lte", 120)),
                name="appointment_buffer_before_in_range",
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.CheckConstraint(
                condition=models.Q(("buffer_after_minutes__gte", 0), ("buffer_after_minutes__lte", 120)),
                name="appointment_buffer_after_in_range",
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status__in", ["booked", "arrived"])),
                fields=("clinician", "starts_at"),
                name="one_live_appointment_per_start",
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status__in", ["booked", "arrived"])),
                fields=("consultation_request",),
                name="one_live_appointment_per_request",
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.UniqueConstraint(
                fields=("calendar_uid", "calendar_sequence"), name="one_state_of_a_calendar_entry"
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("cancelled_at__isnull", True), ("cancelled_by__isnull", True)),
                    models.Q(("cancelled_at__isnull", False), ("cancelled_by__isnull", False)),
                    _connector="OR",
                ),
                name="appointment_cancelled_at_and_by",
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("cancelled_at__isnull", False), ("status", "cancelled")),
                    models.Q(models.Q(("status", "cancelled"), _negated=True), ("cancelled_at__isnull", True)),
                    _connector="OR",
                ),
                name="appointment_cancelled_at_with_status",
            ),
        ),
    ]
