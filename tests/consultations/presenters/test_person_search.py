"""What a question about a person may mean: days, references, numbers, addresses, and nothing at all."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consultations.models import ConsultationRequest
from consultations.presenters.person_search import dates_in, search_condition
from tests.depth import made_up
from tests.personas import make_patient

MARCH_27 = datetime.date(1968, 3, 27)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("1968-03-27", [MARCH_27]),
        ("27 March 1968", [MARCH_27]),
        ("27th March 1968", [MARCH_27]),
        ("March 27, 1968", [MARCH_27]),
        ("mar 27th 1968", [MARCH_27]),
        ("27/3/1968", [MARCH_27]),
        ("3/27/1968", [MARCH_27]),
        ("27. 3. 1968", [MARCH_27]),
        ("27 3 1968", [MARCH_27]),
        ("3/4/1968", [datetime.date(1968, 3, 4), datetime.date(1968, 4, 3)]),
        ("31/31/1968", []),
        ("29/2/1969", []),
        ("1 Foo 1968", []),
        ("27 March", []),
        ("9" * 90, []),
    ],
)
def test_days(text, days):
    assert dates_in(text) == days


@pytest.mark.django_db
class TestCondition:
    def names_of(self, term):
        rows = ConsultationRequest.objects.filter(search_condition(term)).select_related("patient")
        return sorted(row.patient.name for row in rows)

    def test_each_way_leads_to_one_person(self, make_request):
        marta = make_patient("Marta Quill", phone="+12025550199", birth_on=MARCH_27)
        consultation_request = make_request(patient=marta)
        make_request(patient=make_patient("Bob Pell"))
        terms = [
            "Quill",
            "27.3.1968",
            "202-555-0199",
            "MARTA@example.com",
            consultation_request.reference[3:],
            "quill marta",
        ]
        assert {term: self.names_of(term) for term in terms} == {term: ["Marta Quill"] for term in terms}

    def test_a_number_of_another_patient_with_an_extension(self, make_request):
        make_request(patient=make_patient("Marta Quill", phone="+12025550199;ext=12"))
        assert self.names_of("202 555 0199") == self.names_of("202 555 0199 x12") == ["Marta Quill"]
        assert self.names_of("5550199") == self.names_of("0199") == []

    @pytest.mark.parametrize("term", ["", "  ", "@", "-", "---", "L", "ab", "\x00", "\ud800", "%_%", "@example.com"])
    def test_what_means_nothing_finds_nobody(self, make_request, term):
        make_request(patient=make_patient("Marta Quill"))
        assert self.names_of(term) == []

    def test_hostile_questions_raise_nothing(self, make_request):
        make_request()

        @given(st.text(max_size=100))
        @made_up(50, 2000)
        def ask(term):
            self.names_of(term)

        ask()
