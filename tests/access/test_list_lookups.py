"""The address of a stock list takes what its filters offer. Anything else leads back to the list, never to a 500."""

import datetime
from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.db import models
from django.test import Client

from clinic.accounts.models import User
from clinic.core import audit, clock
from clinic.staff.base_admin import BaseModelAdmin
from consultations.admin.audit import AuditEntryAdmin
from consultations.admin.pages import PurposeBuiltAdmin
from consultations.models import Absence, Availability, Clinician
from education.models import Feedback

pytestmark = pytest.mark.django_db


def is_stock(entry: admin.ModelAdmin) -> bool:
    """Whether Django's own list is behind its pages; the search of the audit trail beside it is ours."""
    return not isinstance(entry, PurposeBuiltAdmin) or isinstance(entry, AuditEntryAdmin)


ADMINS = {model._meta.label_lower: model_admin for model, model_admin in admin.site._registry.items()}
KINDS = {
    models.DateField: {"year": "9" * 11, "range": "1", "exact": "0001-01-01", "gt": "tomorrow", "": "9999-12-31"},
    models.CharField: {"regex": "(", "iregex": "(a+)+$", "contains": "a", "isnull": "perhaps"},
    models.TextField: {"regex": "(", "startswith": "a"},
    models.JSONField: {"contains": "{", "has_key": "a", "a__b__0": "("},
    models.IntegerField: {"exact": "9" * 40, "in": "a,b", "range": "1", "": "no number"},
    models.BooleanField: {"exact": "perhaps", "": "2"},
    models.ForeignKey: {"id__exact": "9" * 40, "exact": "a", "isnull": "perhaps", "": "9" * 40},
    models.ManyToManyField: {"id__exact": "a", "isnull": "perhaps"},
}
"""Kind of field -> look-ups of it and values that ask the database for what it cannot do, or for too much."""
ANYWHERE = (
    "id__range=1",
    "pk__gt=a",
    "no_such_field=1",
    "no_such_field__regex=(",
    "__=1",
    "id__range=1&e=1",
    "p=a",
    "q=" + "a+" * 2000,
)


def list_of(label: str) -> str:
    return f"/admin/{label.replace('.', '/')}/"


def lookups(entry: admin.ModelAdmin) -> list[str]:
    """Of the first field of each kind, and of every field the list filters by."""
    fields = {field.name: field for field in entry.model._meta.get_fields()}
    filtered = {
        item if isinstance(item, str) else item[0] for item in entry.list_filter if isinstance(item, str | tuple)
    }
    firsts = {next((name for name, field in fields.items() if isinstance(field, kind)), None) for kind in KINDS}
    results = [*ANYWHERE]
    for name in sorted(filtered | firsts - {None}):
        tried = {"isempty": "perhaps"}
        for kind, all_ in KINDS.items():
            tried |= all_ if isinstance(fields[name], kind) else {}
        results += [urlencode({f"{name}__{ending}".removesuffix("__"): value}) for ending, value in tried.items()]
    return results


@pytest.fixture
def root(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root", "root@clinic.example", "a quiet passphrase"))
    client.raise_request_exception = False
    return client


@pytest.mark.parametrize("label", ADMINS)
def test_no_lookup_from_the_address_breaks_a_list(label: str, root: Client) -> None:
    assert root.get(list_of(label)).status_code == 200

    results = {query: root.get(f"{list_of(label)}?{query}").status_code for query in lookups(ADMINS[label])}

    assert results
    assert not {query: status for query, status in results.items() if status not in (200, 302, 400, 403)}


@pytest.mark.parametrize("label", [label for label, entry in ADMINS.items() if is_stock(entry)])
def test_a_list_refuses_what_no_filter_of_it_offers(label: str, root: Client) -> None:
    assert isinstance(ADMINS[label], BaseModelAdmin)
    for query in ("id__gt=0", "id__range=1,2", "id__regex=1"):
        response = root.get(f"{list_of(label)}?{query}")
        assert (response.status_code, response.headers.get("Location")) == (302, f"{list_of(label)}?e=1"), query


def shown(client: Client, label: str, query: str) -> set[int]:
    response = client.get(f"{list_of(label)}?{query}")
    assert response.status_code == 200, query
    return {row.pk for row in response.context["cl"].result_list}


def test_every_filter_a_list_shows_can_be_pressed(root: Client, manager: User, clinician: Clinician) -> None:
    audit.record(action="request.view", by=manager)
    Feedback.objects.create(path="/", is_helpful=True, sent_at=clock.now())
    pressed = 0
    for label, item in ADMINS.items():
        if not is_stock(item):
            continue
        listed = root.get(list_of(label)).context["cl"]
        for spec in listed.filter_specs:
            for choice in spec.choices(listed):
                shown(root, label, choice["query_string"].removeprefix("?"))
                pressed += 1
    assert pressed > 20


def test_filters_search_order_and_pages_do_what_they_say(root: Client, manager: User, clinician: Clinician) -> None:
    times = Availability.objects.order_by("pk")
    mondays = {time.pk for time in times if time.weekday == 0}
    assert mondays
    assert len(mondays) < len(times)
    label = "consultations.availability"
    for query in ("weekday__exact=0", "weekday=0", f"clinician__resource_ptr__exact={clinician.pk}&weekday__exact=0"):
        assert shown(root, label, query) == mondays
    assert shown(root, label, f"clinician={clinician.pk}&o=-2&p=1&all=") == {time.pk for time in times}
    assert shown(root, "accounts.user", f"groups__id__exact={manager.groups.get().pk}") == {manager.pk}
    assert shown(root, "accounts.user", "q=voss") == {manager.pk}
    assert shown(root, "accounts.user", "q=" + "+".join(["voss"] * 20)) == {manager.pk}


def test_a_list_by_date_takes_years_months_and_days(
    root: Client, clinician: Clinician, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ADMINS["consultations.absence"], "date_hierarchy", "starts_at")
    absence = Absence.objects.create(
        clinician=clinician,
        starts_at=datetime.datetime(2027, 1, 4, 14, tzinfo=datetime.UTC),
        ends_at=datetime.datetime(2027, 1, 5, 14, tzinfo=datetime.UTC),
    )
    label = "consultations.absence"
    assert shown(root, label, "starts_at__year=2027&starts_at__month=1&starts_at__day=4") == {absence.pk}
    assert shown(root, label, "starts_at__year=2026") == set()
    for query in ("starts_at__year=" + "9" * 11, "starts_at__year=9999", "starts_at__year=0", "starts_at__gte=x"):
        assert root.get(f"{list_of(label)}?{query}").status_code == 302, query
