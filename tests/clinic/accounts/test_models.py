"""The user model: what staff are called, and that they can be told."""

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction

from clinic.accounts.models import User

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("name", "shown", "greeted"),
    [("Nora Adeyemi", "Nora Adeyemi", "Nora"), ("Prince", "Prince", "Prince"), ("", "nora", "nora")],
)
def test_how_somebody_is_called(name, shown, greeted):
    user = User(username="nora", name=name)
    assert (user.display_name, user.get_short_name()) == (shown, greeted)


def test_staff_without_an_address_are_refused_by_the_database():
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create_user("nora", "", "a quiet passphrase", is_staff=True)
    assert User.objects.create_user("pat", "", "a quiet passphrase").email == ""


def test_the_first_account_is_made_with_a_name_and_an_address(monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "seven quiet otters")
    call_command("createsuperuser", "--noinput", username="root", email="root@clinic.example", name="Ruth Root")
    root = User.objects.get(username="root")
    assert (root.name, root.email, root.is_staff, root.is_on_duty) == ("Ruth Root", "root@clinic.example", True, True)
