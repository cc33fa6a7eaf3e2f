"""Each kind of text that there may be, with the new one; made beside whoever writes."""

from django.db import migrations, models

from clinic.core.schema_changes import AddConstraintOnline

KINDS = ["note", "decision_aid", "phone", "message", "answer", "cancel_reason", "asked_again", "next_day", "needs"]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("consultations", "0010_needs_are_read")]

    operations = [
        AddConstraintOnline(
            model_name="patienttext",
            constraint=models.CheckConstraint(condition=models.Q(("kind__in", KINDS)), name="patient_text_kind_known"),
        ),
    ]
