"""Every path on which a time is taken: what comes before, how a service is called, and what a browser presses.

A new path is one more entry of `PATHS`: the storms, their mixtures and their controls go over all of them.
"""

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.refusals import TransitionNotAllowed
from consultations.actions.book import Book, BookData, TakeTime, book_held
from consultations.actions.move import Move, move_held
from consultations.actions.move_offered import take_offered
from consultations.enums import RequestStatus
from consultations.models import Clinician, Location
from consultations.services import scheduling
from consultations.services.scheduling import Slot, SlotTaken
from tests.consultations.perform import perform
from tests.storms.browser import Browser
from tests.storms.ground import Ground, Person

REASON: Final = "She can only come then."


@dataclasses.dataclass(frozen=True, slots=True)
class Told:
    """Whether somebody was told that the time is theirs; else the keys of the free times they were shown, if any."""

    is_yes: bool
    near: tuple[str, ...] = ()


Call = Callable[[Person, Slot, User], Told]
Press = Callable[[Browser, Person, Slot, str], Told]


@dataclasses.dataclass(frozen=True, slots=True)
class Path:
    """`had`: what each of them has before (OFFERED: nothing, BOOKED: a visit elsewhere). `keeps` gives each one of the
    times for a while, which the storm outlasts, and they want that one.
    """

    call: Call
    press: Press
    had: RequestStatus = RequestStatus.OFFERED
    keeps: Callable[[Ground, Person, Slot, float], None] | None = None


# --- The services, in a thread of somebody --------------------------------------------------------------------------


def _told(take: Callable[[], object]) -> Told:
    try:
        take()
    except SlotTaken as lost:
        return Told(False, tuple(slot.key for slot in lost.nearest))
    except TransitionNotAllowed:
        return Told(False)
    return Told(True)


def _choose(person: Person, slot: Slot, by: User) -> Told:
    def take() -> None:
        scheduling.hold(consultation_request=person.row, slot_key=slot.key)
        row = person.row
        (move_held if row.status == RequestStatus.BOOKED else book_held)(consultation_request=row, seen=slot.key)

    return _told(take)


def _on_the_phone(action: TakeTime, *, outside: bool = False) -> Call:
    def call(person: Person, slot: Slot, by: User) -> Told:
        def take() -> None:
            row = person.row
            data = (
                BookData(_named(person, slot), reason=REASON) if outside else BookData(scheduling.find(row, slot.key))
            )
            action.from_page(row, data, by=by, seen="")

        return _told(take)

    return call


def _named(person: Person, slot: Slot) -> Slot:
    clinician, location = Clinician.objects.get(pk=slot.clinician_id), Location.objects.get(pk=slot.location_id)
    return scheduling.slot_outside(person.row, clinician=clinician, location=location, starts_at=slot.starts_at)


def _cancel_a_moment_ago(ground: Ground, person: Person, slot: Slot, seconds: float) -> None:
    ground.cancel_a_moment_ago(person, slot, for_seconds=seconds)


def _offer_from_the_list(ground: Ground, person: Person, slot: Slot, seconds: float) -> None:
    ground.offer_from_the_list(person, slot, for_seconds=seconds)


def _take_offered(person: Person, slot: Slot, by: User) -> Told:
    return _told(lambda: take_offered(consultation_request=person.row, seen=slot.key))


def _undo(person: Person, slot: Slot, by: User) -> Told:
    return _told(lambda: perform("undo_cancel", person.row))


# --- The pages, in a browser of somebody ----------------------------------------------------------------------------


def _press_choose(browser: Browser, person: Person, slot: Slot, desk: str) -> Told:
    base = f"/request/{person.key}/times/"
    held = browser.post(base, {"slot": slot.key}, session=person.session)
    if not held.location.endswith("/times/check/"):
        return Told(False, held.choices("slot", within="near"))
    taken = browser.post(f"{base}check/", {"slot": slot.key}, session=person.session)
    return Told(taken.status == 302, taken.choices("slot", within="near"))


def _press_at_the_desk(verb: str, seen: RequestStatus, *, outside: bool = False) -> Press:
    def press(browser: Browser, person: Person, slot: Slot, desk: str) -> Told:
        data = {"seen": seen.value, "slot_key": slot.key}
        if outside:
            data = {
                "seen": seen.value,
                "other_at": f"{clock.local(slot.starts_at):%Y-%m-%dT%H:%M}",
                "other_clinician": str(slot.clinician_id),
                "other_location": str(slot.location_id),
                "other_reason": REASON,
            }
        page = f"/admin/consultations/consultationrequest/{person.pk}/{verb}/"
        answer = browser.post(page, data, session=desk)
        return Told(answer.status == 302, answer.choices("slot_key"))

    return press


def _press_undo(browser: Browser, person: Person, slot: Slot, desk: str) -> Told:
    answer = browser.post(f"/request/{person.key}/cancel-time/undo/", {"seen": slot.key}, session=person.session)
    return Told(answer.status == 302)


def _press_take_offered(browser: Browser, person: Person, slot: Slot, desk: str) -> Told:
    answer = browser.post(f"/request/{person.key}/earlier/take/", {"seen": slot.key}, session=person.session)
    return Told(answer.status == 302)


OFFERED, BOOKED = RequestStatus.OFFERED, RequestStatus.BOOKED
PATHS: Final = {
    "choose": Path(_choose, _press_choose),
    "phone": Path(_on_the_phone(Book()), _press_at_the_desk("book", OFFERED)),
    "override": Path(_on_the_phone(Book(), outside=True), _press_at_the_desk("book", OFFERED, outside=True)),
    "move": Path(_choose, _press_choose, had=BOOKED),
    "move on the phone": Path(_on_the_phone(Move()), _press_at_the_desk("move", BOOKED), had=BOOKED),
    "undo": Path(_undo, _press_undo, keeps=_cancel_a_moment_ago),
    "waiting list": Path(_take_offered, _press_take_offered, keeps=_offer_from_the_list),
}


def drawn_for(ground: Ground, names: Sequence[str]) -> Iterable[tuple[Person, str]]:
    """Each person with a path, evenly; of those that begin with a time of one's own no more than there are times."""
    owners = 0
    others = [name for name in names if not PATHS[name].keeps] or ["choose"]
    for number, person in enumerate(ground.people):
        name = names[number % len(names)]
        if PATHS[name].keeps:
            owners += 1
            if owners > len(ground.times):
                name = others[number % len(others)]
        yield person, name
