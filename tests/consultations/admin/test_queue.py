"""The list of requests: nothing open is hidden, nothing damaged takes it down, nobody else's search shows up."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.core import clock
from clinic.core.models import RecordRead
from consultations.enums import Outcome, RequestStatus
from consultations.models import ConsultationRequest, QuestionnaireResponse
from consultations.presenters import queue, summary
from tests.consultations.admin.conftest import text_of
from tests.database_snapshot import store
from tests.personas import book_directly, make_patient

pytestmark = pytest.mark.django_db
QUEUE = "/admin/consultations/consultationrequest/"
ANSWERS = {
    "pn_where": ["low_back", "leg_below"],
    "pn_main": "leg",
    "pn_duration": "m3_6",
    "peg_p": 6,
    "peg_e": 7,
    "peg_g": 6,
    "hx_gate": ["thinner"],
}


def names_in(response):
    return [row.name for row in response.context["rows"]]


class TestOrderAndTabs:
    def test_riskiest_first_then_least_time_left(self, sign_in, nurse, make_request):
        now = clock.now()
        for name, outcome, hours in (
            ("Late Routine", Outcome.LIKELY_SUITABLE, 1),
            ("Urgent Later", Outcome.URGENT_REVIEW, 9),
            ("Urgent Sooner", Outcome.URGENT_REVIEW, 3),
            ("Same Day", Outcome.SAME_DAY, 40),
        ):
            make_request(
                patient=make_patient(name), outcome=outcome, due_at=now + datetime.timedelta(hours=hours, minutes=1)
            )
        response = sign_in(nurse).get(QUEUE)
        assert names_in(response) == ["Same Day", "Urgent Sooner", "Urgent Later", "Late Routine"]

    def test_the_default_shows_every_open_request(self, sign_in, nurse, make_request, clinician):
        open_requests = [make_request(status=status) for status in queue.TABS["all"][1]]
        make_request(status=RequestStatus.WITHDRAWN)
        response = sign_in(nurse).get(QUEUE)
        assert {row.pk for row in response.context["rows"]} == {open_request.pk for open_request in open_requests}

    @pytest.mark.parametrize("tab", list(queue.TABS))
    def test_each_tab_shows_its_statuses_and_its_count(self, sign_in, nurse, make_request, clinician, tab):
        made = {status: make_request(status=status) for status in RequestStatus}
        response = sign_in(nurse).get(QUEUE, {"tab": tab})
        wanted = {made[status].pk for status in queue.TABS[tab][1]}
        assert {row.pk for row in response.context["rows"]} == wanted
        current = next(item for item in response.context["tabs"] if item.is_current)
        assert (current.label, current.count) == (queue.TABS[tab][0], len(wanted))

    def test_an_empty_list_says_what_to_do_next(self, sign_in, nurse):
        assert "Nothing to triage. Next check" in text_of(sign_in(nurse).get(QUEUE, {"tab": "triage"}))
        assert "No open request" in text_of(sign_in(nurse).get(QUEUE))


class TestRows:
    def test_a_row_says_who_what_and_what_to_look_out_for(self, sign_in, nurse, make_request):
        make_request(
            answers=ANSWERS, outcome=Outcome.NEEDS_INFO, highest_outcome=Outcome.SAME_DAY, risk=1, has_note=True
        )
        (row,) = sign_in(nurse).get(QUEUE).context["rows"]
        assert row.line == "Low back, lower leg pain; leg worse than back; 3 to 6 months; PEG 6.3 of 10"
        assert [chip.text for chip in row.flags] == [
            "Same day",
            "Red flags open",
            "Left a note",
            "Blood thinner",
        ]

    def test_time_means_what_it_should_for_each_status(self, sign_in, nurse, make_request, clinician):
        now = clock.now()
        late = make_request(submitted_at=now - datetime.timedelta(days=3), due_at=now - datetime.timedelta(hours=5))
        booked = make_request(status=RequestStatus.BOOKED)
        starts_at = now + datetime.timedelta(days=2)
        book_directly(booked, clinician, starts_at)
        times = {row.pk: row.time for row in sign_in(nurse).get(QUEUE).context["rows"]}
        assert times[late.pk].text == "5 hours overdue"
        assert times[late.pk].kind == "danger"
        assert times[booked.pk].text == clock.moment(starts_at)

    @pytest.mark.parametrize("answers", [{}, {"pn_where": 7, "peg_p": "x"}, {"pn_where": [None, "moon"]}])
    def test_odd_answers_are_passed_over(self, answers):
        assert summary.one_line(answers, version="1.0.0") == "No answer about the pain yet"


class TestOneBadRecord:
    @pytest.fixture
    def three(self, make_request):
        return [make_request(patient=make_patient(name), answers=ANSWERS) for name in ("Ann", "Ben", "Cleo")]

    def test_answers_that_cannot_be_decrypted_mark_their_row(self, sign_in, nurse, three):
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE consultations_questionnaireresponse SET answers = 'k1:AAAA' WHERE id = %s",
                [three[1].response_id],
            )
        response = sign_in(nurse).get(QUEUE)
        rows = {row.name: row for row in response.context["rows"]}
        assert set(rows) == {"Ann", "Ben", "Cleo"}
        assert "cannot be opened" in rows["Ben"].line
        assert "PEG" in rows["Ann"].line
        page = sign_in(nurse).get(rows["Ben"].url)
        assert page.status_code == 200

    def test_answers_of_the_wrong_shape_mark_their_row(self, sign_in, nurse, three):
        store(QuestionnaireResponse, three[1].response_id, answers=["not", "a", "mapping"])
        rows = {row.name: row for row in sign_in(nurse).get(QUEUE).context["rows"]}
        assert "cannot be opened" in rows["Ben"].line

    def test_an_impossible_date_marks_its_row(self, sign_in, nurse, three):
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute("UPDATE consultations_patient SET birth_on = '1970-02-31' WHERE name = 'Ben'")
            else:
                cursor.execute(
                    "UPDATE consultations_consultationrequest SET due_at = '20000-01-01' WHERE id = %s", [three[1].pk]
                )
        response = sign_in(nurse).get(QUEUE)
        assert response.status_code == 200
        assert sorted(names_in(response)) == sorted(["Ann", "Cleo", f"Record {three[1].pk} cannot be read"])
        damaged = sign_in(nurse).get(f"{QUEUE}{three[1].pk}/change/")
        assert "cannot be read" in text_of(damaged)
        assert sign_in(nurse).get("/admin/").status_code == 200


class TestQueries:
    @pytest.mark.parametrize("length", [1, 60])
    @pytest.mark.parametrize("query", [{}, {"outcome": "LIKELY_SUITABLE", "age": "week"}])
    def test_at_most_nineteen_whatever_the_length(self, sign_in, nurse, make_request, length, query):
        for _ in range(length):
            make_request(answers=ANSWERS, status=RequestStatus.IN_TRIAGE, claimed_by=nurse, claimed_at=clock.now())
        client = sign_in(nurse)
        client.get(QUEUE)  # the audit chain has its first link from then on
        with CaptureQueriesContext(connection) as queries:
            response = client.get(QUEUE, query)
        assert len(response.context["rows"]) == min(length, queue.PAGE_SIZE)
        assert len(queries) <= 19, [item["sql"][:90] for item in queries]

    def test_pages_hold_fifty_and_never_overlap(self, sign_in, nurse, make_request):
        due_at = clock.now() + datetime.timedelta(days=1)
        made = {make_request(due_at=due_at).pk for _ in range(queue.PAGE_SIZE + 3)}
        client = sign_in(nurse)
        first, second = (client.get(QUEUE, {"page": page}).context["rows"] for page in (1, 2))
        assert (len(first), len(second)) == (queue.PAGE_SIZE, 3)
        assert {row.pk for row in (*first, *second)} == made


class TestFilters:
    def test_outcome_priority_age_and_mine_narrow(self, sign_in, nurse, make_request):
        old = clock.now() - datetime.timedelta(days=9)
        mine = make_request(
            outcome=Outcome.NEEDS_INFO, status=RequestStatus.IN_TRIAGE, claimed_by=nurse, claimed_at=clock.now()
        )
        urgent = make_request(outcome=Outcome.URGENT_REVIEW, priority="urgent", submitted_at=old)
        client = sign_in(nurse)
        for query, wanted in (
            ({"outcome": "NEEDS_INFO"}, mine),
            ({"priority": "urgent"}, urgent),
            ({"age": "older"}, urgent),
            ({"age": "week"}, mine),
            ({"mine": "on"}, mine),
        ):
            assert [row.pk for row in client.get(QUEUE, query).context["rows"]] == [wanted.pk]

    def test_what_filters_hide_is_said(self, sign_in, nurse, make_request):
        make_request()
        response = sign_in(nurse).get(QUEUE, {"outcome": "DEFER"})
        assert "Filters hide 1 of these requests" in text_of(response)

    @pytest.mark.parametrize(
        "query",
        [
            {"tab": "nowhere"},
            {"outcome": "' OR 1=1 --"},
            {"page": "-1"},
            {"page": "99999999999999999999"},
            {"page": "٣"},
            {"age": "🦴" * 500},
            {"patient__email__startswith": "a"},
            {"claimed_by__password__startswith": "argon2"},
            {"mine": "maybe", "priority": "STAT;DROP"},
        ],
    )
    def test_hostile_values_hide_nothing_and_break_nothing(self, sign_in, nurse, alice, query):
        response = sign_in(nurse).get(QUEUE, query)
        assert response.status_code == 200
        assert names_in(response) == ["Alice Winther"]


class TestSearch:
    def find(self, client, term):
        return client.post(f"{QUEUE}search/", {"q": term}, follow=True)

    @pytest.mark.parametrize(
        "term",
        ["winther", "ALICE", "win ali", "27 March 1970", "March 27, 1970", "1970-03-27", "27/3/1970", "3/27/1970"],
    )
    def test_by_name_and_date_of_birth(self, sign_in, nurse, alice, bob, term):
        assert names_in(self.find(sign_in(nurse), term)) == ["Alice Winther"]

    def test_by_reference_with_and_without_dashes(self, sign_in, nurse, alice, bob):
        client = sign_in(nurse)
        for term in (bob.reference, bob.reference.lower(), bob.reference.replace("-", ""), bob.reference[:7]):
            assert names_in(self.find(client, term)) == ["Bob Pell"]

    @pytest.mark.parametrize("dash", ["-", "–", "—", "\u2011", "−", " ", ""])
    def test_by_reference_with_any_dash_and_without_its_prefix(self, sign_in, nurse, alice, bob, dash):
        client = sign_in(nurse)
        prefix, *rest = bob.reference.split("-")
        for typed in ((prefix, *rest), rest):
            for term in (dash.join(typed), dash.join(typed).lower()):
                assert names_in(self.find(client, term)) == ["Bob Pell"]

    @pytest.mark.parametrize(
        "term",
        ["O'Brien", "O’Brien", "o`brien", "obrien", "siobhan", "Siobha\u0301n", "SIOBHÁN", "O'Brien, Siobhán",
         "o'brien  siobhan", "Ms O'Brien"],
    )  # fmt: skip
    def test_a_name_typed_on_a_phone_is_found_from_a_desk(self, sign_in, nurse, make_request, alice, term):
        make_request(patient=make_patient("Siobhán O’Brien"))
        assert names_in(self.find(sign_in(nurse), term)) == ["Siobhán O’Brien"]

    @pytest.mark.parametrize(
        "term",
        [
            "+12025550199",
            "(202) 555-0199",
            "202.555.0199",
            "0012025550199",
            "call 202 555 0199",
            "２０２５５５０１９９",
        ],
    )
    def test_by_phone_in_any_spelling(self, sign_in, nurse, make_request, alice, term):
        make_request(patient=make_patient("Tilda Rowan", phone="+12025550199"))
        assert names_in(self.find(sign_in(nurse), term)) == ["Tilda Rowan"]

    @pytest.mark.parametrize("term", ["tilda@example.com", " TILDA@example.com"])
    def test_by_the_whole_address(self, sign_in, nurse, make_request, alice, term):
        make_request(patient=make_patient("Tilda Rowan"))
        assert names_in(self.find(sign_in(nurse), term)) == ["Tilda Rowan"]

    @pytest.mark.parametrize(
        "term", ["27–3–1970", "27. 3. 1970", "27th March 1970", "March 27th, 1970", "２７/３/１９７０", "27 mar 1970"]
    )
    def test_by_a_date_of_birth_as_it_is_typed(self, sign_in, nurse, alice, bob, term):
        assert names_in(self.find(sign_in(nurse), term)) == ["Alice Winther"]

    def test_closed_requests_are_found_too(self, sign_in, nurse, make_request):
        make_request(status=RequestStatus.CANCELLED, patient=make_patient("Gone Before"))
        assert names_in(self.find(sign_in(nurse), "gone")) == ["Gone Before"]

    def test_the_term_never_stands_in_an_address(self, sign_in, nurse, alice):
        response = self.find(sign_in(nurse), "winther")
        assert len(response.redirect_chain) == 1
        assert "winther" not in response.redirect_chain[0][0].lower()

    def test_another_persons_search_key_finds_nothing_of_theirs(self, sign_in, nurse, other_nurse, alice, bob):
        url = self.find(sign_in(nurse), "winther").redirect_chain[0][0]
        assert sign_in(other_nurse).get(url).context["term"] is None

    @pytest.mark.parametrize(
        "term",
        ["'; DROP TABLE x; --", "%", "_", "%%%%", "\\", "a" * 100, "🦴" * 50, "‮abc", "31/31/1970", "0000-00-00",
         "99999999999999999999/1/1", "1 Foo 1970", "{{7*7}}", "<script>alert(1)</script>", "  ", ".", "x"],
    )  # fmt: skip
    def test_hostile_terms_find_nothing_and_break_nothing(self, sign_in, nurse, alice, term):
        response = self.find(sign_in(nurse), term)
        assert response.status_code == 200
        if term.strip():
            assert names_in(response) == []
        assert "<script>alert(1)" not in response.content.decode()

    def test_a_term_beyond_the_limit_is_refused_with_a_sentence(self, sign_in, nurse, alice):
        assert "too long to search for" in text_of(self.find(sign_in(nurse), "a" * 101))

    def test_undecodable_input_is_refused(self, sign_in, nurse):
        client = sign_in(nurse)
        answer = client.post(f"{QUEUE}search/", b"q=%00%ff", content_type="application/x-www-form-urlencoded")
        assert answer.status_code == 400

    def test_nothing_is_searched_by_get(self, sign_in, nurse, alice, bob):
        assert sign_in(nurse).get(f"{QUEUE}search/", {"q": "alice"}).headers["Location"] == QUEUE


class TestWhoMayLook:
    def test_each_load_is_audited_once_with_the_requests_shown(self, sign_in, nurse, alice, bob):
        sign_in(nurse).get(QUEUE)
        (event,) = RecordRead.objects.filter(action="request.list")
        assert event.actor_user == nurse
        assert sorted(event.shown["requests"]) == sorted([alice.pk, bob.pk])

    def test_an_editor_is_refused(self, sign_in, editor, alice):
        client = sign_in(editor)
        assert client.get(QUEUE).status_code == 403
        assert client.post(f"{QUEUE}search/", {"q": "alice"}).status_code == 403
        assert not RecordRead.objects.filter(action="request.list").exists()

    def test_a_patient_or_visitor_is_sent_to_sign_in(self, client, alice):
        response = client.get(QUEUE)
        assert response.status_code == 302
        assert response.url.startswith(reverse("admin:login"))

    def test_no_cache_keeps_it(self, sign_in, nurse):
        assert "no-store" in sign_in(nurse).get(QUEUE)["Cache-Control"]

    def test_the_address_is_the_admins_own_changelist(self):
        assert reverse("admin:consultations_consultationrequest_changelist") == QUEUE
        assert ConsultationRequest._meta.app_label == "consultations"
