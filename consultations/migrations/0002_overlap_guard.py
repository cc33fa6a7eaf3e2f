from django.db import migrations

from consultations.migrations._overlap_guard import add_guard, drop_guard

APPOINTMENTS = {"table": "consultations_appointment", "name": "no_overlapping_appointments"}
HOLDS = {"table": "consultations_slothold", "name": "no_overlapping_holds"}


class Migration(migrations.Migration):
    dependencies = [("consultations", "0001_initial")]

    operations = [
        migrations.RunPython(
            add_guard(**APPOINTMENTS, live="{row}status IN ('booked', 'arrived')"), drop_guard(**APPOINTMENTS)
        ),
        migrations.RunPython(add_guard(**HOLDS, live="{row}clinician_id IS NOT NULL"), drop_guard(**HOLDS)),
    ]
