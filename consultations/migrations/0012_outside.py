from django.db import migrations, models

import clinic.core.fields


class Migration(migrations.Migration):
    dependencies = [("consultations", "0011_kinds_of_text")]

    operations = [
        migrations.AddField(
            model_name="appointment",
            name="outside",
            field=models.CharField(blank=True, max_length=40, null=True),
        ),
        migrations.AddField(
            model_name="appointment",
            name="outside_reason",
            field=clinic.core.fields.EncryptedTextField(blank=True, null=True),
        ),
    ]
