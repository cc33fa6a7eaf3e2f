"""What pages promise: only what is kept, at the hour it is read, to the person who reads it."""

import datetime
import re
from pathlib import Path

import pytest
from django.conf import settings as django_settings

from clinic.core import clock
from consultations import emails, status_copy
from consultations.models import ConsultationRequest, SafetyCase
from tests.consultations.perform import answer, perform
from tests.consultations.views.conftest import CALL_BACK, MONDAY, OUTCOMES, text_of

LOW_MOOD = {"phq2_1": "3", "phq2_2": "3"}
SIGNS = "If you get any of these, get emergency help: numbness around your genitals or bottom"
PHONE = {"phone": "(202) 555-0142", "contact_by": "either"}
EVENING = datetime.datetime(2026, 11, 23, 23, 0, tzinfo=datetime.UTC)
"""6 pm of the Monday: the clinic closed at 5:30 pm."""


def words_at(visitor, page):
    return text_of(visitor.see(f"{visitor.check}/{page}/")).replace(" .", ".").replace(" ,", ",")


def sent_words(visitor, changes=None, **contact):
    if visitor.answer(**(changes or {})) == f"{visitor.check}/today/":
        visitor.answer(**(changes or {}))
    visitor.tell_contact(**contact)
    visitor.send()
    return words_at(visitor, "sent")


class TestEveryResult:
    @pytest.mark.parametrize("outcome", OUTCOMES)
    def test_carries_the_emergency_signs_and_the_line(self, visitor, settings, outcome):
        where = visitor.answer(**OUTCOMES[outcome])
        text = text_of(visitor.see(where))
        assert SIGNS in text
        assert settings.EMERGENCY_LINE in text
        assert "{" not in text

    @pytest.mark.parametrize("outcome", [name for name in OUTCOMES if name != "EMERGENCY"])
    def test_says_after_sending_by_when_a_person_reads_it(self, visitor, outcome):
        text = sent_words(visitor, OUTCOMES[outcome])
        sent = ConsultationRequest.objects.get()
        assert f"A person reads it by {clock.moment(sent.due_at)}." in text
        assert SIGNS in text
        assert "told our team" not in text

    @pytest.mark.parametrize("outcome", [name for name in OUTCOMES if name != "EMERGENCY"])
    def test_ends_quietly_with_the_lines_for_help_and_so_does_the_confirmation(self, visitor, settings, outcome):
        quiet = (
            f"If you feel you might harm yourself: {settings.CRISIS_LINE}. If you feel very unwell: "
            f"{settings.EMERGENCY_LINE}"
        )
        where = visitor.answer(**OUTCOMES[outcome])
        assert quiet in words_at(visitor, where.strip("/").rpartition("/")[2])
        if where == f"{visitor.check}/today/":
            visitor.answer(**OUTCOMES[outcome])
        visitor.tell_contact()
        visitor.send()
        assert quiet in words_at(visitor, "sent")

    def test_promises_to_delete_only_what_will_be_deleted(self, visitor):
        """What is behind a safety case stays, also when the danger turned out to be a slip."""
        where = visitor.answer(**OUTCOMES["DEFER"])
        assert "We delete unsent answers after 30 days" in text_of(visitor.see(where))
        visitor.give("now", ab_age="54", rf_now=["chest"])
        assert SafetyCase.objects.count() == 1
        where = visitor.answer(**OUTCOMES["DEFER"])
        assert "We delete unsent answers" not in text_of(visitor.see(where))

    @pytest.mark.parametrize("outcome", OUTCOMES)
    def test_promises_no_call_to_who_gave_no_number(self, visitor, outcome):
        if outcome != "EMERGENCY":
            text = sent_words(visitor, OUTCOMES[outcome])
            assert not re.search(r"we (will )?try to call|calls you|may call", text, re.IGNORECASE)


class TestSameDay:
    def test_the_clock_runs_from_when_the_page_is_read(self, visitor, time_machine):
        visitor.answer(rf_now=["fever"])
        time_machine.move_to(MONDAY + datetime.timedelta(hours=3), tick=False)
        assert "If we have not called by 3 pm: go to an urgent care center" in words_at(visitor, "today")

    @pytest.mark.parametrize(
        "at", [EVENING, MONDAY + datetime.timedelta(hours=6), MONDAY - datetime.timedelta(hours=3)]
    )
    def test_closed_or_too_late_no_call_is_promised_today(self, visitor, time_machine, at):
        time_machine.move_to(at, tick=False)
        visitor.answer(rf_now=["fever"])
        text = words_at(visitor, "today")
        assert (
            "We cannot call you today. Do not wait for us: go to an urgent care center or call your doctor today. If "
            "you leave a phone number, we try to call after we open."
        ) in text
        assert "have not called by" not in text

    def test_the_result_at_the_end_warns_as_the_page_before_it(self, visitor):
        visitor.answer(rf_now=["fever"])
        result = visitor.see(visitor.answer(rf_now=["fever"])).content.decode()
        warned = result.partition('class="note note--warn mt-0"')[2].partition('class="refline')[0]
        assert warned.index("<h1") < warned.index("If we have not called by") < warned.index("In an emergency")

    def test_after_sending_with_a_number(self, visitor):
        text = sent_words(visitor, {"rf_now": ["fever"]}, **PHONE)
        assert (
            "We will try to call you by Monday 23 November, 12 pm. If we have not called by then: go to an urgent care "
            "center or call your doctor today."
        ) in text

    def test_after_sending_in_the_evening(self, visitor, time_machine):
        time_machine.move_to(EVENING, tick=False)
        text = sent_words(visitor, {"rf_now": ["fever"]}, **PHONE)
        assert (
            "We cannot call you today. Do not wait for us: go to an urgent care center or call your doctor today. We "
            "will try to call you after we open, by Tuesday 24 November, 10:30 am."
        ) in text

    def test_after_sending_without_a_number(self, visitor):
        text = sent_words(visitor, {"rf_now": ["fever"]})
        assert "You gave no phone number, so we cannot call you. Do not wait for us: go to an urgent care" in text


class TestTheTimeOfACall:
    def test_stays_where_it_was_promised_when_the_page_is_shown_again(self, visitor, time_machine):
        visitor.answer(**OUTCOMES["SAME_DAY"])
        visitor.client.post(f"{visitor.check}/call-back/", CALL_BACK)
        first = re.search(r"If we have not called by ([^:]+):", words_at(visitor, "today"))
        time_machine.move_to(MONDAY + datetime.timedelta(hours=1), tick=False)
        again = re.search(r"If we have not called by ([^:]+):", words_at(visitor, "today"))
        assert (first[1], again[1]) == ("12 pm", "12 pm")


class TestEmergency:
    def test_by_when_stands_after_the_emergency_line(self, visitor, settings):
        visitor.answer(rf_now=["chest"])
        assert "but not who" in words_at(visitor, "emergency")
        visitor.client.post(f"{visitor.check}/call-back/", CALL_BACK)
        for page in ("emergency", "call-back"):
            text = words_at(visitor, page)
            assert text.index(settings.EMERGENCY_LINE) < text.index("by Monday 23 November, 10:30 am")
            assert "but not who" not in text

    def test_a_number_left_late_is_called_after_it_was_left(self, visitor, time_machine):
        visitor.answer(rf_now=["chest"])
        time_machine.move_to(MONDAY + datetime.timedelta(hours=4), tick=False)
        visitor.client.post(f"{visitor.check}/call-back/", CALL_BACK)
        assert "We will try to call you by Monday 23 November, 2:30 pm" in words_at(visitor, "call-back")


class TestThePrintedPage:
    """The confirmation is printed; whoever may see the paper must not be surprised."""

    @pytest.mark.parametrize(
        ("changes", "is_neutral"),
        [
            ({"im_share": "no"}, True),
            ({"im_share": "no", "hx_gate": ["bleed"]}, True),
            ({"im_share": "yes"}, False),
            ({"im_share": "later"}, False),
            ({"im_share": "no", **LOW_MOOD}, False),
            ({"im_share": "no", "ex_note": "Most nights I want to die."}, False),
            ({"im_share": "no", "rf_cancer": "current"}, False),
            ({"im_share": "no", "rf_now": ["fever"]}, False),
        ],
    )
    def test_says_that_it_holds_nothing_about_health_where_that_is_so(self, visitor, changes, is_neutral):
        text = sent_words(visitor, changes)
        assert ("It has your reference and nothing about your health." in text) == is_neutral
        assert ("It has your reference." in text) != is_neutral


class TestOneCallIsPromisedOnce:
    def test_low_mood_beside_a_danger_leaves_the_sooner_and_the_careful_words(self, visitor):
        text = sent_words(visitor, {**LOW_MOOD, "rf_now": ["fever"]}, **PHONE)
        assert "We will try to call you by Monday 23 November, 12 pm. If we have not called by then:" in text
        assert "A nurse or doctor calls you by" not in text


class TestWithoutAnEmailAddress:
    def test_the_confirmation_says_what_the_reference_is_for(self, visitor):
        text = sent_words(visitor, None, **{**PHONE, "contact_by": "phone"}, email="", safe_to_contact="any")
        assert "Keep the reference: we find the request by it when you call us." in text


class TestLowMood:
    def test_the_worst_answer_is_kindly_met_and_sooner(self, visitor, settings):
        visitor.answer(**LOW_MOOD)
        text = words_at(visitor, "result")
        assert (
            "You told us that things feel very hard right now. If you send your answers with a phone number, a nurse "
            "or doctor calls you within two working days. This does not rule out a consultation."
        ) in text
        assert "First we need" not in text
        assert text.index("Support for you") < text.index("Your result")
        assert "Why we say this" not in text

    def test_the_confirmation_begins_with_support_and_promises_the_call(self, visitor, settings):
        text = sent_words(visitor, LOW_MOOD, **PHONE)
        sent = text.partition("Skip to main content")[2]
        assert sent.index("Support for you") < sent.index("We have your request")
        assert f"get help now: {settings.CRISIS_LINE}." in text
        assert "A person reads it by Wednesday 25 November, 5:30 pm. A nurse or doctor calls you by then." in text
        assert not SafetyCase.objects.exists()

    def test_without_a_number_no_call_is_promised_on_the_confirmation(self, visitor):
        text = sent_words(visitor, LOW_MOOD)
        assert "A person reads it by Wednesday 25 November, 5:30 pm." in text
        assert "calls you" not in text

    @pytest.mark.parametrize(
        ("changes", "due"),
        [
            (LOW_MOOD | {"pn_duration": "lt6w"}, "Wednesday 25 November, 5:30 pm"),
            (LOW_MOOD | {"hx_gate": ["bleed"]}, "Wednesday 25 November, 5:30 pm"),
            ({"hx_gate": ["bleed"]}, "Monday 30 November, 5:30 pm"),
            (LOW_MOOD | {"rf_now": ["fever"]}, "Monday 23 November, 12 pm"),
        ],
    )
    def test_two_working_days_or_the_outcomes_target(self, visitor, changes, due):
        sent_words(visitor, changes)
        assert clock.moment(ConsultationRequest.objects.get().due_at) == due

    def test_an_answer_to_our_question_keeps_its_target(self, visitor, nurse):
        sent_words(visitor, LOW_MOOD | {"pn_duration": "lt6w"})
        sent = perform("claim", ConsultationRequest.objects.get(), by=nurse).row
        perform("ask", sent, question="Which scan?", by=nurse)
        answered = answer(ConsultationRequest.objects.get(), "In May.")
        assert clock.moment(answered.due_at) == "Wednesday 25 November, 5:30 pm"

    def test_support_stands_on_the_confirmation_for_milder_worry_too(self, visitor):
        text = sent_words(visitor, {"phq2_1": "2", "phq2_2": "1"}, **PHONE)
        assert "Support for you" in text
        assert "calls you by then" not in text


ROOT = Path(django_settings.BASE_DIR)
BEFORE_AN_OFFER = [
    *sorted((ROOT / "consultations/templates/consultations/check").glob("*.html")),
    *sorted((ROOT / "consultations/candidacy/display").glob("results.toml")),
]
FOR_PATIENTS = [
    *BEFORE_AN_OFFER,
    *sorted((ROOT / "consultations/templates/consultations/private").glob("*.html")),
    *sorted((ROOT / "consultations/templates/consultations/mail").glob("*")),
]


@pytest.mark.parametrize("path", BEFORE_AN_OFFER, ids=lambda path: path.name)
def test_booking_is_not_spoken_of_before_a_doctor_has_offered(path):
    assert not re.search(r"\bbook(s|ed|ing)?\b", path.read_text(), re.IGNORECASE)


@pytest.mark.parametrize("path", FOR_PATIENTS, ids=lambda path: path.name)
def test_nobody_was_told_and_nobody_rings(path):
    text = path.read_text()
    assert not re.search(r"\b(told our team|is told now|have told|was told)\b", text, re.IGNORECASE)
    assert not re.search(r"\b(ring|rings|rung|ringing)\b", text, re.IGNORECASE)
    assert not re.search(r"(?<!nobody )\bwill call you\b", text, re.IGNORECASE), "we try; whoever is sure says by when"


def test_mails_and_headings_promise_no_call():
    lines = [
        str(part)
        for item in emails.WORDINGS.values()
        for part in (item.subject, item.opening, item.action, item.next_step)
    ]
    lines += map(str, status_copy.HEADINGS.values())
    assert not [text for text in lines if re.search(r"\b(ring|rung|will call|was told)\b", text, re.IGNORECASE)]
