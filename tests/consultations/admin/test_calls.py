"""Calls as a nurse or doctor makes them: one history, the danger questions, an emergency, a caller."""

import pytest
from django.urls import reverse

from clinic.core.models import RecordRead
from consultations.enums import CallOutcome, Outcome, RequestStatus
from consultations.models import Call, SafetyCase
from consultations.services import call_scripts, calls, cases
from tests.consultations.admin.conftest import page_of, text_of
from tests.personas import make_patient

pytestmark = pytest.mark.django_db
CALLER = {"name": "Maeve Hart", "phone": "(202) 555-0177", "said": "Her legs are numb.", "level": "URGENT_REVIEW"}


def url(what, *args):
    return reverse(f"admin:consultations_consultationrequest_{what}", args=args)


@pytest.fixture
def offered(make_request):
    return make_request(
        status=RequestStatus.OFFERED,
        patient=make_patient("Nora Quist"),
        answers={"ab_age": 56, "rf_now": ["none"], "rf_ce": ["none"]},
        record={"answers": {"rf_now": ["none"], "rf_ce": ["saddle"]}, "cleaned": {}, "asked": []},
    )


@pytest.fixture
def script(offered, nurse):
    return calls.begin(response=offered.response, by=nurse)


def case_url(case):
    return reverse("admin:consultations_safetycase_change", args=[case.pk])


class TestOneHistory:
    def test_request_and_case_show_the_same_calls(self, sign_in, nurse, offered):
        client = sign_in(nurse)
        case = cases.open_case(response=offered.response, level=Outcome.SAME_DAY, patient=offered.patient)
        new = url("call_new", offered.response_id)
        client.post(new, {"outcome": "not_reached", "note": "Rang out."})
        client.post(new, {"outcome": "voicemail", "note": ""})
        for page in (page_of(offered), case_url(case), new):
            shown = text_of(client.get(page))
            assert "did not reach the person (try 1)" in shown
            assert "reached a voicemail (try 2)" in shown
            assert "Rang out." in shown
            assert "follow the clinic’s welfare policy" in shown

    def test_the_welfare_sentence_goes_once_somebody_was_reached(self, sign_in, nurse, offered):
        client = sign_in(nurse)
        cases.open_case(response=offered.response, level=Outcome.SAME_DAY, patient=offered.patient)
        for outcome in ("wrong_number", "someone_else", "reached_other"):
            client.post(url("call_new", offered.response_id), {"outcome": outcome})
        assert "welfare policy" not in text_of(client.get(page_of(offered)))
        client.post(url("call_new", offered.response_id), {"outcome": "not_reached"})
        shown = text_of(client.get(page_of(offered)))
        assert "(try 1)" in shown
        assert "welfare policy" not in shown

    def test_a_wrong_form_keeps_what_was_typed(self, sign_in, nurse, offered):
        page = sign_in(nurse).post(url("call_new", offered.response_id), {"note": "Asked for a later time."})
        assert page.context["title"].startswith("Error:")
        assert "Asked for a later time." in text_of(page)
        assert not Call.objects.exists()

    def test_a_danger_needs_words_and_somebody_who_spoke(self, sign_in, nurse, offered):
        client = sign_in(nurse)
        given = {"outcome": "voicemail", "danger": "EMERGENCY", "note": ""}
        assert set(client.post(url("call_new", offered.response_id), given).context["form"].errors) == {
            "danger", "note",
        }  # fmt: skip
        given = {"outcome": "someone_else", "danger": "EMERGENCY", "note": "He fell and cannot move."}
        client.post(url("call_new", offered.response_id), given)
        offered.refresh_from_db()
        assert (offered.flag_level, SafetyCase.objects.get().level) == ("EMERGENCY", "EMERGENCY")

    def test_other_words_from_a_page_that_was_sent_are_kept(self, sign_in, nurse, offered):
        client = sign_in(nurse)
        new = url("call_new", offered.response_id)
        client.post(new, {"outcome": "voicemail", "note": "One.", "once": "page"})
        again = client.post(new, {"outcome": "voicemail", "note": "Two.", "once": "page"})
        assert "Nothing was changed" in text_of(again)
        assert "Two." in text_of(again)
        client.post(new, {"outcome": "voicemail", "note": "Two.", "once": again.context["form"].data["once"]})
        assert sorted(call.note for call in Call.objects.all()) == ["One.", "Two."]


class TestTheScript:
    def test_nothing_is_preselected_and_what_was_told_before_stands_beside(self, sign_in, nurse, script):
        page = sign_in(nurse).get(url("call_ask", script.pk, "nerves"))
        assert b"checked" not in page.content
        shown = text_of(page)
        assert "Told before" in shown
        rows = {row.field.name: [line for item in row.earlier for line in item.lines] for row in page.context["rows"]}
        assert len(rows["rf_ce"]) == 1
        assert "genitals" in rows["rf_ce"][0]

    def test_a_danger_heard_after_an_offer_raises_both_before_the_call_ends(self, sign_in, nurse, offered, script):
        client = sign_in(nurse)
        answer = client.post(url("call_ask", script.pk, "nerves"), {"rf_ce": "saddle", "rf_ce_when": "lt2w"})
        assert answer["Location"] == url("call_stop", script.pk)
        offered.refresh_from_db()
        case = SafetyCase.objects.get(response=offered.response)
        assert (offered.flag_level, offered.status, case.level) == ("EMERGENCY", RequestStatus.OFFERED, "EMERGENCY")
        shown = text_of(client.get(answer["Location"]))
        assert "Offer to stay on the line." in shown
        assert "911" in shown
        assert "No red flag" not in text_of(client.get(page_of(offered)))

    def test_a_nurse_stops_there_and_a_doctor_may_go_on(self, sign_in, nurse, doctor, offered, script):
        client = sign_in(nurse)
        client.post(url("call_ask", script.pk, "now"), {"rf_now": "chest"})
        assert client.get(url("call_ask", script.pk, "signs"))["Location"] == url("call_stop", script.pk)
        assert client.get(url("call_ask", script.pk, "now")).status_code == 200
        mine = calls.begin(response=offered.response, by=doctor)
        client = sign_in(doctor)
        first = client.post(url("call_ask", mine.pk, "now"), {"rf_now": "chest"})
        assert first["Location"] == url("call_stop", mine.pk)
        assert "Go on with the questions" in text_of(client.get(first["Location"]))
        next_one = client.post(url("call_ask", mine.pk, "nerves"), {"rf_ce": "none"})
        assert next_one["Location"] == url("call_ask", mine.pk, "injury")

    def test_when_it_began_is_asked_for_once_and_may_be_left_unasked(self, sign_in, nurse, script):
        client = sign_in(nurse)
        page = client.post(url("call_ask", script.pk, "nerves"), {"rf_ce": "saddle"})
        assert "It decides whether this is an emergency now." in text_of(page)
        assert SafetyCase.objects.exists()
        given = {"rf_ce": "saddle", "rf_ce_when": "not_asked"}
        answer = client.post(url("call_ask", script.pk, "nerves"), given)
        assert answer["Location"] == url("call_ask", script.pk, "injury")
        script.refresh_from_db()
        assert script.answers == {"rf_ce": ["saddle"]}

    def test_contradicting_ticks_are_kept_and_act_before_they_are_put_right(self, sign_in, nurse, script):
        page = sign_in(nurse).post(url("call_ask", script.pk, "now"), {"rf_now": ["fever", "none"]})
        assert page.context["title"].startswith("Error:")
        script.refresh_from_db()
        assert script.answers == {"rf_now": ["fever", "none"]}
        assert SafetyCase.objects.exists()

    def test_the_end_names_what_was_left_out_and_records_the_rest(self, sign_in, nurse, offered, script):
        client = sign_in(nurse)
        client.post(url("call_ask", script.pk, "now"), {"rf_now": "none"})
        page = client.get(url("call_end", script.pk))
        assert len(page.context["not_asked"]) == 7
        client.post(url("call_end", script.pk), {"note": "She is well."})
        script.refresh_from_db()
        assert script.completed_at is not None
        shown = text_of(client.get(page_of(offered)))
        assert "asked the danger questions" in shown
        assert "(7 not asked)" in shown

    def test_one_in_which_nothing_was_asked_ends_as_something_else(self, sign_in, nurse, script):
        client = sign_in(nurse)
        assert client.post(url("call_end", script.pk), {"note": "x"}).context["form"].errors["outcome"]
        client.post(url("call_end", script.pk), {"note": "Rang out.", "outcome": "not_reached"})
        script.refresh_from_db()
        assert (script.outcome, script.note) == (CallOutcome.NOT_REACHED, "Rang out.")

    def test_answers_for_a_call_that_ended_are_shown_to_be_copied(self, sign_in, nurse, script):
        call_scripts.save(call=script, answers={"rf_now": ["none"]}, by=nurse)
        call_scripts.finish(call=script, note="", by=nurse)
        page = sign_in(nurse).post(url("call_ask", script.pk, "now"), {"rf_now": "fever"})
        assert "This call has ended already." in text_of(page)
        assert "What you chose and wrote, not saved" in text_of(page)
        assert not SafetyCase.objects.exists()

    def test_it_is_gone_on_with_from_the_request(self, sign_in, nurse, doctor, offered, script):
        call_scripts.save(call=script, answers={"rf_now": ["none"]}, by=nurse)
        page = sign_in(nurse).get(page_of(offered))
        assert "Go on with your call" in text_of(page)
        assert sign_in(nurse).get(url("call_stop", script.pk))["Location"] == url("call_ask", script.pk, "nerves")
        assert "Go on with your call" not in text_of(sign_in(doctor).get(page_of(offered)))
        assert sign_in(doctor).get(url("call_ask", script.pk, "now")).status_code == 302

    def test_each_page_is_on_record(self, sign_in, nurse, offered, script):
        sign_in(nurse).get(url("call_ask", script.pk, "now"))
        assert RecordRead.objects.filter(action="call.view").count() == 1


class TestACaller:
    def test_today_and_the_cases_lead_to_it(self, sign_in, nurse):
        for page in ("/admin/", "/admin/consultations/safetycase/"):
            assert url("caller") in sign_in(nurse).get(page).content.decode()

    def test_a_case_is_opened_and_the_questions_follow(self, sign_in, nurse):
        answer = sign_in(nurse).post(url("caller"), {**CALLER, "next": "ask"})
        call = Call.objects.get()
        assert answer["Location"] == url("call_ask", call.pk, "now")
        case = SafetyCase.objects.get()
        shown = text_of(sign_in(nurse).get(case_url(case)))
        assert "Maeve Hart" in shown
        assert f"Told {nurse.display_name} by phone on" in shown
        assert "Her legs are numb." in shown

    def test_something_frightening_needs_no_questions(self, sign_in, nurse):
        given = {**CALLER, "level": "EMERGENCY", "next": "open"}
        page = sign_in(nurse).post(url("caller"), given, follow=True)
        assert SafetyCase.objects.get().level == "EMERGENCY"
        assert "Offer to stay on the line." in text_of(page)

    def test_who_may_be_the_same_is_shown_once_and_nothing_typed_is_lost(self, sign_in, nurse, offered):
        client = sign_in(nurse)
        given = {**CALLER, "name": "Nora Quist", "next": "open"}
        page = client.post(url("caller"), given)
        shown = text_of(page)
        assert offered.reference in shown
        assert "Her legs are numb." in shown
        assert RecordRead.objects.filter(action="call.caller").count() == 1
        assert not SafetyCase.objects.exists()
        client.post(url("caller"), {**given, "checked": "on"})
        assert SafetyCase.objects.count() == 1

    def test_what_is_missing_is_asked_for_and_the_rest_kept(self, sign_in, nurse):
        page = sign_in(nurse).post(url("caller"), {**CALLER, "name": "", "level": ""})
        assert set(page.context["form"].errors) == {"name", "level"}
        assert "Her legs are numb." in text_of(page)
