"""A person behind patient rows: joined by staff, taken apart exactly, whatever was done in which order."""

import datetime
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from clinic.accounts.models import User
from clinic.core.models import AuditEvent
from clinic.core.refusals import NotAllowed
from consultations.enums import RequestStatus
from consultations.models import Patient, Person, PersonJoin
from consultations.services import intake, persons
from consultations.services.persons import JoinRefused, PersonChanged, VisitsOverlap
from tests.access.conftest import TRAIL
from tests.database_snapshot import all_rows
from tests.depth import made_up
from tests.personas import MakeRequest, book_directly, make_patient, make_user, open_privately, private_url

pytestmark = pytest.mark.django_db
NINE = datetime.datetime(2026, 12, 7, 14, 0, tzinfo=datetime.UTC)
WHY = "Same voice, same street."


def rows(number: int) -> list[Patient]:
    return [make_patient(f"Marta Quill {index}") for index in range(number)]


def parts(*patients: Patient) -> set[frozenset[str]]:
    """Which rows have one person, by their names' last letters; every row points to that of its oldest."""
    results: dict[int, list[Patient]] = {}
    for row in Patient.objects.filter(pk__in=[item.pk for item in patients]).order_by("pk"):
        results.setdefault(row.person_id, []).append(row)
    for person, group in results.items():
        assert person == group[0].own_person_id
    return {frozenset(row.name[-1] for row in group) for group in results.values()}


def of(*groups: str) -> set[frozenset[str]]:
    return {frozenset(group) for group in groups}


class TestMade:
    def test_a_person_of_its_own_comes_with_the_row(self) -> None:
        patient = intake.make_patient(
            intake.Contact(name="Ana Reyes", birth_on=datetime.date(1980, 1, 2), email="", phone="202-555-0142")
        )
        assert patient.person_id == patient.own_person_id
        assert list(patient.person.rows.all()) == [patient]
        assert Person.objects.count() == 1

    def test_who_asks_to_be_called_back_has_one_too(self) -> None:
        patient = intake.make_patient(intake.Contact(name="Ana", birth_on=None, email="", phone="202-555-0142"))
        assert patient.person.own_row == patient


class TestJoin:
    def test_two_rows_have_one_person_the_older_rows_own(self, nurse: User) -> None:
        a, b = rows(2)
        assert persons.join(patient=b, other=a, reason=WHY, by=nurse) is True
        assert parts(a, b) == of("01")
        (join,) = PersonJoin.objects.all()
        assert (join.first, join.second, join.joined_by, join.reason) == (a, b, nurse, WHY)
        event = AuditEvent.objects.get(action="person.join")
        assert (event.actor_user, event.details) == (nurse, {"rows": [a.pk, b.pk]})

    @pytest.mark.parametrize("group", ["triage", "doctor", "manager"])
    def test_everybody_who_reads_both_records_may(self, staff: Any, group: str) -> None:
        a, b = rows(2)
        assert persons.join(patient=a, other=b, reason=WHY, by=staff(group)) is True

    def test_an_editor_may_neither_do_nor_undo_it(self, nurse: User, editor: User) -> None:
        a, b, c = rows(3)
        persons.join(patient=a, other=b, reason=WHY, by=nurse)
        join, before = PersonJoin.objects.get(), all_rows()
        with pytest.raises(NotAllowed):
            persons.join(patient=a, other=c, reason=WHY, by=editor)
        with pytest.raises(NotAllowed):
            persons.separate(patient=a, reason=WHY, by=editor)
        with pytest.raises(NotAllowed):
            persons.undo(join=join, reason=WHY, by=editor)
        assert all_rows() == before

    def test_twice_is_harmless_and_changes_nothing(self, nurse: User, other_nurse: User) -> None:
        a, b = rows(2)
        persons.join(patient=a, other=b, reason=WHY, by=nurse)
        before = all_rows()
        assert persons.join(patient=a, other=b, reason=WHY, by=nurse) is False
        assert persons.join(patient=b, other=a, reason="I think so too.", by=other_nurse) is False
        assert all_rows() == before

    def test_nor_does_a_third_join_close_a_circle(self, nurse: User) -> None:
        a, b, c = rows(3)
        persons.join(patient=a, other=b, reason=WHY, by=nurse)
        persons.join(patient=b, other=c, reason=WHY, by=nurse)
        assert persons.join(patient=c, other=a, reason=WHY, by=nurse) is False
        assert PersonJoin.objects.count() == 2

    def test_a_row_and_itself_is_refused(self, nurse: User) -> None:
        (a,) = rows(1)
        with pytest.raises(JoinRefused, match="the same request"):
            persons.join(patient=a, other=a, reason=WHY, by=nurse)

    def test_what_a_page_showed_must_still_stand(self, nurse: User) -> None:
        a, b, c = rows(3)
        persons.join(patient=b, other=c, reason=WHY, by=nurse)
        with pytest.raises(PersonChanged):
            persons.join(patient=a, other=b, reason=WHY, by=nurse, seen=[a.pk, b.pk])
        assert parts(a, b, c) == of("0", "12")
        assert persons.join(patient=a, other=b, reason=WHY, by=nurse, seen=[a.pk, b.pk, c.pk]) is True


class TestVisits:
    @pytest.fixture
    def booked(self, make_request: MakeRequest, clinician: Any, other_doctor: User) -> list[Patient]:
        """Two requests with visits of two doctors; the second begins 39 minutes into a visit of 40."""
        first = make_request(status=RequestStatus.BOOKED, patient=make_patient("Marta Quill 0"))
        second = make_request(status=RequestStatus.BOOKED, patient=make_patient("Marta Quill 1"))
        book_directly(first, clinician, NINE)
        other = type(clinician).objects.create(user=other_doctor, display_name="Dr Sam Okafor")
        book_directly(second, other, NINE + datetime.timedelta(minutes=39))
        return [first.patient, second.patient]

    def test_that_overlap_are_both_named_and_nothing_is_joined(self, nurse: User, booked: list[Patient]) -> None:
        a, b = booked
        first, second = (item.requests.get().reference for item in booked)
        with pytest.raises(VisitsOverlap, match=f"{first} .*9 am.*{second} .*9:39 am"):
            persons.join(patient=b, other=a, reason=WHY, by=nurse)
        assert parts(a, b) == of("0", "1")
        assert not PersonJoin.objects.exists()

    def test_a_visit_that_nobody_could_see_yet_is_refused_by_the_database(
        self, nurse: User, booked: list[Patient], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        a, b = booked
        monkeypatch.setattr(persons, "refuse_overlap", lambda rows: None)
        with pytest.raises(PersonChanged, match="was booked at this moment"):
            persons.join(patient=a, other=b, reason=WHY, by=nurse)
        assert parts(a, b) == of("0", "1")
        assert not PersonJoin.objects.exists()

    def test_of_rows_that_stand_behind_the_two_count_as_well(self, nurse: User, booked: list[Patient]) -> None:
        a, b = booked
        c, d = make_patient("Marta Quill 2"), make_patient("Marta Quill 3")
        persons.join(patient=a, other=c, reason=WHY, by=nurse)
        persons.join(patient=b, other=d, reason=WHY, by=nurse)
        with pytest.raises(VisitsOverlap):
            persons.join(patient=c, other=d, reason=WHY, by=nurse)

    def test_one_after_the_other_may_be_joined(self, nurse: User, booked: list[Patient]) -> None:
        a, b = booked
        visit = b.requests.get().appointments.get()
        visit.starts_at, visit.ends_at = NINE + datetime.timedelta(minutes=40), NINE + datetime.timedelta(minutes=80)
        visit.save()
        assert persons.join(patient=a, other=b, reason=WHY, by=nurse) is True

    def test_a_cancelled_one_is_in_nobodys_way(self, nurse: User, booked: list[Patient]) -> None:
        a, b = booked
        b.requests.get().appointments.update(status="cancelled", cancelled_at=NINE, cancelled_by="patient")
        assert persons.join(patient=a, other=b, reason=WHY, by=nurse) is True

    def test_a_long_visit_hides_no_overlap_behind_a_short_one(
        self, nurse: User, booked: list[Patient], make_request: MakeRequest
    ) -> None:
        a, b = booked
        a.requests.get().appointments.update(ends_at=NINE + datetime.timedelta(hours=3))
        b.requests.get().appointments.update(
            starts_at=NINE + datetime.timedelta(hours=2), ends_at=NINE + datetime.timedelta(hours=2, minutes=30)
        )
        with pytest.raises(VisitsOverlap):
            persons.join(patient=a, other=b, reason=WHY, by=nurse)


class TestTakenApart:
    def test_two_rows_are_as_they_were(self, nurse: User, doctor: User) -> None:
        a, b = rows(2)
        before = all_rows(without={"PersonJoin", *TRAIL})
        persons.join(patient=a, other=b, reason=WHY, by=nurse)
        assert persons.separate(patient=a, reason="Two sisters.", by=doctor) is True
        assert all_rows(without={"PersonJoin", *TRAIL}) == before
        (join,) = PersonJoin.objects.all()
        assert (join.ended_by, join.ended_reason, join.joined_by, join.reason) == (doctor, "Two sisters.", nurse, WHY)
        assert join.ended_at is not None

    @pytest.mark.parametrize("index", [0, 1, 2])
    @pytest.mark.parametrize("chain", [[(0, 1), (1, 2)], [(0, 1), (0, 2)], [(1, 2), (0, 2)]])
    def test_one_row_of_three_leaves_the_other_two_joined(
        self, nurse: User, index: int, chain: list[tuple[int, int]]
    ) -> None:
        made = rows(3)
        for one, two in chain:
            persons.join(patient=made[one], other=made[two], reason=WHY, by=nurse)
        persons.separate(patient=made[index], reason="Another person.", by=nurse)
        assert parts(*made) == of(str(index), "012".replace(str(index), ""))
        assert PersonJoin.objects.live().count() == 1

    def test_a_join_of_joined_persons_parts_them_exactly(self, nurse: User) -> None:
        a, b, c, d = rows(4)
        persons.join(patient=a, other=b, reason=WHY, by=nurse)
        persons.join(patient=c, other=d, reason=WHY, by=nurse)
        persons.join(patient=b, other=d, reason="Wrong.", by=nurse)
        assert parts(a, b, c, d) == of("0123")
        (last,) = [item for item in PersonJoin.objects.all() if item.reason == "Wrong."]
        assert persons.undo(join=last, reason="Not the same.", by=nurse) is True
        assert parts(a, b, c, d) == of("01", "23")

    def test_an_early_join_of_a_chain_leaves_the_later_ones(self, nurse: User) -> None:
        a, b, c, d = rows(4)
        for one, two in ((a, b), (b, c), (c, d)):
            persons.join(patient=one, other=two, reason=WHY, by=nurse)
        persons.undo(join=PersonJoin.objects.get(first=a, second=b), reason="No.", by=nurse)
        assert parts(a, b, c, d) == of("0", "123")

    def test_twice_is_harmless(self, nurse: User) -> None:
        a, b = rows(2)
        persons.join(patient=a, other=b, reason=WHY, by=nurse)
        join = PersonJoin.objects.get()
        persons.separate(patient=b, reason="No.", by=nurse)
        before = all_rows()
        assert persons.separate(patient=b, reason="No.", by=nurse) is False
        assert persons.separate(patient=a, reason="No.", by=nurse) is False
        assert persons.undo(join=join, reason="No.", by=nurse) is False
        assert all_rows() == before

    def test_they_can_be_joined_again(self, nurse: User) -> None:
        a, b = rows(2)
        persons.join(patient=a, other=b, reason=WHY, by=nurse)
        persons.separate(patient=b, reason="No.", by=nurse)
        assert persons.join(patient=a, other=b, reason="After all.", by=nurse) is True
        assert parts(a, b) == of("01")

    def test_what_a_page_showed_must_still_stand(self, nurse: User) -> None:
        a, b, c = rows(3)
        persons.join(patient=a, other=b, reason=WHY, by=nurse)
        join = PersonJoin.objects.get()
        persons.join(patient=b, other=c, reason=WHY, by=nurse)
        with pytest.raises(PersonChanged):
            persons.separate(patient=b, reason="No.", by=nurse, seen=[a.pk, b.pk])
        with pytest.raises(PersonChanged):
            persons.undo(join=join, reason="No.", by=nurse, seen=[a.pk, b.pk])
        assert parts(a, b, c) == of("012")

    def test_a_person_left_without_rows_stays_for_the_way_back(self, nurse: User) -> None:
        a, b = rows(2)
        persons.join(patient=a, other=b, reason=WHY, by=nurse)
        assert list(Person.objects.get(pk=b.own_person_id).rows.all()) == []
        persons.separate(patient=b, reason="No.", by=nurse)
        assert list(Person.objects.get(pk=b.own_person_id).rows.all()) == [b]


class TestAnySequence(TestCase):
    """Whatever is done, the persons are what the joins say; and all taken apart is how it began."""

    STEPS = st.lists(
        st.tuples(st.sampled_from(["join", "separate", "undo"]), st.integers(0, 5), st.integers(0, 5)), max_size=14
    )

    @given(steps=STEPS, last=st.permutations(range(6)))
    @made_up(20, 300)
    def test_taking_everything_apart_ends_in_the_first_state(
        self, steps: list[tuple[str, int, int]], last: list[int]
    ) -> None:
        by = User.objects.filter(username="nurse").first() or make_user("nurse", "triage")
        made = rows(6)
        first = {row.pk: row.person_id for row in made}
        model = [{item} for item in range(6)]
        for verb, one, two in steps:
            self.do(verb, one, two, made, model, by)
            assert parts(*made) == {frozenset(map(str, group)) for group in model}
            self.assert_no_circle(made)

        for index in last:
            persons.separate(patient=made[index], reason="No.", by=by)

        keys = list(first)
        assert dict(Patient.objects.filter(pk__in=keys).values_list("pk", "person_id")) == first
        assert not PersonJoin.objects.live().filter(first__in=keys).exists()

    @staticmethod
    def do(verb: str, one: int, two: int, made: list[Patient], model: list[set[int]], by: User) -> None:
        """The step on the rows, and what it should come to on plain sets of places."""
        home = {index: group for group in model for index in group}
        if verb == "join" and one != two:
            assert persons.join(patient=made[one], other=made[two], reason=WHY, by=by) is (home[one] is not home[two])
            if home[one] is not home[two]:
                model.remove(home[two])
                home[one] |= home[two]
        elif verb == "separate":
            assert persons.separate(patient=made[one], reason="No.", by=by) is (len(home[one]) > 1)
            if len(home[one]) > 1:
                home[one].discard(one)
                model.append({one})
        elif verb == "undo":
            keys = [item.pk for item in made]
            live = list(PersonJoin.objects.live().filter(first__in=keys).order_by("pk"))
            if live:
                join = live[one % len(live)]
                persons.undo(join=join, reason="No.", by=by)
                at = {row.pk: index for index, row in enumerate(made)}
                whole = home[at[join.first_id]]
                left = [(at[item.first_id], at[item.second_id]) for item in live if item.pk != join.pk]
                model.remove(whole)
                model.extend(persons.groups(whole, [pair for pair in left if pair[0] in whole]))

    @staticmethod
    def assert_no_circle(made: list[Patient]) -> None:
        keys = [row.pk for row in made]
        groups = Patient.objects.filter(pk__in=keys).values("person_id").distinct().count()
        assert PersonJoin.objects.live().filter(first__in=keys).count() == len(made) - groups


class TestPatientsSeeNothingOfIt:
    def test_a_link_of_one_row_opens_no_page_of_another(self, nurse: User, make_request: MakeRequest) -> None:
        """Alice and a request that staff joined to hers: each private page stays for its own link."""
        one = make_request(patient=make_patient("Alice Winther"))
        two = make_request(patient=make_patient("Carol Abbot", email="other@example.com"))
        client = Client()
        open_privately(client, one)
        before = client.get(private_url(one)).content

        persons.join(patient=one.patient, other=two.patient, reason=WHY, by=nurse)

        after = client.get(private_url(one)).content
        assert client.get(private_url(two)).status_code == 403
        for secret in (two.reference, "Carol", "other@example.com", WHY):
            assert secret not in after.decode()
        assert len(after) == len(before)


def test_groups_hang_together_by_pairs() -> None:
    assert sorted(map(sorted, persons.groups([1, 2, 3, 4, 5], [(1, 3), (3, 5)]))) == [[1, 3, 5], [2], [4]]
    assert persons.groups([], []) == []
