from django.db import migrations, models


class Migration(migrations.Migration):
    """Columns that may be NULL and nothing else: SQLite adds them without writing the tables anew, triggers and all."""

    dependencies = [("consultations", "0007_calendar_feed")]

    operations = [
        migrations.AddField("appointment", "confirmed_for", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("consultationrequest", "offer_expired_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("consultationrequest", "reminders_full_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("consultationrequest", "reminders_off_at", models.DateTimeField(blank=True, null=True)),
    ]
