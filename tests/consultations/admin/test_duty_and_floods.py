"""On Today: who is on duty, what nobody was told of, and a flood in one line beside the people with a name."""

import pytest

from clinic.core import clock
from clinic.core.models import Heartbeat, OutboxMessage
from consultations.enums import CaseStatus
from consultations.models import AlarmGroup, SafetyCase
from consultations.services import cases, intake
from tests.consultations.admin.conftest import text_of
from tests.personas import make_patient

pytestmark = pytest.mark.django_db
HERE = "203.0.113.0/24"
TODAY, CASES = "/admin/", "/admin/consultations/safetycase/"


@pytest.fixture(autouse=True)
def monday(time_machine):
    time_machine.move_to("2026-11-23T15:00:00+00:00", tick=False)
    Heartbeat.beat("worker")


def visit():
    return cases.open_case(response=intake.start(), level="EMERGENCY", network=HERE)


def test_one_press_switches_duty_and_today_says_who_is_on(sign_in, nurse, doctor):
    client = sign_in(nurse)
    page = text_of(client.get(TODAY))
    assert "You are on duty." in page
    assert "On duty: Ines Halloran, Nora Adeyemi (you)." in page
    for _ in range(2):
        answer = client.post(f"{CASES}duty/", {"on_duty": "off"}, follow=True)
    page = text_of(answer)
    assert "You are off duty. Your open cases went to a colleague on duty" in page
    assert "On duty: Ines Halloran." in page
    nurse.refresh_from_db()
    assert not nurse.is_on_duty
    client.post(f"{CASES}duty/", {"on_duty": "on"})
    nurse.refresh_from_db()
    assert nurse.is_on_duty


def test_who_gets_no_cases_has_no_switch(sign_in, nurse, django_user_model):
    root = django_user_model.objects.create_superuser("root", "root@clinic.example", "a quiet passphrase")
    page = text_of(sign_in(root).get(TODAY))
    assert "On duty: Nora Adeyemi." in page
    assert "Switch on duty" not in page
    assert "Switch off duty" not in page


def test_a_superuser_switches_for_others_and_their_cases_go_on(sign_in, nurse, doctor, django_user_model):
    root = django_user_model.objects.create_superuser("root", "root@clinic.example", "a quiet passphrase")
    case = visit()
    cases.acknowledge(case=case, by=nurse)
    form = {"username": "nurse", "name": nurse.name, "email": nurse.email, "is_active": "on", "is_staff": "on",
            "groups": [group.pk for group in nurse.groups.all()]}  # fmt: skip
    sign_in(root).post(f"/admin/accounts/user/{nurse.pk}/change/", form)
    nurse.refresh_from_db()
    assert (nurse.is_on_duty, nurse.duty_changed_at) == (False, clock.now())
    cases.alert_again()
    case.refresh_from_db()
    assert (case.owner, case.status) == (doctor, CaseStatus.OPEN)


def test_today_says_at_the_top_that_nobody_was_told(sign_in, nurse):
    case = visit()
    OutboxMessage.objects.update(parked_at=clock.now())
    response = sign_in(nurse).get(TODAY)
    page = text_of(response)
    sentence = f"Nobody was told of 1 emergency (case {case.pk}). Open Safety cases and act on it now."
    assert response.context["alarms"] == [sentence]
    assert page.index(sentence) < page.index("Needs you now")


def test_with_an_alarm_on_today_never_says_that_all_is_calm(sign_in, nurse):
    client = sign_in(nurse)
    assert "Nothing needs you at once." in text_of(client.get(TODAY))
    client.post(f"{CASES}duty/", {"on_duty": "off"})
    page = text_of(client.get(TODAY))
    assert "Nobody is on duty" in page
    assert "Nothing needs you at once." not in page


def test_sixty_are_three_lines_and_a_group_and_a_name_comes_first(sign_in, nurse):
    for _ in range(60):
        case = visit()
    cases.name_person(case=case, patient=make_patient("Tomas Reed"))
    response = sign_in(nurse).get(TODAY)
    page = text_of(response)
    assert [line.who for line in response.context["cases"].cases] == ["Tomas Reed, 56"] + ["Visitor without a name"] * 3
    assert "1 person and 59 visitors without a name were sent to urgent care." in page
    assert "56 visitors without a name, from one network" in page


def test_what_does_not_fit_is_counted_and_led_to(sign_in, nurse):
    for number in range(13):
        cases.name_person(case=visit(), patient=make_patient(f"Patient {number}"))
    response = sign_in(nurse).get(TODAY)
    assert len(response.context["cases"].cases) == 10
    assert f'<a href="{CASES}">And 3 more</a>' in response.content.decode()


def test_stopping_the_mails_of_a_group_leaves_its_cases(sign_in, nurse):
    for _ in range(6):
        visit()
    client, group = sign_in(nurse), AlarmGroup.objects.get()
    seen = client.get(TODAY).context["groups"][0].newest
    visit()
    answer = client.post(f"{CASES}group/{group.pk}/acknowledge/", {"from": "today", "seen": seen}, follow=True)
    assert "The repeated mails of this group have stopped. Its cases are still open." in text_of(answer)
    assert SafetyCase.objects.filter(status=CaseStatus.OPEN).count() == 7
    group.refresh_from_db()
    assert (group.acknowledged_by, group.cases.count()) == (nurse, 3)
    assert AlarmGroup.objects.exclude(pk=group.pk).get().cases.count() == 1


@pytest.mark.parametrize(
    "seen", [None, "", "999999", "x" * 9000, "2026-11-23T15:00:00", "9999-12-31T23:59:59+00:00",
             "9999-12-31T23:59:59-23:00", "0001-01-01T00:00:00+23:00", "0001-01-01T00:00:00Z", "\u0665"]
)  # fmt: skip
def test_a_press_that_names_no_instant_of_ours_silences_nothing(sign_in, nurse, seen):
    for _ in range(6):
        visit()
    group = AlarmGroup.objects.get()
    data = {} if seen is None else {"seen": seen}
    assert sign_in(nurse).post(f"{CASES}group/{group.pk}/acknowledge/", data).status_code == 302
    newer = AlarmGroup.objects.exclude(pk=group.pk).get()
    assert (newer.acknowledged_at, newer.cases.filter(told_at=None).count()) == (None, 3)


def test_a_press_without_what_was_shown_does_not_say_that_the_mails_have_stopped(sign_in, nurse):
    for _ in range(6):
        visit()
    url = f"{CASES}group/{AlarmGroup.objects.get().pk}/acknowledge/"
    page = text_of(sign_in(nurse).post(url, {"from": "today"}, follow=True))
    assert "the mails go on" in page
    assert "have stopped" not in page


def test_the_list_leads_to_the_cases_of_a_group_and_each_case_to_its_group(sign_in, nurse):
    for _ in range(6):
        case = visit()
    client, group = sign_in(nurse), AlarmGroup.objects.get()
    listed = client.get(CASES)
    assert len(listed.context["lines"]) == 3
    assert f'href="{CASES}?group={group.pk}"' in listed.content.decode()
    inside = client.get(CASES, {"group": group.pk})
    assert sorted(line.pk for line in inside.context["lines"]) == sorted(group.cases.values_list("pk", flat=True))
    assert "Stopping the mails is not calling" in text_of(inside)
    assert "It is told with others" in text_of(client.get(f"{CASES}{case.pk}/change/"))


@pytest.mark.parametrize("asked", ["0", "99", "x", "9" * 30, "-1", "\u0665"])
def test_a_group_that_is_not_there_is_404(sign_in, nurse, asked):
    assert sign_in(nurse).get(CASES, {"group": asked}).status_code == 404


def test_the_case_says_what_became_of_its_alerts(sign_in, nurse, settings):
    settings.DUTY_EMAIL = "duty@clinic.example"
    case = visit()
    first = OutboxMessage.objects.order_by("pk").first()
    OutboxMessage.objects.filter(pk=first.pk).update(sent_at=clock.now())
    page = text_of(sign_in(nurse).get(f"{CASES}{case.pk}/change/"))
    assert "Mails about this case: 1 sent, the last on Monday 23 November, 10 am; 1 waiting to be sent." in page


def test_a_group_is_closed_in_one_act_that_is_asked_once(sign_in, nurse):
    for _ in range(6):
        visit()
    client, group = sign_in(nurse), AlarmGroup.objects.get()
    listed = client.get(CASES, {"group": group.pk})
    data = {"shown": ",".join(map(str, listed.context["closable"])), "seen": listed.context["group"].newest}
    assert "Close the 3 cases shown: no way to reach the person" in text_of(listed)
    asked = client.post(f"{CASES}group/{group.pk}/close/", data)
    assert "Nothing is closed yet." in text_of(asked)
    assert SafetyCase.objects.filter(status=CaseStatus.CLOSED).count() == 0
    named = group.cases.first()
    cases.name_person(case=named, patient=make_patient("Tomas Reed"))
    done = text_of(client.post(f"{CASES}group/{group.pk}/close/", {**data, "sure": "yes"}, follow=True))
    assert "2 cases closed: no way to reach the person. 1 case of those shown is not" in done
    assert set(SafetyCase.objects.filter(status=CaseStatus.CLOSED).values_list("outcome", flat=True)) == {
        "no_way_to_reach"
    }


@pytest.mark.parametrize("shown", ["", "x", "1,-2", "9" * 30, "\u0665"])
def test_a_group_is_not_closed_by_what_no_page_of_ours_sends(sign_in, nurse, shown):
    for _ in range(6):
        visit()
    group = AlarmGroup.objects.get()
    data = {"shown": shown, "seen": group.last_at.isoformat(), "sure": "yes"}
    page = text_of(sign_in(nurse).post(f"{CASES}group/{group.pk}/close/", data, follow=True))
    assert "We could not tell which cases you were shown. Nothing was closed." in page
    assert not SafetyCase.objects.filter(status=CaseStatus.CLOSED).exists()
