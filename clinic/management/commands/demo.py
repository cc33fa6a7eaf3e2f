"""Fills a demonstration: staff, opening times and made-up requests in every state. Safe to run again."""

import json
import time
from collections import Counter
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from clinic.core import clock
from clinic.management.demonstration import stories
from clinic.management.demonstration.copies import Copy
from clinic.management.demonstration.courses import NoTimeFree
from clinic.management.demonstration.crowd import Crowd
from clinic.management.demonstration.invented import Inventor
from clinic.management.demonstration.staff_and_diary import PASSWORD, STAFF, make_clinic
from consultations.enums import RequestStatus
from consultations.models import ConsultationRequest

MOST_REQUESTS: Final = 1_000_000
SECONDS_BETWEEN_NEWS: Final = 2


class Command(BaseCommand):
    help = (
        "Make the demonstration's staff, diary and requests; with --requests as many more made-up requests as you say. "
        "Refused outside of a demonstration."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--requests", metavar="N", help="Add so many made-up requests, not the twelve stories.")
        parser.add_argument("--state", help=f"All of them in this state: {', '.join(RequestStatus.values)}.")
        parser.add_argument("--seed", help="A whole number: the same one gives the same people, answers and links.")
        parser.add_argument(
            "--links",
            action="store_true",
            help="Print a JSON line for each with reference, private link, birth date and status. Needs DEBUG=1.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("This makes people with known passwords. It only runs in a demonstration: set DEMO=1.")
        if options["requests"] is None:
            self._refuse_what_needs_requests(options)
            self._tell_the_stories()
            return
        count, seed, state = _count_of(options["requests"]), _seed_of(options["seed"]), _state_of(options["state"])
        if options["links"] and not settings.DEBUG:
            raise CommandError("Private links open patients' pages. --links prints them with DEBUG=1 alone.")
        self._fill(count, seed, state, prints_links=options["links"])

    @staticmethod
    def _refuse_what_needs_requests(options: dict[str, Any]) -> None:
        for name in ("state", "seed", "links"):
            if options[name] not in (None, False):
                raise CommandError(f"--{name} says which requests to add. Say how many as well: --requests 100.")

    def _tell_the_stories(self) -> None:
        made = stories.tell_all(make_clinic())
        self.stdout.write(f"Demonstration ready: {made} requests and cases added.")
        self.stdout.write(f"Staff sign in at {settings.SITE_URL}/admin/ with the password {PASSWORD}:")
        for username, _, name, description in STAFF:
            self.stdout.write(f"  {username:9} {name}, {description}")
        self.stdout.write("Patients' private links stand under Messages in the staff area; their dates of birth:")
        for story in stories.STORIES:
            self.stdout.write(f"  {story.name:17} {clock.full_date(story.born)}")

    def _fill(self, count: int, seed: int | None, state: RequestStatus | None, *, prints_links: bool) -> None:
        """News go to standard error, so that standard output holds nothing but the links."""
        inventor = _inventor(seed)
        wanted = Counter({state: count}) if state else _evenly(count)
        made, begun = 0, time.monotonic()
        told = begun
        try:
            for some in Crowd(wanted, make_clinic(), inventor).make():
                made += len(some)
                if prints_links:
                    self.stdout.write("\n".join(map(_line_of, some)))
                if time.monotonic() - told >= SECONDS_BETWEEN_NEWS:
                    told = time.monotonic()
                    self.stderr.write(f"{made:,} of {count:,} requests, {told - begun:.0f} s")
        except KeyboardInterrupt:
            self.stderr.write(f"Stopped. {made:,} of {count:,} requests were added, each of them whole.")
            raise SystemExit(130) from None
        except NoTimeFree:
            raise CommandError(
                f"The diary has no free time left for more visits. {made:,} of {count:,} requests were added."
            ) from None
        self.stderr.write(f"{made:,} requests added in {time.monotonic() - begun:.0f} s.")


def _inventor(seed: int | None) -> Inventor:
    """Raises CommandError when the set of this seed was made before."""
    taken = set(ConsultationRequest.objects.values_list("reference", flat=True))
    if seed is not None and Inventor(seed).reference() in taken:
        raise CommandError(f"The requests of seed {seed} are here already. Take another seed, or an empty database.")
    return Inventor(seed, taken=taken)


def _evenly(count: int) -> Counter[RequestStatus]:
    states = list(RequestStatus)
    return Counter(states[number % len(states)] for number in range(count))


def _line_of(copy: Copy) -> str:
    birth_on = copy.person.contact.birth_on
    return json.dumps(
        {
            "reference": copy.person.reference,
            "link": settings.SITE_URL + reverse("consultations:private_link", args=[copy.token]),
            "birth_date": birth_on.isoformat() if birth_on else None,
            "status": copy.status,
        }
    )


def _count_of(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MOST_REQUESTS:
        raise CommandError(f"--requests {text}: give a whole number from 1 to {MOST_REQUESTS:,}, without separators.")
    return int(text)


def _seed_of(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise CommandError(f"--seed {text}: give a whole number, such as 7.")
    return int(text)


def _state_of(text: str | None) -> RequestStatus | None:
    if text is None:
        return None
    if text not in RequestStatus.values:
        raise CommandError(f"--state {text}: there is no such state. Choose one of {', '.join(RequestStatus.values)}.")
    return RequestStatus(text)
