"""What each app brings into the staff area: its entries in the navigation, its words, its part of Today.

An app says so in its configuration (`staff_area = StaffArea(...)`); the frame knows no app by name.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Final

from django.apps import apps
from django.db.models import Model
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.module_loading import import_string
from django.utils.text import capfirst

from clinic.core.permissions import may
from clinic.core.wording import Wording


@dataclasses.dataclass(frozen=True, slots=True)
class NavigationEntry:
    """One entry of the navigation.

    `url_name` without a colon is an app's label, and leads to the list of its models. Without `permission` the entry is
    left out; "" asks for none. `covers` are URL names of lists below which somebody is in this part as well. Entries
    stand in the order of `position`.
    """

    label: Wording
    url_name: str
    permission: str
    position: int
    covers: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        return address_of(self.url_name)

    def is_current(self, path: str) -> bool:
        if self.url_name == "admin:index":
            return path in (self.url, f"{self.url}today/")
        return any(path.startswith(url) for url in (map(address_of, self.covers) if self.covers else (self.url,)))


@dataclasses.dataclass(frozen=True, slots=True)
class StaffArea:
    """One app's part. `section` is what staff call it and where it begins; both empty for an app without a desk.

    `names` says what staff call one of a model ("app.model") and all of them, where the code calls them otherwise;
    `hints` holds a sentence above a model's list; `today` names the function that gives Today its context,
    `news` the one that says what comes in (`clinic/staff/news.py`), and `audit_labels` one that gives the words of its
    audit codes. `holdings` names one that says what a member of staff has in hand, and `hand_over` one that gives it
    away when they may not act any more.
    """

    entries: tuple[NavigationEntry, ...] = ()
    section: Wording = ""
    home: str = ""
    names: Mapping[str, tuple[Wording, Wording]] = dataclasses.field(default_factory=dict)
    hints: Mapping[str, Wording] = dataclasses.field(default_factory=dict)
    today: str = ""
    news: str = ""
    audit_labels: str = ""
    holdings: str = ""
    hand_over: str = ""


NOTHING: Final = StaffArea()
NO_BADGES: Final[Mapping[str, tuple[int, str]]] = {}


def area_of(app_label: str) -> StaffArea:
    area: StaffArea = getattr(apps.app_configs.get(app_label), "staff_area", NOTHING)
    return area


def areas() -> Iterator[StaffArea]:
    return (area_of(app_label) for app_label in apps.app_configs)


@cache
def entries() -> tuple[NavigationEntry, ...]:
    return tuple(sorted((entry for area in areas() for entry in area.entries), key=lambda entry: entry.position))


def address_of(name: str) -> str:
    return reverse(name) if ":" in name else reverse("admin:app_list", args=[name])


def navigation(request: HttpRequest, badges: Mapping[str, tuple[int, str]] = NO_BADGES) -> list[dict[str, Any]]:
    """The entries this person may open: label, url, whether it is the part they are in, and what waits there."""
    shown: list[dict[str, Any]] = []
    for entry in entries():
        if entry.permission and not may(request.user, entry.permission):
            continue
        try:
            badge = badges.get(entry.url_name)
            current = entry.is_current(request.path)
            shown.append({"label": entry.label, "url": entry.url, "current": current, "badge": badge})
        except NoReverseMatch:
            continue
    return shown


def today_context() -> Callable[..., dict[str, Any]]:
    """The function that says what stands on Today for one person."""
    (name,) = (area.today for area in areas() if area.today)
    build_context: Callable[..., dict[str, Any]] = import_string(name)
    return build_context


def audit_labels() -> dict[str, str]:
    """Audit code -> what a manager reads, of every app. A code that is missing here is shown as it is."""
    labels: dict[str, str] = {}
    for area in areas():
        if area.audit_labels:
            labels |= import_string(area.audit_labels)()
    return labels


def holdings_of(user: Any) -> list[dict[str, Any]]:
    """What somebody has in hand, of each app with something: `words`, `visits`, and the `url` where it is passed on."""
    holdings = [import_string(area.holdings)(user) for area in areas() if area.holdings]
    return [item for item in holdings if item["labels"]]


def hand_over(user: Any, *, by: Any) -> list[str]:
    """After a change to somebody's account: each app gives away what they may not keep, and says what that was."""
    said = [import_string(area.hand_over)(user, by=by) for area in areas() if area.hand_over]
    return [sentence for sentence in said if sentence]


def position_of(app_label: str) -> int:
    """Where an app stands among the others: at its first entry in the navigation, or after them all."""
    own = [entry.position for entry in entries() if f":{app_label}_" in entry.url_name]
    return min(own, default=len(entries()) + 1)


def names_of(model: type[Model]) -> tuple[str, str]:
    """One and many, in the words of the staff area."""
    options = model._meta
    for area in areas():
        if names := area.names.get(options.label_lower):
            return str(names[0]), str(names[1])
    return str(options.verbose_name), str(options.verbose_name_plural)


def breadcrumbs(request: HttpRequest) -> dict[str, Any]:
    """Where a stock page stands: the words for its records, and the steps that lead to it."""
    match = request.resolver_match
    url_name = (match.url_name or "") if match else ""
    if match and url_name == "app_list":
        app_label = match.kwargs["app_label"]
        label = area_of(app_label).section or str(apps.get_app_config(app_label).verbose_name)
        return {"many": capfirst(label), "trail": []}
    app_label, _, rest = url_name.partition("_")
    model_name, _, page = rest.partition("_")
    try:
        model = apps.get_model(app_label, model_name)
    except (LookupError, ValueError):
        return {"trail": []}
    area, (one, many) = area_of(app_label), names_of(model)
    trail = []
    if area.section:
        trail.append({"label": area.section, "url": address_of(area.home)})
    if page != "changelist":
        trail.append({"label": capfirst(many), "url": reverse(f"admin:{app_label}_{model_name}_changelist")})
    hint = next((text for item in areas() if (text := item.hints.get(model._meta.label_lower))), "")
    return {"one": one, "many": many, "section": bool(area.section), "trail": trail, "hint": hint}
