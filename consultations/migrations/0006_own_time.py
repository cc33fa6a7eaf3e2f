import django.db.models.deletion
from django.db import migrations, models

from consultations.migrations._own_time import follow_both


class Migration(migrations.Migration):
    dependencies = [("consultations", "0005_who_keeps_extra_sessions")]

    operations = [
        migrations.AddField(
            model_name="slothold",
            name="gives_back",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="consultations.appointment",
            ),
        ),
        follow_both(),
    ]
