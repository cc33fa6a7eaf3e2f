"""What the page of free times shows: the earliest, which doctor, the week of the region, and another time zone."""

import datetime
import re

import pytest
from django.test import Client

from consultations.models import AppointmentType, Availability, ClinicalReview, Clinician, SlotHold
from tests.consultations.perform import perform
from tests.consultations.views.conftest import MONDAY, TUESDAY, key, text_of
from tests.consultations.views.test_private_times import keys_on
from tests.personas import at, open_privately

pytestmark = pytest.mark.usefixtures("monday")


class TestEarliest:
    def test_the_next_three_stand_first_and_one_press_holds(self, patient, clinician):
        html = patient.get(at(patient, "times/?day=2026-12-02")).content.decode()
        assert html.index("Earliest times") < html.index("December 2026")
        keys = re.findall(r'<button class="slot-now" type="submit" value="([^"]+)"', html)
        step = datetime.timedelta(minutes=40)
        assert keys == [key(TUESDAY + number * step, clinician) for number in range(3)]
        assert patient.post(at(patient, "times/"), {"slot": keys[0]}).headers["Location"] == at(patient, "times/check/")
        assert SlotHold.objects.get().starts_at == TUESDAY

    def test_beside_the_nearest_times_they_would_say_it_twice(self, patient, rival, clinician):
        rival.post(at(rival, "times/"), {"slot": key(TUESDAY, clinician)})
        page = patient.post(at(patient, "times/"), {"slot": key(TUESDAY, clinician)})
        assert "Earliest times" not in text_of(page)


class TestWhichDoctor:
    @pytest.fixture
    def colleague(self, clinician, other_doctor):
        colleague = Clinician.objects.create(user=other_doctor, display_name="Dr Alma Okafor")
        for window in clinician.availabilities.all():
            window.pk, window.clinician = None, colleague
            window.save()
        return colleague

    @pytest.fixture
    def decided(self, offered, colleague):
        """The colleague decided on the request."""
        return ClinicalReview.objects.create(
            consultation_request=offered, decision="offer", suggestion="DEFER", decided_at=MONDAY,
            decided_by=colleague.user,
        )  # fmt: skip

    @staticmethod
    def links(page):
        nav = page.content.decode().split('aria-label="Doctor"')[1].split("</nav>")[0]
        return re.findall(r'<a href="([^"]+)"( aria-current="true")?>(.+?)</a>', nav)

    @pytest.mark.usefixtures("decided")
    def test_your_doctor_is_marked_and_first(self, patient, clinician, colleague):
        page = patient.get(at(patient, "times/?day=2026-11-24"))
        assert self.links(page) == [
            (f"?doctor={colleague.pk}", "", "Dr Alma Okafor, your doctor"),
            ("?", ' aria-current="true"', "Any doctor"),
            (f"?doctor={clinician.pk}", "", "Dr Ines Halloran"),
        ]
        headings = re.findall(r'<h3 id="with-\d+">(.+?)</h3>', page.content.decode())
        assert headings == ["With Dr Alma Okafor, your doctor, Orchard Row", "With Dr Ines Halloran, Orchard Row"]
        first = re.search(r'<button class="slot-now" type="submit" value="([^"]+)"', page.content.decode())[1]
        assert first == key(TUESDAY, colleague)

    @pytest.mark.usefixtures("decided")
    def test_one_doctor_alone_and_the_links_keep_it(self, patient, clinician, colleague):
        page = patient.get(at(patient, f"times/?doctor={clinician.pk}"))
        html = page.content.decode()
        assert {entry.split("-")[1] for entry in keys_on(page)} == {f"{clinician.pk}"}
        assert len(keys_on(page)) == 4
        assert f'href="?doctor={clinician.pk}&amp;day=2026-11-25"' in html
        assert f'href="?doctor={clinician.pk}&amp;month=2026-12"' in html
        assert f"times/?doctor={clinician.pk}&amp;day=2026-11-24" in html

    @pytest.mark.usefixtures("decided")
    @pytest.mark.parametrize("number", ["", "0", "x", "999999", "١"])
    def test_a_doctor_whom_nobody_offers_is_any_doctor(self, patient, number):
        page = patient.get(at(patient, "times/"), {"doctor": number})
        assert len(keys_on(page)) == 8

    def test_with_one_doctor_there_is_nothing_to_choose(self, patient):
        assert "Any doctor" not in text_of(patient.get(at(patient, "times/")))


class TestTheWeek:
    @pytest.mark.parametrize(("region", "first"), [("US", "Sunday"), ("CA", "Sunday"), ("GB", "Monday")])
    def test_begins_as_the_region_s_does(self, patient, settings, region, first):
        settings.CLINIC_REGION = region
        settings.LANGUAGE_CODE = "en-us" if region == "US" else "en-gb"
        html = patient.get(at(patient, "times/?day=2026-12-01")).content.decode()
        days = re.findall(r'<th scope="col"><span class="visually-hidden">(\w+)</span><b[^>]+>(\w+)</b>', html)
        assert days[0] == (first, first[:2])
        assert len(dict(days)) == 7
        # 1 December 2026 is a Tuesday.
        cells = html.split("<tbody>")[1].split("</tr>")[0]
        assert cells.count("<td></td>") == (2 if first == "Sunday" else 1)


class TestOwnZone:
    @pytest.fixture
    def by_video(self, visit):
        visit.modality = "video"
        visit.save()

    @pytest.mark.usefixtures("by_video")
    def test_both_times_are_shown_once_the_patient_chose_a_zone(self, patient, clinician):
        before = text_of(patient.get(at(patient, "times/")))
        assert "Will you be in another time zone?" in before
        assert "Beside them stands" not in before
        sent = patient.post(at(patient, "times/?day=2026-11-24"), {"own_zone": "America/Los_Angeles"})
        assert sent.headers["Location"] == at(patient, "times/?day=2026-11-24")
        page = patient.get(sent.headers["Location"])
        assert "Times are in Eastern Time (New York). Beside them stands your time: Pacific Time (Los Angeles)." in (
            text_of(page)
        )
        assert re.search(r"9 am <small>6 am PST</small>", page.content.decode())
        patient.post(at(patient, "times/"), {"slot": key(TUESDAY, clinician)})
        check = text_of(patient.get(at(patient, "times/check/")))
        assert (
            "Tuesday 24 November, 9 am, Eastern Time (New York) For you: 6 am PST, Pacific Time (Los Angeles)" in check
        )

    @pytest.mark.usefixtures("by_video")
    def test_another_day_there_is_named(self, patient, clinician):
        Availability.objects.update(opens=datetime.time(0), closes=datetime.time(1))
        patient.post(at(patient, "times/"), {"own_zone": "America/Los_Angeles"})
        assert "Monday 23 November, 9 pm PST" in text_of(patient.get(at(patient, "times/?day=2026-11-24")))

    @pytest.mark.usefixtures("by_video")
    @pytest.mark.parametrize("zone", ["", "Mars/Base", "America/New_York", "Europe/Berlin"])
    def test_what_is_not_on_the_list_means_no_other_zone(self, patient, zone):
        patient.post(at(patient, "times/"), {"own_zone": "America/Los_Angeles"})
        patient.post(at(patient, "times/"), {"own_zone": zone})
        assert "Beside them stands" not in text_of(patient.get(at(patient, "times/")))
        assert "own_zone" not in patient.session

    def test_a_visit_at_the_clinic_is_in_the_clinic_s_zone(self, patient):
        patient.post(at(patient, "times/"), {"own_zone": "America/Los_Angeles"})
        text = text_of(patient.get(at(patient, "times/")))
        assert "Will you be in another time zone?" not in text
        assert "Beside them stands" not in text


def test_weeks_of_the_month_that_are_over_are_left_out(patient):
    """It is Monday 23 November 2026."""
    html = patient.get(at(patient, "times/?day=2026-11-24")).content.decode()
    days = re.findall(r"<td><span>(\d+)</span></td>", html)
    assert days == ["22", "23", "28", "29"]


def test_the_doubled_hour_is_told_apart_on_every_label(offered, time_machine):
    """On 7 November 2027 the clocks of New York show one o'clock to two twice."""
    time_machine.move_to("2027-11-05T15:00:00Z", tick=False)
    Availability.objects.update(weekday=6, opens=datetime.time(0), closes=datetime.time(4))
    AppointmentType.objects.update(minutes=30, step_minutes=30)
    perform("answer_again", offered, ticks=("none",))
    client = Client()
    open_privately(client, offered)
    html = client.get(at(client, "times/?day=2027-11-07")).content.decode()
    labels = [" ".join(label.split()) for label in re.findall(r'<label for="slot-[^"]+">(.+?)<span', html, re.DOTALL)]
    assert labels[:10] == [
        "12 am", "12:30 am", "1 am EDT", "1:30 am EDT", "1 am EST", "1:30 am EST", "2 am", "2:30 am", "3 am", "3:30 am",
    ]  # fmt: skip
    earliest = re.findall(r'class="slot-now"[^>]*>([^<]+?)\s*<small>', html)
    assert earliest == ["Sunday 7 November, 12 am", "Sunday 7 November, 12:30 am", "Sunday 7 November, 1 am EDT"]
