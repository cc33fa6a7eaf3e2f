"""What somebody writes about their needs is read for words about danger, as every other text of a patient is."""

from django.db import migrations, models

KINDS = {
    "note": "Note with the answers",
    "decision_aid": "Notes from the decision aid",
    "phone": "Words beside the phone number",
    "message": "Message",
    "answer": "Answer to our question",
    "cancel_reason": "Reason for cancelling a time",
    "asked_again": "Ticked: new since then",
    "next_day": "Answer to how it went",
    "needs": "What makes a visit work",
}


class Migration(migrations.Migration):
    dependencies = [("consultations", "0009_needs_and_before_the_visit")]

    operations = [
        migrations.AlterField(
            model_name="patienttext",
            name="kind",
            field=models.CharField(choices=list(KINDS.items()), max_length=20),
        ),
        migrations.RemoveConstraint(model_name="patienttext", name="patient_text_kind_known"),
    ]
