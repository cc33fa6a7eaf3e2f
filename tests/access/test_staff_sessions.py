"""The session of a member of staff: new at each sign-in, hard to guess, over when they leave or change the password."""

import pytest
from django.conf import settings
from django.contrib.auth.models import Group
from django.test import Client

from clinic.accounts.models import User

pytestmark = pytest.mark.django_db
WORD = "a quiet passphrase"


@pytest.fixture
def nora() -> User:
    user = User.objects.create_user("nora", "nora@clinic.example", password=WORD, is_staff=True, name="Nora Adeyemi")
    user.groups.add(Group.objects.get(name="triage"))
    return user


def signed_in() -> Client:
    client = Client()
    client.force_login(User.objects.get(username="nora"))
    return client


def is_in(client: Client) -> bool:
    return client.get("/admin/today/").status_code == 200


def key_of(client: Client) -> str:
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def test_signing_in_draws_a_new_session(nora: User) -> None:
    """A session that somebody planted in the browser is worth nothing."""
    client = Client()
    session = client.session
    session["planted"] = True
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    planted = key_of(client)
    client.force_login(nora)
    assert key_of(client) != planted
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = planted
    assert is_in(client)
    assert not is_in(thief)


def test_its_name_is_drawn_anew_and_long_enough(nora: User) -> None:
    """32 characters of 36 are 165 bits."""
    keys = {key_of(signed_in()) for _ in range(20)}
    assert len(keys) == 20
    assert {len(key) for key in keys} == {32}


def test_what_was_copied_is_worth_nothing_after_signing_out(nora: User) -> None:
    client, copied = signed_in(), Client()
    copied.cookies[settings.SESSION_COOKIE_NAME] = key_of(client)
    assert is_in(copied)
    client.post("/admin/logout/")
    assert not is_in(copied)


def test_a_new_password_ends_the_sessions_of_every_other_browser(nora: User) -> None:
    here, elsewhere = signed_in(), signed_in()
    new = "another quiet passphrase"
    here.post("/admin/password_change/", {"old_password": WORD, "new_password1": new, "new_password2": new})
    assert is_in(here)
    assert not is_in(elsewhere)


def test_who_has_left_is_out_at_the_next_page(nora: User) -> None:
    client = signed_in()
    User.objects.filter(pk=nora.pk).update(is_active=False)
    assert not is_in(client)
