"""Danger on the way: shown at once, kept for the clinic, never in the way of putting a mistake right."""

import pytest

from clinic.core import clock, limits
from clinic.core.models import OutboxMessage
from consultations.enums import CaseStatus, Outcome, Priority
from consultations.models import Assessment, ConsultationRequest, Patient, SafetyCase
from consultations.questionnaire import flow
from consultations.services.targets import due_after
from tests.consultations.views.conftest import CALL_BACK, ROUTINE, fields_of, text_of
from tests.personas import close_case

FOOTER = "This is not a diagnosis."
LATER = [screen.slug for screen in flow.screens("1.1.0")[1:]]


class TestEmergency:
    def test_is_shown_at_once(self, visitor, settings):
        visitor.begin()
        answered = visitor.give("now", ab_age="56", rf_now=["chest"])
        assert answered.headers["Location"] == f"{visitor.check}/emergency/"
        page = visitor.see(f"{visitor.check}/emergency/")
        text = text_of(page)
        assert "Get emergency help now" in text
        assert settings.EMERGENCY_LINE in text
        assert f'href="tel:{settings.EMERGENCY_NUMBER}"' in page.content.decode()
        assert "You told us about chest pain or trouble breathing." in text
        assert (
            "“I have a problem with my back. A safety check told me to get emergency help, because of this: I have "
            "chest pain, or it is hard to breathe.”"
        ) in text, "the words to read aloud"
        assert "cauda equina" not in text
        assert "We have stopped the questions" in text
        assert FOOTER in text
        assert page.headers["Cache-Control"] == "no-store, private"

    def test_waits_for_the_timing_of_a_symptom_only(self, visitor):
        visitor.answer(until="nerves")
        assert visitor.give("nerves", rf_ce=["saddle"]).headers["Location"] == f"{visitor.check}/q/nerves-more/"
        assert not SafetyCase.objects.exists()
        assert visitor.give("nerves-more", rf_ce_when="lt2w").headers["Location"] == f"{visitor.check}/emergency/"
        assert "It began or got worse in the last two weeks." in text_of(visitor.see(f"{visitor.check}/emergency/"))

    def test_without_a_number_there_is_no_call_button(self, visitor, settings):
        settings.EMERGENCY_NUMBER = ""
        visitor.answer(rf_now=["chest"])
        page = visitor.see(f"{visitor.check}/emergency/")
        assert b"callbtn" not in page.content
        assert settings.EMERGENCY_LINE in text_of(page)

    def test_nobody_vanishes_an_anonymous_case_is_counted_once(self, visitor, nurse):
        visitor.answer(rf_now=["chest"])
        visitor.give("now", ab_age="56", rf_now=["chest", "belly"])
        visitor.see(f"{visitor.check}/emergency/")
        case = SafetyCase.objects.get()
        assert (case.level, case.priority, case.status) == (Outcome.EMERGENCY, Priority.STAT, CaseStatus.OPEN)
        assert case.patient is None
        assert case.owner == nurse
        assert case.due_at == due_after(Outcome.EMERGENCY, since=clock.now())
        assert not Patient.objects.exists()

    @pytest.mark.parametrize("slug", LATER)
    def test_the_later_screens_lead_back_to_it(self, visitor, slug):
        visitor.answer(rf_now=["chest"])
        assert visitor.see(f"{visitor.check}/q/{slug}/").headers["Location"] == f"{visitor.check}/emergency/"
        assert visitor.give(slug, **fields_of(slug, ROUTINE)).headers["Location"] == f"{visitor.check}/emergency/"

    @pytest.mark.parametrize("page", ["today", "adults", "result", "contact", "answers"])
    def test_so_do_the_pages_after_them(self, visitor, page):
        visitor.answer(rf_now=["chest"])
        assert visitor.see(f"{visitor.check}/{page}/").headers["Location"] == f"{visitor.check}/emergency/"

    def test_it_cannot_be_sent(self, visitor):
        visitor.answer()
        visitor.tell_contact()
        visitor.give("now", ab_age="56", rf_now=["chest"])
        assert visitor.tell_contact().headers["Location"] == f"{visitor.check}/emergency/"
        assert visitor.send().headers["Location"] == f"{visitor.check}/emergency/"
        assert not ConsultationRequest.objects.exists()

    def test_a_mistake_can_be_put_right_and_the_highest_headline_stays(self, visitor):
        visitor.answer(rf_now=["chest"])
        assert f'href="{visitor.check}/q/now/"' in visitor.see(f"{visitor.check}/emergency/").content.decode()
        assert visitor.see(f"{visitor.check}/q/now/").status_code == 200
        assert visitor.give("now", ab_age="56", rf_now=["none"]).headers["Location"] == f"{visitor.check}/q/nerves/"
        assert visitor.see(f"{visitor.check}/emergency/").headers["Location"] == f"{visitor.check}/q/nerves/"
        visitor.complete()
        sent = ConsultationRequest.objects.get()
        assert (sent.outcome, sent.highest_outcome) == (Outcome.LIKELY_SUITABLE, Outcome.EMERGENCY)
        assert sent.is_blocked_by_flags, "no time can be offered"
        assert sent.priority == Priority.STAT
        assert SafetyCase.objects.get().patient == sent.patient

    def test_anybody_can_read_the_general_advice(self, client, db, settings):
        page = client.get("/check/emergency/")
        assert page.status_code == 200
        assert settings.EMERGENCY_LINE in text_of(page)
        assert "Why we say this" not in text_of(page)
        assert not client.session.keys()

    def test_other_methods_are_refused(self, client, db):
        assert client.post("/check/emergency/").status_code == 405

    @pytest.mark.parametrize(
        "changes",
        [
            {"rf_ce": ["bowel"], "rf_ce_when": "not_sure"},
            {"rf_injury": "major_new"},
            {"rf_now": ["fever"], "rf_risk": ["immune"]},
            {"rf_cancer": "current", "rf_weak": "worse"},
        ],
    )
    def test_names_no_disease(self, visitor, changes):
        assert visitor.answer(**changes) == f"{visitor.check}/emergency/"
        page = text_of(visitor.see(f"{visitor.check}/emergency/"))
        before, _, rest = page.partition("What to say when you call")
        box, _, after = rest.partition("Show this page to the staff.")
        text = f"{before} {after}".lower()
        assert ("I was told these can be signs of cauda equina syndrome.”" in box) == ("rf_ce" in changes)
        for disease in ("cauda equina", "stroke", "sepsis", "aneurysm", "fracture", "tumour", "stenosis", "abscess"):
            assert disease not in text


class TestCallBack:
    def test_needs_a_case(self, visitor):
        assert visitor.see(f"{visitor.check}/call-back/").status_code == 403
        visitor.answer(until="pain")
        assert visitor.see(f"{visitor.check}/call-back/").headers["Location"] == f"{visitor.check}/q/pain/"
        assert (
            visitor.client.post(f"{visitor.check}/call-back/", CALL_BACK).headers["Location"]
            == f"{visitor.check}/q/pain/"
        )
        assert not Patient.objects.exists()

    def test_puts_a_name_to_the_case_once(self, visitor, nurse):
        visitor.answer(rf_now=["chest"])
        assert "Leave your number so that we can check on you" in text_of(visitor.see(f"{visitor.check}/emergency/"))
        for _ in range(2):
            given = visitor.client.post(f"{visitor.check}/call-back/", CALL_BACK)
        assert given.status_code == 200
        assert "We have your number" in text_of(given)
        patient = Patient.objects.get()
        assert (patient.name, patient.phone, patient.birth_on) == ("Bob Pell", "+12025550142", None)
        assert patient.safe_to_contact == "no_voicemail", "nobody said that a message is safe"
        assert SafetyCase.objects.get().patient == patient
        assert "We have your number" in text_of(visitor.see(f"{visitor.check}/emergency/"))
        assert [message.recipient for message in OutboxMessage.objects.all()] == [nurse.email] * 2, "opened, then named"

    @pytest.mark.parametrize(
        ("typed", "number", "as_typed"),
        [
            ("(624) 305-1111", "+16243051111", "(624) 305-1111"),
            ("call my sister 202-555-0142 after 5", "+12025550142", "call my sister 202-555-0142 after 5"),
            ("0049 30 901820", "+4930901820", "0049 30 901820"),
            ("020 7946 0018", "020 7946 0018", ""),
            ("555-0142", "555-0142", ""),
            ("no phone: flat 4, 12 Elm Street", "no phone: flat 4, 12 Elm Street", ""),
            ("\u202e911\x07", "911", ""),
        ],
    )
    def test_no_number_is_refused_and_every_one_is_kept_as_typed(self, visitor, typed, number, as_typed):
        visitor.answer(rf_now=["chest"])
        assert visitor.client.post(f"{visitor.check}/call-back/", {**CALL_BACK, "phone": typed}).status_code == 302
        patient = Patient.objects.get()
        assert (patient.phone, patient.phone_as_typed) == (number, as_typed)
        assert SafetyCase.objects.get().patient == patient

    def test_is_confirmed_after_a_redirect(self, visitor):
        visitor.answer(rf_now=["chest"])
        given = visitor.client.post(f"{visitor.check}/call-back/", CALL_BACK)
        assert (given.status_code, given.headers["Location"]) == (302, f"{visitor.check}/call-back/")
        assert "We have your number" in text_of(visitor.see(f"{visitor.check}/call-back/"))

    def test_says_what_is_missing(self, visitor):
        visitor.answer(rf_now=["chest"])
        page = visitor.client.post(f"{visitor.check}/call-back/", {})
        assert set(page.context["form"].errors) == {"name", "phone"}
        assert text_of(page).startswith("Error: ")
        assert not Patient.objects.exists()

    def test_a_limit_never_stands_before_it(self, visitor, monkeypatch):
        visitor.answer(rf_now=["chest"])
        monkeypatch.setattr(limits, "allow", lambda *args, **kwargs: False)
        assert visitor.client.post(f"{visitor.check}/call-back/", CALL_BACK).status_code == 302
        assert SafetyCase.objects.get().patient is not None


class TestAfterTheCaseIsClosed:
    """Staff close an anonymous case once they have seen it; the person may still be there."""

    @pytest.fixture
    def close(self, nurse):
        def do(note="Nobody left a number."):
            close_case(SafetyCase.objects.get(), by=nurse, words=note)

        return do

    def test_a_number_opens_it_again_for_the_owner(self, visitor, nurse, close, client, time_machine):
        visitor.answer(rf_now=["chest"])
        close()
        time_machine.shift(3600)

        assert visitor.client.post(f"{visitor.check}/call-back/", CALL_BACK).status_code == 302

        case = SafetyCase.objects.get()
        assert (case.status, case.patient.name, case.closed_at) == (CaseStatus.OPEN, "Bob Pell", None)
        assert (case.raised_at, case.due_at) == (clock.now(), due_after(Outcome.EMERGENCY, since=clock.now()))
        assert OutboxMessage.objects.count() == 2, "opened, then named"
        client.force_login(nurse)
        assert "1 person was sent to urgent care." in text_of(client.get("/admin/"))
        page = text_of(client.get(f"/admin/consultations/safetycase/{case.pk}/change/"))
        assert "Opened again on Monday 23 November, 11 am: the person asked to be called" in page
        assert "Nobody left a number." in page
        close("On the way to hospital.")
        told = [closing.words for closing in SafetyCase.objects.get().closings.all()]
        assert told == ["Nobody left a number.", "On the way to hospital."]

    def test_a_worse_answer_opens_it_again(self, visitor, close):
        visitor.answer(rf_now=["fever"])
        close()

        visitor.give("now", ab_age="56", rf_now=["fever", "chest"])

        case = SafetyCase.objects.get()
        assert (case.status, case.level, case.priority) == (CaseStatus.OPEN, Outcome.EMERGENCY, Priority.STAT)
        assert OutboxMessage.objects.count() == 2

    def test_another_danger_opens_it_again_never_less_pressing(self, visitor, close):
        visitor.answer(rf_now=["chest"])
        close()

        visitor.give("now", ab_age="56", rf_now=["fever"])
        visitor.answer(rf_now=["fever"])

        case = SafetyCase.objects.get()
        assert (case.status, case.level) == (CaseStatus.OPEN, Outcome.EMERGENCY)
        assert Assessment.objects.order_by("revision").last().outcome == Outcome.SAME_DAY

    def test_the_same_danger_again_does_not(self, visitor, close):
        visitor.answer(rf_now=["chest"])
        close()

        visitor.give("now", ab_age="57", rf_now=["chest"])

        assert SafetyCase.objects.get().status == CaseStatus.CLOSED
        assert OutboxMessage.objects.count() == 1


class TestToday:
    def test_is_shown_at_the_end_of_the_safety_section(self, visitor, settings):
        assert visitor.answer(rf_now=["fever"]) == f"{visitor.check}/today/"
        page = visitor.see(f"{visitor.check}/today/")
        text = text_of(page)
        assert "Speak to a doctor today" in text
        assert "within 2 working hours" in text
        assert "If we have not called by 12 pm: go to an urgent care center" in text
        assert "You have a high temperature with your back pain." in text
        assert settings.EMERGENCY_LINE in text
        assert FOOTER in text
        assert f'href="{visitor.check}/contact/">Send now' in page.content.decode()
        assert f'href="{visitor.check}/q/pain/">Carry on' in page.content.decode()

    def test_keeps_one_case_with_its_due_time(self, visitor):
        visitor.answer(rf_now=["fever"])
        visitor.complete(rf_now=["fever"])
        visitor.send()
        case = SafetyCase.objects.get()
        assert (case.level, case.priority) == (Outcome.SAME_DAY, Priority.ASAP)
        assert case.due_at == due_after(Outcome.SAME_DAY, since=clock.now())
        assert case.patient == ConsultationRequest.objects.get().patient

    def test_can_be_sent_without_the_other_questions(self, visitor):
        visitor.answer(rf_now=["fever"])
        assert visitor.tell_contact().headers["Location"] == f"{visitor.check}/answers/"
        page = visitor.see(f"{visitor.check}/answers/")
        assert "You chose to send now" in text_of(page)
        assert "Where is your pain?" not in text_of(page)
        assert visitor.send().headers["Location"] == f"{visitor.check}/sent/"
        sent = ConsultationRequest.objects.get()
        assert (sent.outcome, sent.priority) == (Outcome.SAME_DAY, Priority.ASAP)
        text = text_of(visitor.see(f"{visitor.check}/sent/"))
        assert "A person reads it by Monday 23 November, 12 pm" in text
        assert "Speak to a doctor today" in text

    def test_is_only_for_a_same_day_headline(self, visitor):
        visitor.answer()
        assert visitor.see(f"{visitor.check}/today/").headers["Location"] == f"{visitor.check}/result/"
        assert visitor.client.post(f"{visitor.check}/today/").status_code == 405

    def test_without_a_check_it_says_so(self, visitor):
        assert visitor.see(f"{visitor.check}/today/").status_code == 403

    def test_a_later_answer_can_bring_it(self, visitor):
        assert visitor.answer(rf_cancer="over5", pn_where=["mid_back"]) == f"{visitor.check}/today/"
        assert SafetyCase.objects.get().level == Outcome.SAME_DAY

    def test_a_worse_answer_raises_the_case(self, visitor):
        visitor.answer(rf_now=["fever"])
        visitor.give("now", ab_age="56", rf_now=["fever", "belly"])
        case = SafetyCase.objects.get()
        assert (case.level, case.priority) == (Outcome.EMERGENCY, Priority.STAT)


class TestAdultsOnly:
    def test_stops_after_the_safety_section(self, visitor, settings):
        assert visitor.answer(ab_age="16") == f"{visitor.check}/adults/"
        text = text_of(visitor.see(f"{visitor.check}/adults/"))
        assert "This clinic treats adults" in text
        assert settings.EMERGENCY_LINE in text
        assert "Leave a number" not in text
        for path in ("q/pain", "result", "contact", "answers"):
            assert visitor.see(f"{visitor.check}/{path}/").headers["Location"] == f"{visitor.check}/adults/"

    def test_keeps_the_safety_advice(self, visitor):
        assert visitor.answer(ab_age="16", rf_now=["fever"]) == f"{visitor.check}/adults/"
        text = text_of(visitor.see(f"{visitor.check}/adults/"))
        assert "Speak to a doctor today" in text
        assert "You have a high temperature with your back pain." in text
        assert visitor.client.post(f"{visitor.check}/call-back/", CALL_BACK).status_code == 302
        assert SafetyCase.objects.get().patient is not None

    def test_an_emergency_comes_first(self, visitor):
        assert visitor.answer(ab_age="16", rf_now=["chest"]) == f"{visitor.check}/emergency/"

    def test_a_wrong_age_can_be_put_right(self, visitor):
        visitor.answer(ab_age="16")
        assert visitor.give("now", ab_age="61", rf_now=["none"]).headers["Location"] == f"{visitor.check}/q/nerves/"
        assert visitor.see(f"{visitor.check}/adults/").headers["Location"] == f"{visitor.check}/q/pain/"

    def test_without_a_check_it_says_so(self, visitor):
        assert visitor.see(f"{visitor.check}/adults/").status_code == 403


def test_each_danger_keeps_the_assessment_behind_it(visitor):
    visitor.answer(rf_now=["chest"])
    stored = Assessment.objects.get()
    assert (stored.outcome, stored.is_early_exit, stored.is_booking_allowed) == (Outcome.EMERGENCY, True, False)
