"""Two tabs or two presses of one carried check meet in one row, and neither loses what the other said."""

import copy

import pytest

from clinic.core.models import AuditEvent
from consultations.enums import Outcome
from consultations.forms.consent import wordings
from consultations.models import ConsultationRequest, QuestionnaireResponse, SafetyCase
from consultations.services import carried, intake
from tests.consultations.views.conftest import ROUTINE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]

CONTACT = {
    "name": "Alice Winther",
    "birth_on": "1970-01-05",
    "email": "alice@example.com",
    "phone": "0131 496 0000",
    "contact_by": "either",
    "safe_to_contact": "any",
    "filled_for": "self",
    "helper_name": "",
}


def two_tabs() -> tuple[QuestionnaireResponse, QuestionnaireResponse]:
    draft = intake.draft()
    draft.answers = {**ROUTINE, "ab_age": 56, "peg_p": 6, "peg_e": 5, "peg_g": 7}
    return draft, copy.deepcopy(draft)


@pytest.mark.parametrize("ticks", [("fever", "chest"), ("chest", "fever")])
def test_two_presses_with_different_danger_signs_keep_both(ticks):
    for draft, tick in zip(two_tabs(), ticks, strict=True):
        row = carried.take_in(draft=draft, answers={"rf_now": [tick]})
    assert sorted(row.answers["rf_now"]) == ["chest", "fever"]
    assert row.highest_outcome == Outcome.EMERGENCY
    assert (SafetyCase.objects.get().response, SafetyCase.objects.get().level) == (row, Outcome.EMERGENCY)


def test_an_answer_that_only_the_first_press_had_stays():
    first, second = two_tabs()
    del second.answers["rf_weak"]
    carried.take_in(draft=first, answers={"rf_now": ["chest"]})
    row = carried.write_down(draft=second)
    assert row.answers["rf_weak"] == ROUTINE["rf_weak"]
    assert row.answers["rf_now"] == ["chest"]


@pytest.mark.parametrize("values", [("not_sure", "none"), ("none", "not_sure")])
def test_a_single_answer_stays_the_more_pressing_one(values):
    for draft, value in zip(two_tabs(), values, strict=True):
        draft.answers["rf_weak"] = value
        row = carried.write_down(draft=draft)
    assert row.answers["rf_weak"] == "not_sure"


def test_the_same_press_twice_changes_nothing():
    for draft in two_tabs():
        row = carried.take_in(draft=draft, answers={"rf_now": ["chest"]})
    actions = AuditEvent.objects.about(row).values_list("action", flat=True)
    assert list(actions) == ["response.start", "response.save"]


def test_contact_and_brought_words_are_added_and_never_replaced():
    first, second = two_tabs()
    third = copy.deepcopy(first)
    second.contact, second.brought = CONTACT, "What matters to me"
    third.contact, third.brought = {**CONTACT, "name": "Berit"}, "Something else"
    for draft in (first, second, third):
        row = carried.write_down(draft=draft)
    assert (row.contact["name"], row.brought) == ("Alice Winther", "What matters to me")


def test_the_highest_outcome_of_either_stays():
    first, second = two_tabs()
    second.highest_outcome = "URGENT_REVIEW"
    for draft in (first, second):
        row = carried.write_down(draft=draft)
    assert row.highest_outcome == "URGENT_REVIEW"


def test_after_sending_a_late_press_is_refused_and_not_swallowed():
    first, second = two_tabs()
    first.contact = second.contact = CONTACT
    carried.send(draft=first, wordings=wordings())
    with pytest.raises(intake.AlreadySent):
        carried.take_in(draft=copy.deepcopy(second), answers={"rf_now": ["chest"]})
    with pytest.raises(intake.AlreadySent):
        carried.send(draft=second, wordings=wordings())
    assert ConsultationRequest.objects.count() == 1


@pytest.mark.parametrize("is_sent_last", [True, False])
def test_a_danger_in_the_other_tab_is_never_sent_away(is_sent_last):
    sending, dangerous = two_tabs()
    sending.contact = CONTACT
    if is_sent_last:
        carried.take_in(draft=dangerous, answers={"rf_now": ["chest"]})
        with pytest.raises(intake.NotReady):
            carried.send(draft=sending, wordings=wordings())
        assert SafetyCase.objects.get().level == Outcome.EMERGENCY
        assert QuestionnaireResponse.objects.get().answers["rf_now"] == ["chest"]
    else:
        carried.send(draft=sending, wordings=wordings())
        with pytest.raises(intake.AlreadySent):
            carried.take_in(draft=dangerous, answers={"rf_now": ["chest"]})
