from django.db import migrations

from consultations.migrations._overlap_guard import (
    WATCHED,
    add_guard,
    drop_guard,
    follow,
    follow_persons,
    unfollow,
    unfollow_persons,
)

RESOURCES = {"column": "resource_id", "name": "no_overlapping_use_of_a_resource"}
PERSONS = {"column": "person_id", "name": "no_overlapping_visits_of_a_person"}
HOLDS = {"table": "consultations_slothold", "source": "hold"}
APPOINTMENTS = {"table": "consultations_appointment", "source": "appointment"}
IS_LIVE = "NEW.status IN ('booked', 'arrived')"


class Migration(migrations.Migration):
    dependencies = [("consultations", "0001_initial")]

    operations = [
        migrations.RunPython(add_guard(**RESOURCES), drop_guard(**RESOURCES)),
        migrations.RunPython(add_guard(**PERSONS), drop_guard(**PERSONS)),
        migrations.RunPython(follow(**HOLDS), unfollow(**HOLDS)),
        migrations.RunPython(
            follow(**APPOINTMENTS, live=IS_LIVE, watched=("status", *WATCHED)), unfollow(**APPOINTMENTS)
        ),
        migrations.RunPython(follow_persons, unfollow_persons),
    ]
