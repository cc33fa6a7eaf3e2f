"""The groups of a user and what these may do: one query a request, and the same answers as Django's own."""

import pytest
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Group

from clinic.accounts.backends import groups_of
from clinic.accounts.models import User
from tests.personas import make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("group", ["triage", "doctor", "editor", "manager"])
def test_permissions_are_those_of_django(group: str) -> None:
    user = User.objects.get(pk=make_user("one", group).pk)
    again = User.objects.get(pk=user.pk)
    assert user.get_group_permissions() == ModelBackend().get_group_permissions(again) != set()
    assert user.get_all_permissions() == ModelBackend().get_all_permissions(again)


def test_groups_and_permissions_are_one_query(django_assert_num_queries) -> None:
    user = make_user("one", "doctor")
    user.groups.add(Group.objects.get(name="manager"))
    user = User.objects.get(pk=user.pk)
    with django_assert_num_queries(2):  # and that of the permissions that a user has without a group
        assert user.has_perm("core.view_auditevent")
        assert groups_of(user) == {"doctor", "manager"}
        assert not user.has_perm("accounts.delete_user")
        assert groups_of(user) == {"doctor", "manager"}


def test_a_group_without_permissions_is_named_too() -> None:
    user = make_user("one", "doctor")
    user.groups.set([Group.objects.create(name="guests")])
    user = User.objects.get(pk=user.pk)
    assert groups_of(user) == {"guests"}
    assert user.get_all_permissions() == set()


def test_who_may_not_sign_in_may_nothing_but_still_is_in_a_group() -> None:
    user = make_user("one", "manager", is_active=False)
    assert user.get_all_permissions() == set()
    assert groups_of(user) == {"manager"}


def test_a_superuser_may_everything_and_is_in_the_groups_that_there_are() -> None:
    user = User.objects.create_superuser("root", "root@clinic.example", "a quiet passphrase")
    assert user.has_perm("core.view_auditevent")
    assert groups_of(user) == frozenset()
