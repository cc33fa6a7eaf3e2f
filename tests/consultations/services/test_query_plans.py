"""What is read of one person, and locked, must not become slower as the clinic grows."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from consultations.enums import Outcome
from consultations.models import SafetyCase
from consultations.services import case_closing, sources
from consultations.services.transitions import lock
from tests.personas import MakeRequest


def read_whole_tables(query: str) -> list[str]:
    """The steps of a query's plan that read a table from end to end, even where the database is told not to."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"EXPLAIN QUERY PLAN {query}")
            return [step for *_, step in cursor.fetchall() if re.match(r"SCAN .*consultations_", step)]
        cursor.execute("SET LOCAL enable_seqscan = off")
        # Whatever is known of the tables of this run by now: every value is another one, and there are many.
        cursor.execute("ANALYZE consultations_patient, consultations_consultationrequest, consultations_safetycase")
        cursor.execute(
            "UPDATE pg_class SET reltuples = 1000000, relpages = 1 WHERE relkind = 'r' AND relname ^@ 'consultations_'"
        )
        cursor.execute(f"EXPLAIN {query}")
        plan = [step for (step,) in cursor.fetchall()]
    following = zip(plan, [*plan[1:], ""], strict=True)
    return [step for step, after in following if re.search(r"Scan .*on consultations_", step) and "Cond" not in after]


@pytest.mark.django_db
def test_the_responses_of_a_person_are_found_by_index(make_request: MakeRequest) -> None:
    response = make_request().response
    with CaptureQueriesContext(connection) as queries:
        assert sources.responses_of_person(response) == [response.pk]
    assert len(queries) == 2
    assert [step for query in queries.captured_queries for step in read_whole_tables(query["sql"])] == []


@pytest.mark.django_db
def test_whoever_writes_locks_the_requests_of_the_person_by_index(make_request: MakeRequest) -> None:
    """Every write begins with it, and every closing of a case."""
    consultation_request = make_request(outcome=Outcome.SAME_DAY)
    case = SafetyCase(patient=consultation_request.patient, response=consultation_request.response)
    with CaptureQueriesContext(connection) as queries:
        assert lock(consultation_request) == consultation_request
        assert case_closing.hold_requests(case) == consultation_request
    assert len(queries) == 2
    assert [step for query in queries.captured_queries for step in read_whole_tables(query["sql"])] == []


@pytest.mark.django_db
def test_a_plan_that_reads_a_whole_table_is_noticed(make_request: MakeRequest) -> None:
    make_request()
    assert read_whole_tables("SELECT * FROM consultations_patient WHERE phone_as_typed IS NULL") != []
