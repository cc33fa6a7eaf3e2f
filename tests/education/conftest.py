from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, User

from education import services, shipped
from education.models import Page

SHIPPED = shipped.read()


@pytest.fixture
def content(db: None) -> shipped.Shipped:
    """The shipped content, published as a demonstration shows it."""
    services.load(shipped=SHIPPED, publish=True)
    return SHIPPED


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
