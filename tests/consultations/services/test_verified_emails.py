"""Software joins rows that proved one address and have one birth date and first name; everything else is for staff."""

import datetime
import logging
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.encryption import fingerprint, new_token
from clinic.core.models import AuditEvent
from clinic.core.refusals import TransitionNotAllowed
from consultations.enums import FilledFor, RequestStatus
from consultations.models import ConsultationRequest, Patient, PersonJoin, PrivateLink
from consultations.services import persons, private_links, verified_emails
from tests.consultations.perform import perform
from tests.personas import MakeRequest, book_directly, make_patient, make_user

pytestmark = pytest.mark.django_db
BORN = datetime.date(1970, 3, 27)
OTHER_DAY = datetime.date(1970, 3, 28)
ADDRESS = "alice@example.com"


@pytest.fixture
def request_of(make_request: MakeRequest) -> Any:
    """A request of somebody at the address of all, with more said about it or her."""

    def make(name: str = "Alice Winther", *, email: str = ADDRESS, birth_on: datetime.date = BORN, **more: Any) -> Any:
        return make_request(patient=make_patient(name, email=email, birth_on=birth_on), **more)

    return make


def mailed_token(consultation_request: ConsultationRequest) -> str:
    token, now = new_token(), clock.now()
    PrivateLink.objects.create(
        consultation_request=consultation_request,
        token_hash=fingerprint(token),
        created_at=now,
        expires_at=now + datetime.timedelta(days=1),
    )
    return token


def open_mailed_link(
    consultation_request: ConsultationRequest, *, birth_on: datetime.date | None = None
) -> PrivateLink | None:
    """What happens when the patient follows a link in one of our mails and gives a date of birth."""
    token = mailed_token(consultation_request)
    return private_links.open_link(token=token, birth_on=birth_on or consultation_request.patient.birth_on or BORN)


def verified_at(consultation_request: ConsultationRequest) -> datetime.datetime | None:
    return Patient.objects.get(pk=consultation_request.patient_id).email_verified_at


def are_joined(*requests: ConsultationRequest) -> bool:
    keys = [item.patient_id for item in requests]
    return Patient.objects.filter(pk__in=keys).values("person_id").distinct().count() == 1


class TestVerified:
    def test_at_the_moment_the_mailed_link_is_opened(self, request_of: Any, time_machine: Any) -> None:
        time_machine.move_to(datetime.datetime(2026, 11, 23, 15, 0, tzinfo=datetime.UTC), tick=False)
        alice = request_of()
        assert verified_at(alice) is None
        assert open_mailed_link(alice) is not None
        assert verified_at(alice) == clock.now()

    def test_the_first_time_counts(self, request_of: Any, time_machine: Any) -> None:
        alice = request_of()
        open_mailed_link(alice)
        first = verified_at(alice)
        time_machine.move_to(clock.now() + datetime.timedelta(days=3), tick=False)
        open_mailed_link(alice)
        assert verified_at(alice) == first

    def test_not_by_a_wrong_date(self, request_of: Any) -> None:
        alice = request_of()
        assert open_mailed_link(alice, birth_on=datetime.date(1971, 3, 27)) is None
        assert verified_at(alice) is None

    def test_not_for_a_helpers_mailbox(self, request_of: Any) -> None:
        alice = request_of(filled_for=FilledFor.OTHER, helper_name="Hanna Berg")
        assert open_mailed_link(alice) is not None
        assert verified_at(alice) is None

    def test_not_without_an_address(self, request_of: Any) -> None:
        alice = request_of(email="")
        assert open_mailed_link(alice) is not None
        assert verified_at(alice) is None

    def test_a_corrected_address_is_not_verified(self, request_of: Any, nurse: User) -> None:
        alice = request_of()
        open_mailed_link(alice)
        perform("correct_email", alice, email="new@example.com", by=nurse)
        assert verified_at(alice) is None
        alice.patient.refresh_from_db()
        open_mailed_link(alice)
        assert verified_at(alice) is not None


class TestJoined:
    def test_two_rows_that_proved_one_address(self, request_of: Any) -> None:
        first, second = request_of(), request_of()
        open_mailed_link(first)
        assert not are_joined(first, second)
        open_mailed_link(second)
        assert are_joined(first, second)
        (join,) = PersonJoin.objects.all()
        assert join.joined_by is None
        event = AuditEvent.objects.get(action="person.join")
        assert (event.actor, event.actor_user) == ("system", None)

    def test_the_link_opens_its_own_request_as_before(self, request_of: Any) -> None:
        first, second = request_of(), request_of()
        open_mailed_link(first)
        link = open_mailed_link(second)
        assert link is not None
        assert link.consultation_request == second
        assert private_links.request_behind(link.pk) == second

    def test_three_rows_one_after_the_other(self, request_of: Any) -> None:
        all_three = [request_of() for _ in range(3)]
        for item in all_three:
            open_mailed_link(item)
        assert are_joined(*all_three)
        assert PersonJoin.objects.live().count() == 2

    def test_another_spelling_of_address_and_name(self, request_of: Any) -> None:
        first, second = request_of("Zoë Quill"), request_of("Dr Zoe Marie QUILL", email="Alice@Example.com")
        open_mailed_link(first)
        open_mailed_link(second)
        assert are_joined(first, second)

    @pytest.mark.parametrize(
        ("case", "more"),
        [
            ("a couple that shares a mailbox", {"name": "Bo Winther", "birth_on": OTHER_DAY}),
            ("the same name, another birth date", {"birth_on": OTHER_DAY}),
            ("the same name and birth date, another address", {"email": "other@example.com"}),
            ("twins who share a mailbox", {"name": "Bea Winther"}),
            ("a name that says nothing", {"name": "http://example.com"}),
            ("a request that somebody else sent", {"filled_for": FilledFor.OTHER, "helper_name": "Alice Winther"}),
        ],
    )
    def test_never(self, request_of: Any, case: str, more: dict[str, Any]) -> None:
        first, second = request_of(), request_of(**more)
        open_mailed_link(first)
        open_mailed_link(second)
        assert not are_joined(first, second), case
        assert not PersonJoin.objects.exists()

    def test_two_patients_of_one_helper_are_two(self, request_of: Any) -> None:
        helped = {"filled_for": FilledFor.OTHER, "helper_name": "Hanna Berg", "email": "hanna@example.com"}
        first, second = request_of("Ana Reyes", **helped), request_of("Ana Reyes", **helped)
        open_mailed_link(first)
        open_mailed_link(second)
        assert not are_joined(first, second)

    def test_not_with_a_row_that_has_not_proved_it(self, request_of: Any) -> None:
        first, second = request_of(), request_of()
        open_mailed_link(second)
        assert not are_joined(first, second)

    def test_never_again_what_staff_took_apart(self, request_of: Any, nurse: User) -> None:
        first, second, third = request_of(), request_of(), request_of()
        open_mailed_link(first)
        open_mailed_link(second)
        persons.separate(patient=second.patient, reason="Mother and daughter.", by=nurse)
        open_mailed_link(third)
        open_mailed_link(second)
        assert not are_joined(first, second)
        assert not are_joined(first, third)
        assert not are_joined(second, third)

    def test_not_when_visits_overlap_and_the_page_opens_all_the_same(
        self, request_of: Any, clinician: Any, other_doctor: User, caplog: Any
    ) -> None:
        first, second = (request_of(status=RequestStatus.BOOKED) for _ in range(2))
        nine = datetime.datetime(2026, 12, 7, 14, 0, tzinfo=datetime.UTC)
        other = type(clinician).objects.create(user=other_doctor, display_name="Dr Sam Okafor")
        book_directly(first, clinician, nine)
        book_directly(second, other, nine)
        open_mailed_link(first)
        with caplog.at_level(logging.INFO, "consultations.services.verified_emails"):
            assert open_mailed_link(second) is not None
        assert not are_joined(first, second)
        assert verified_at(second) is not None
        assert [record.getMessage() for record in caplog.records] == [
            f"patient row {second.patient_id} not joined by its address: VisitsOverlap"
        ]

    def test_a_row_joined_by_staff_brings_its_own_along(self, request_of: Any, nurse: User) -> None:
        first, second, third = request_of(), request_of(), request_of("Alice M. Winther", email="old@example.com")
        persons.join(patient=first.patient, other=third.patient, reason="Same voice.", by=nurse)
        open_mailed_link(first)
        open_mailed_link(second)
        assert are_joined(first, second, third)

    def test_a_damaged_row_of_the_same_address_keeps_nobody_from_their_page(self, request_of: Any) -> None:
        first, second = request_of(), request_of()
        open_mailed_link(first)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE consultations_patient SET phone = 'k1:AAAA' WHERE id = %s", [first.patient_id])
        assert open_mailed_link(second) is not None
        assert Patient.objects.filter(person=second.patient.own_person_id).count() == 0


class TestTakenBack:
    def test_a_correction_ends_what_rested_on_the_address(self, request_of: Any, nurse: User) -> None:
        first, second = request_of(), request_of()
        open_mailed_link(first)
        open_mailed_link(second)
        perform("correct_email", second, email="new@example.com", by=nurse)
        assert not are_joined(first, second)
        (join,) = PersonJoin.objects.all()
        assert (join.ended_at is not None, join.ended_by) == (True, None)

    def test_and_leaves_what_staff_joined(self, request_of: Any, nurse: User) -> None:
        first, second = request_of(), request_of()
        persons.join(patient=first.patient, other=second.patient, reason="Same voice.", by=nurse)
        open_mailed_link(first)
        open_mailed_link(second)
        perform("correct_email", second, email="new@example.com", by=nurse)
        assert are_joined(first, second)

    def test_software_may_join_again_what_software_parted(self, request_of: Any, nurse: User) -> None:
        first, second = request_of(), request_of()
        open_mailed_link(first)
        open_mailed_link(second)
        perform("correct_email", second, email="new@example.com", by=nurse)
        perform("correct_email", second, email=ADDRESS, by=nurse)
        second.patient.refresh_from_db()
        open_mailed_link(second)
        assert are_joined(first, second)

    def test_somebody_who_may_not_correct_it_changes_nothing(self, request_of: Any) -> None:
        first, second = request_of(), request_of()
        open_mailed_link(first)
        open_mailed_link(second)
        with pytest.raises(TransitionNotAllowed):
            perform("correct_email", second, email="new@example.com", by=make_user("edi", "editor"))
        assert are_joined(first, second)
        assert verified_at(second) is not None


class TestFlood:
    @pytest.mark.slow
    def test_a_mailbox_with_sixty_requests_is_left_to_staff(self, request_of: Any) -> None:
        """Opening one of them costs no more than opening one of twenty-five, and joins nothing more."""
        made = [request_of() for _ in range(60)]
        for item in made[:25]:
            open_mailed_link(item)
        Patient.objects.filter(pk__in=[item.patient_id for item in made[25:59]]).update(email_verified_at=clock.now())
        joined = PersonJoin.objects.count()

        with CaptureQueriesContext(connection) as queries:
            open_mailed_link(made[59])

        assert joined == verified_emails.MOST_ROWS - 1 == 19
        assert PersonJoin.objects.count() == joined
        assert len(queries) <= 25
