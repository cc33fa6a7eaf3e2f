import django.contrib.auth.validators
import django.utils.timezone
from django.db import migrations, models

import clinic.accounts.models
import clinic.core.fields
import clinic.core.people


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="User",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                (
                    "username",
                    models.CharField(
                        error_messages={"unique": "A user with that username already exists."},
                        help_text="Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.",
                        max_length=150,
                        unique=True,
                        validators=[django.contrib.auth.validators.UnicodeUsernameValidator()],
                        verbose_name="username",
                    ),
                ),
                (
                    "is_staff",
                    models.BooleanField(
                        default=False,
                        help_text="Designates whether the user can log into this admin site.",
                        verbose_name="staff status",
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        default=True,
                        help_text="Designates whether this user should be treated as active. Unselect this instead of deleting accounts.",
                        verbose_name="active",
                    ),
                ),
                ("date_joined", models.DateTimeField(default=django.utils.timezone.now, verbose_name="date joined")),
                ("name_key", clinic.core.people.NameKeyField(blank=True, default="", editable=False)),
                (
                    "name",
                    clinic.core.fields.PersonNameField(
                        help_text="First and last name, as colleagues and patients know them.", max_length=150
                    ),
                ),
                (
                    "email",
                    models.EmailField(
                        help_text="Alerts about safety cases go here.",
                        max_length=254,
                        validators=[clinic.accounts.models.check_mailable],
                        verbose_name="email address",
                    ),
                ),
                (
                    "is_on_duty",
                    models.BooleanField(
                        default=True,
                        help_text="Gets safety cases and their alerts. Untick it for leave, and tick it again when you are back.",
                        verbose_name="on duty",
                    ),
                ),
                ("duty_changed_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("duty_pressed_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("is_staff", False), models.Q(("email", ""), _negated=True), _connector="OR"
                        ),
                        name="user_staff_have_an_address",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), models.Q(("name_key", ""), _negated=True), _connector="OR"),
                        name="user_name_key_not_empty",
                    ),
                ],
            },
        ),
    ]
