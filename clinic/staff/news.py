"""What comes in while somebody reads: counts for the navigation, a bar for an emergency, and a sound with it.

An app says what is news to whom (`StaffArea.news`); the frame knows no app by name. Nothing here names a patient, so
that asking every twenty seconds is no reading of anybody's record.
"""

import dataclasses
import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from clinic.core import clock
from clinic.core.views import ONE_YEAR
from clinic.staff.area import areas

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from clinic.accounts.models import User

OVERLAP: Final = datetime.timedelta(seconds=2)
"""What commits just after a page was made may be dated just before: it is counted once too often, never left out."""
SOUND_WORDS: Final = {
    True: _(
        "Sound is on in this browser. It plays once for each new emergency, after your first click or key on a page."
    ),
    False: _("Sound is off in this browser."),
}


@dataclasses.dataclass(frozen=True, slots=True)
class OpenEmergency:
    """One emergency that is open, by its number. `key` changes when it alarms anew."""

    key: str
    text: str
    url: str
    is_taken: bool


@dataclasses.dataclass(frozen=True, slots=True)
class News:
    """What one person is told. `badges` stand in the navigation: URL name of the entry -> how many, and of what."""

    at: datetime.datetime
    badges: Mapping[str, tuple[int, str]]
    emergencies: int
    """How many alarms of an emergency nobody has taken on; a flood is one."""
    lines: tuple[OpenEmergency, ...]
    more: int
    standing: int
    """How many requests have an emergency that is not settled and in no open alarm."""
    fresh: Mapping[str, int]
    """How many came in since a page was made, by what it lists."""

    @property
    def newest(self) -> OpenEmergency | None:
        """The alarm that began last, of those that nobody has taken on."""
        return next((line for line in self.lines if not line.is_taken), None)

    @property
    def untaken(self) -> tuple[OpenEmergency, ...]:
        return tuple(line for line in self.lines if not line.is_taken)

    @property
    def since(self) -> str:
        return (self.at - OVERLAP).isoformat()

    @property
    def at_words(self) -> str:
        return clock.time(self.at)

    def as_json(self) -> dict[str, Any]:
        newest = self.newest
        return {
            "at": self.at_words,
            "badges": {reverse(name): number for name, (number, _label) in self.badges.items()},
            "emergencies": self.emergencies,
            "newest": {"key": newest.key, "text": newest.text, "url": newest.url} if newest else None,
            "fresh": dict(self.fresh),
        }


class NewsSource(Protocol):
    def __call__(self, user: "User | AnonymousUser", *, since: datetime.datetime) -> News | None: ...


def news_of(user: "User | AnonymousUser", *, since: datetime.datetime | None = None) -> News | None:
    """None for somebody whom none of it concerns."""
    for area in areas():
        if area.news:
            source: NewsSource = import_string(area.news)
            return source(user, since=since or clock.now())
    return None


def answer(request: HttpRequest) -> JsonResponse:
    """Counts, for the script of a page that stays open. It neither lengthens a session nor writes anything."""
    news = news_of(request.user, since=_instant(request.GET.get("since", "")))
    return JsonResponse({} if news is None else news.as_json(), status=403 if news is None else 200)


def switch_sound(request: HttpRequest) -> HttpResponseRedirect:
    """Kept in a cookie: it is this computer that makes the sound, whoever is signed in."""
    is_on = request.POST.get("sound") == "on"
    response = HttpResponseRedirect(reverse("admin:today"))
    response.set_cookie(
        settings.SOUND_COOKIE_NAME,
        "on" if is_on else "off",
        max_age=ONE_YEAR,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )
    messages.success(request, SOUND_WORDS[is_on])
    return response


def has_sound(request: HttpRequest) -> bool:
    return request.COOKIES.get(settings.SOUND_COOKIE_NAME) == "on"


def _instant(text: str) -> datetime.datetime | None:
    """What a page of ours put into its markup, an instant in UTC. None for anything else."""
    try:
        instant = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant if instant.utcoffset() == datetime.timedelta(0) else None
