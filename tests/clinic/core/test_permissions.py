"""One question for both apps: may this person do this to that row? And no list shows more than a page may."""

import pytest
from django.contrib.auth.models import AnonymousUser

from clinic.core import permissions
from clinic.core.permissions import PermittedQuerySet, may
from consultations.models import ConsultationRequest, PatientText

pytestmark = pytest.mark.django_db


@pytest.fixture
def rule(monkeypatch):
    """A made-up rule of the consultations app, which records what it is asked and answers by the row."""
    asked = []

    def answer(user, codename, row):
        asked.append((user, codename, row))
        return {"seen": row == "own", "never": False, "left": None}.get(codename)

    monkeypatch.setitem(permissions._rules, "consultations", answer)
    return asked


def test_a_rule_is_asked_with_the_row(rule, nurse):
    assert may(nurse, "consultations.seen", "own")
    assert not may(nurse, "consultations.seen", "another's")
    assert rule == [(nurse, "seen", "own"), (nurse, "seen", "another's")]


def test_a_rule_has_the_last_word_over_superusers(rule, admin_user):
    assert not may(admin_user, "consultations.never")


def test_what_no_rule_decides_is_left_to_the_groups_for_every_row(rule, nurse, editor):
    assert may(nurse, "consultations.view_consultationrequest", "any row")
    assert not may(editor, "consultations.view_consultationrequest", "any row")


def test_a_rule_cannot_let_in_who_has_left(rule, nurse):
    nurse.is_active = False
    assert not may(nurse, "consultations.seen", "own")


@pytest.mark.parametrize(
    ("who", "verb", "expected"),
    [
        ("nurse", "claim", True),
        ("nurse", "offer", False),
        ("doctor", "offer", True),
        ("manager", "offer", False),
        ("admin_user", "offer", False),
        ("admin_user", "complete", True),
        ("editor", "claim", False),
    ],
)
def test_an_action_is_permitted_to_whom_its_row_of_the_table_names(request, make_request, who, verb, expected):
    assert may(request.getfixturevalue(who), f"consultations.{verb}", make_request()) is expected


def test_a_visitor_may_nothing():
    assert not may(AnonymousUser(), "consultations.claim")


def test_a_list_holds_what_its_reader_may_see(make_request, nurse, editor):
    make_request()
    rows = PermittedQuerySet(ConsultationRequest)
    assert rows.visible_to(nurse).count() == 1
    assert rows.visible_to(editor).count() == 0


def test_rows_seen_with_those_of_another_model_follow_its_permission(nurse, editor):
    assert PatientText.objects.visible_to(nurse).query.is_empty() is False
    assert PatientText.objects.visible_to(editor).query.is_empty() is True
