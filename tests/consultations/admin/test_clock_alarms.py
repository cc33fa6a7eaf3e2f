"""The alarm of a clock on the pages of staff, and the button that ends its mails."""

import datetime

import pytest
from django.urls import reverse

from clinic.core import clock
from consultations.enums import Outcome, RequestStatus
from consultations.models import ClockAlarm
from consultations.services import cases, clock_alarms
from tests.consultations.admin.conftest import page_of, text_of
from tests.personas import MONDAY_MORNING

pytestmark = pytest.mark.django_db
BUTTON = "Acknowledge the alarm"


@pytest.fixture(autouse=True)
def monday(time_machine):
    time_machine.move_to(MONDAY_MORNING, tick=False)


@pytest.fixture
def overdue(make_request):
    """Offered, with a danger that should have been acted on 78 minutes ago."""
    late = clock.now() - datetime.timedelta(minutes=78)
    consultation_request = make_request(
        status=RequestStatus.OFFERED, outcome=Outcome.SAME_DAY, flag_level="SAME_DAY", danger_due_at=late,
        submitted_at=late - datetime.timedelta(hours=2), due_at=clock.now() + datetime.timedelta(days=5),
    )  # fmt: skip
    clock_alarms.look()
    return consultation_request


def press(client, follow=True):
    alarm = ClockAlarm.objects.get()
    return client.post(reverse("admin:consultations_consultationrequest_alarm", args=[alarm.pk]), follow=follow)


def test_it_stands_on_the_page_with_a_button_until_somebody_acts_on_it(sign_in, nurse, doctor, overdue):
    page = text_of(sign_in(nurse).get(page_of(overdue)))
    assert "Overdue: a danger that nobody has settled" in page
    assert "Due Monday 23 November, 8:42 am. Call the patient now, and log the call." in page
    assert BUTTON in page
    assert "1 hour 18 minutes overdue" in page
    after = text_of(press(sign_in(nurse)))
    assert "The alarm is acknowledged by you. Its clock goes on until you have acted." in after
    assert "Acknowledged by Nora Adeyemi on Monday 23 November, 10 am." in after
    assert BUTTON not in after
    assert "acknowledged the alarm" in after
    assert "The alarm is acknowledged by Nora Adeyemi." in text_of(press(sign_in(doctor)))


def test_today_says_whether_anybody_acts_on_it(sign_in, nurse, overdue):
    today = reverse("admin:today")
    assert "1 hour 18 minutes overdue. Nobody has acknowledged the alarm." in text_of(sign_in(nurse).get(today))
    press(sign_in(nurse))
    assert "1 hour 18 minutes overdue. Acknowledged by Nora Adeyemi" in text_of(sign_in(nurse).get(today))


def test_that_of_a_case_stands_with_the_case_alone(sign_in, nurse, overdue, time_machine):
    case = cases.open_case(response=overdue.response, level=Outcome.SAME_DAY)
    time_machine.shift(datetime.timedelta(minutes=121))
    clock_alarms.look()
    (alarm,) = ClockAlarm.objects.going_on()
    assert alarm.kind == "case"
    page = text_of(sign_in(nurse).get(reverse("admin:consultations_safetycase_change", args=[case.pk])))
    assert "Overdue: this safety case" in page
    assert BUTTON in page
    assert BUTTON not in text_of(sign_in(nurse).get(page_of(overdue)))


def test_an_editor_ends_nothing(sign_in, editor, overdue):
    assert press(sign_in(editor), follow=False).status_code == 403
    assert ClockAlarm.objects.get().acknowledged_at is None
