from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group

from clinic.accounts.models import User
from clinic.core import clock
from education.models import Page, Reviewer
from tests.education.performing import perform


@pytest.fixture
def editor(db: None) -> User:
    return _staff("editor")


@pytest.fixture
def manager(db: None) -> User:
    return _staff("manager")


def _staff(group: str) -> User:
    user = User.objects.create_user(group, f"{group}@clinic.example", "a quiet passphrase", is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    return user


@pytest.fixture
def reviewer(db: None) -> User:
    """A doctor whose register entry was checked today."""
    user = _staff("doctor")
    Reviewer.objects.create(
        user=user,
        name="Dr Ines Halloran",
        role="spine surgeon",
        register="Demonstration register",
        register_number="77",
        checked_on=clock.today(),
        interests="None",
    )
    return user


Sign = Callable[..., None]


@pytest.fixture
def sign(reviewer: User, manager: User) -> Sign:
    """Both sign-offs of a page as it stands."""

    def give(page: Page, *parts: str) -> None:
        page.refresh_from_db()
        if page.state == Page.State.DRAFT:
            Page.objects.filter(pk=page.pk).update(state=Page.State.IN_REVIEW)
        for part in parts or ("clinical", "second"):
            by = reviewer if part == "clinical" else manager
            perform(f"sign_{part}", page, decision="approved", comment="", digest=page.digest, by=by)

    return give


MakePage = Callable[..., Page]


@pytest.fixture
def make_page(db: None) -> MakePage:
    def make(**changes: Any) -> Page:
        values: dict[str, Any] = {
            "key": "a-page",
            "path": "/a-page/",
            "kind": "about",
            "title": "A page",
            "short_title": "A page",
            "summary": "What it says.",
            "body": "## First\n\nWords.\n",
            "author": "Somebody",
        }
        return Page.objects.create(**{**values, **changes})

    return make
