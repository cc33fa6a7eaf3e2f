"""What arrives by itself: counts that name nobody, and emergencies that no tab, filter, search or page hides."""

import datetime
import wave
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.contrib.staticfiles import finders

from clinic.core import clock
from clinic.core.models import RecordRead
from consultations.enums import CaseStatus, Outcome, RequestStatus
from consultations.models import AlarmGroup, ConsultationRequest, PatientText, SafetyCase
from consultations.services import cases
from tests.consultations.admin.conftest import text_of
from tests.personas import close_case, make_patient

pytestmark = pytest.mark.django_db
NEWS = "/admin/news/"
REQUESTS = "/admin/consultations/consultationrequest/"
CASES = "/admin/consultations/safetycase/"


@pytest.fixture
def make_case(make_request: Any) -> Any:
    def make(name: str = "Vera Holm", *, level: Outcome = Outcome.EMERGENCY, **values: Any) -> SafetyCase:
        consultation_request = make_request(patient=make_patient(name))
        case = cases.open_case(response=consultation_request.response, level=level)
        SafetyCase.objects.filter(pk=case.pk).update(**{"patient": consultation_request.patient, **values})
        case.refresh_from_db()
        return case

    return make


def news(client: Any, since: datetime.datetime | None = None) -> dict[str, Any]:
    answer = client.get(NEWS, {"since": since.isoformat()} if since else {})
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store, private"
    news_now: dict[str, Any] = answer.json()
    return news_now


def test_counts_and_the_newest_emergency_and_nobody_by_name(
    sign_in: Any, nurse: Any, make_case: Any, make_request: Any
) -> None:
    before = clock.now() - datetime.timedelta(minutes=10)
    first = make_case(alarmed_at=before)
    newest = make_case("Ove Lund")
    make_case("Same Day", level=Outcome.SAME_DAY)
    make_case("Taken On", status=CaseStatus.ACKNOWLEDGED, acknowledged_at=clock.now(), acknowledged_by=nurse)
    told = make_request(patient=make_patient("Tor Berg"))
    text = {"text": "I want to die.", "is_self_harm": True, "sent_at": clock.now(), "due_at": clock.now()}
    PatientText.objects.create(response=told.response, kind="message", **text)
    type(told).objects.filter(pk=told.pk).update(texts_due_at=clock.now(), texts_risk=0)
    client = sign_in(nurse)

    counts = news(client, since=clock.now() - datetime.timedelta(minutes=5))

    assert counts["badges"] == {REQUESTS: 1, CASES: 3}
    assert counts["emergencies"] == 2
    assert counts["newest"]["url"] == f"{CASES}{newest.pk}/change/"
    assert counts["newest"]["text"] == f"Emergency, case {newest.pk}: 1 minute ago, nobody has taken it on."
    assert counts["fresh"]["cases"] == 2
    assert not any(name in str(counts) for name in ("Vera", "Ove", "Tor", told.reference, "LS-"))
    assert not RecordRead.objects.exists()
    close_case(newest, by=nurse)
    assert news(client)["newest"]["url"] == f"{CASES}{first.pk}/change/"


def test_a_flood_is_one_emergency(sign_in: Any, nurse: Any, make_case: Any) -> None:
    now = clock.now()
    group = AlarmGroup.objects.create(network="one", level="EMERGENCY", first_at=now, last_at=now)
    for _ in range(3):
        make_case(patient=None, alarm_group=group)

    counts = news(sign_in(nurse))

    assert (counts["emergencies"], counts["newest"]["url"]) == (1, f"{CASES}?group={group.pk}")
    assert "visitors without a name" in counts["newest"]["text"]


def test_it_costs_few_queries_writes_nothing_and_lengthens_no_session(
    sign_in: Any, nurse: Any, make_case: Any, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        make_case(f"Person {number}")
    client = sign_in(nurse)
    client.get(NEWS)
    until = Session.objects.get().expire_date

    with django_assert_max_num_queries(7) as queries:
        client.get(NEWS)

    assert not [
        captured_query for captured_query in queries.captured_queries if not captured_query["sql"].startswith("SELECT")
    ]
    assert Session.objects.get().expire_date == until


def test_who_is_signed_out_or_sees_no_cases_is_told_nothing(client: Any, sign_in: Any, editor: Any) -> None:
    for asking in (client, sign_in(editor)):
        answer = asking.get(NEWS)
        assert (answer.status_code, answer.json()) == (403, {})
    assert 'id="news"' not in sign_in(editor).get("/admin/").content.decode()


@pytest.mark.parametrize("odd", ["", "yesterday", "2026-01-01", "9999-99-99T00:00:00+00:00", "2026-01-01T00:00:00"])
def test_an_odd_instant_counts_from_now(sign_in: Any, nurse: Any, make_request: Any, odd: str) -> None:
    make_request(submitted_at=clock.now() - datetime.timedelta(hours=1))
    assert sign_in(nurse).get(NEWS, {"since": odd}).json()["fresh"]["requests"] == 0


def test_no_tab_filter_search_or_page_hides_an_emergency(
    sign_in: Any, nurse: Any, make_case: Any, make_request: Any
) -> None:
    case = make_case("Vera Holm")
    line = f"Emergency, case {case.pk}: 1 minute ago, nobody has taken it on."
    client = sign_in(nurse)
    address = client.post(f"{REQUESTS}search/", {"q": "nobody at all"})["Location"]
    queries = [f"?tab={tab}" for tab in ("all", "unread", "triage", "doctor", "waiting", "booked", "closed")]
    queries += ["?priority=routine", "?outcome=DEFER&mine=on", "?age=week", "?page=7", ""]
    for url in [
        *(f"{REQUESTS}{query}" for query in queries),
        address,
        f"{CASES}?closed=1",
        "/admin/core/outboxmessage/",
    ]:
        assert line in text_of(client.get(url)), url
    consultation_request = make_request(status=RequestStatus.IN_TRIAGE)
    assert line in text_of(client.get(f"{REQUESTS}{consultation_request.pk}/change/"))

    cases.acknowledge(case=case, by=nurse)

    assert f"case {case.pk}: 1 minute ago, taken on." in text_of(client.get(f"{REQUESTS}?tab=booked"))
    assert f"case {case.pk}:" not in text_of(client.get(f"{REQUESTS}{consultation_request.pk}/change/"))
    close_case(case, by=nurse)
    assert f"case {case.pk}:" not in text_of(client.get(f"{REQUESTS}?tab=booked"))


def test_the_navigation_counts_without_a_script(sign_in: Any, nurse: Any, make_case: Any) -> None:
    make_case()
    make_case("Ove Lund")
    page = text_of(sign_in(nurse).get("/admin/password_change/"))
    assert '<b>2</b><span class="visually-hidden"> that nobody has taken on</span>' in page
    assert f'data-news-badge="{REQUESTS}" hidden><b>0</b>' in page


def test_sound_is_off_until_switched_on_and_short(sign_in: Any, nurse: Any, editor: Any) -> None:
    client = sign_in(nurse)
    assert "data-is-loud" not in client.get("/admin/").content.decode()
    assert "Sound is on in this browser." in text_of(client.post("/admin/sound/", {"sound": "on"}, follow=True))
    assert 'data-is-loud="yes"' in client.get(REQUESTS).content.decode()
    cookie = client.cookies["sound"]
    assert (cookie.value, cookie["httponly"], cookie["samesite"]) == ("on", True, "Lax")
    client.post("/admin/sound/", {"sound": "off"})
    assert "data-is-loud" not in client.get(REQUESTS).content.decode()
    assert sign_in(editor).post("/admin/sound/", {"sound": "on"}).status_code == 403
    with wave.open(finders.find("clinic/alert.wav")) as sound:
        assert sound.getnframes() / sound.getframerate() < 3


def test_an_emergency_that_is_not_settled_is_counted_after_its_case_is_closed(
    sign_in: Any, nurse: Any, make_case: Any
) -> None:
    case = make_case()
    ConsultationRequest.objects.update(flag_level=Outcome.EMERGENCY)
    client = sign_in(nurse)
    told = "1 request with an emergency that no doctor has settled"
    assert told not in text_of(client.get(f"{REQUESTS}?tab=booked"))
    close_case(case, by=nurse)
    assert told in text_of(client.get(f"{REQUESTS}?tab=booked"))
    ConsultationRequest.objects.update(flag_level="")
    assert told not in text_of(client.get(f"{REQUESTS}?tab=booked"))
