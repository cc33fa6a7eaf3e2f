"""Who may sign in, and in which groups: short forms, every change on record, and nothing to gain by forging them."""

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.urls import reverse

from clinic.accounts.models import User
from clinic.core.models import AuditEvent
from tests.consultations.admin.conftest import text_of

pytestmark = pytest.mark.django_db
LIST = "/admin/accounts/user/"


@pytest.fixture
def root(django_user_model):
    return django_user_model.objects.create_superuser("root", "root@clinic.example", "a quiet passphrase")


def page(user, what="change"):
    return reverse(f"admin:accounts_user_{what}", args=[user.pk])


def form_of(user, **changes):
    return {
        "username": user.username, "name": user.name, "email": user.email,
        "is_active": "on", "is_staff": "on", "groups": list(user.groups.values_list("pk", flat=True)), **changes,
    }  # fmt: skip


@pytest.mark.parametrize("group", ["triage", "doctor", "manager", "editor"])
def test_only_who_runs_the_site_sees_users(sign_in, staff, nurse, group):
    client = sign_in(staff(group))
    for url in (LIST, f"{LIST}add/", page(nurse), page(nurse, "password_change"), page(nurse, "history")):
        assert client.get(url).status_code == 403
        assert client.post(url, form_of(nurse)).status_code == 403


def test_a_new_group_is_saved_and_on_record(sign_in, root, nurse):
    doctors = Group.objects.get(name="doctor")
    response = sign_in(root).post(page(nurse), form_of(nurse, groups=[doctors.pk]))
    assert response.status_code == 302
    assert [group.name for group in nurse.groups.all()] == ["doctor"]
    event = AuditEvent.objects.get(action="staff.save")
    assert (event.actor_user, event.target_id, event.details) == (root, str(nurse.pk), {"groups": ["doctor"]})
    assert "groups" in event.fields


def test_a_forged_form_makes_nobody_a_superuser(sign_in, root, nurse):
    before = nurse.password
    forged = {"is_superuser": "on", "user_permissions": "1", "password": "plain", "last_login_0": "2026-01-01"}
    sign_in(root).post(page(nurse), form_of(nurse, **forged))
    nurse.refresh_from_db()
    assert (nurse.is_superuser, nurse.user_permissions.count(), nurse.password) == (False, 0, before)


def test_who_left_is_not_deleted_and_may_not_sign_in(sign_in, root, nurse):
    client, leaver = sign_in(root), sign_in(nurse)
    assert client.post(page(nurse, "delete"), {"post": "yes"}).status_code == 403
    client.post(LIST, {"action": "delete_selected", "_selected_action": nurse.pk, "post": "yes"})
    data = form_of(nurse)
    del data["is_active"]
    client.post(page(nurse), data)
    assert not User.objects.get(pk=nurse.pk).is_active
    assert leaver.get("/admin/").status_code == 302


def test_a_new_person_is_on_record_without_a_password_in_it(sign_in, root):
    data = {
        "username": "mika", "name": "Mika Sand", "email": "mika@clinic.example",
        "password1": "seven quiet otters", "password2": "seven quiet otters",
    }  # fmt: skip
    sign_in(root).post(f"{LIST}add/", data)
    assert User.objects.get(username="mika").check_password("seven quiet otters")
    event = AuditEvent.objects.get(action="staff.save")
    assert not [name for name in event.fields if "password" in name]


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("nora@BÜCHER.example.", "nora@bücher.example"),
        ("ｎｏｒａ@clinic.example", "nora@clinic.example"),
        ("nora@xn--bcher-kva.example", "nora@bücher.example"),
    ],
)
def test_an_address_is_kept_in_its_one_spelling(sign_in, root, nurse, typed, stored):
    assert sign_in(root).post(page(nurse), form_of(nurse, email=typed)).status_code == 302
    nurse.refresh_from_db()
    assert nurse.email == stored


@pytest.mark.parametrize("typed", ["nora@foo\u3000bar.example", "nörå@clinic.example", "nora@straße.example", "nora"])
def test_an_address_that_no_alert_could_reach_is_refused_with_a_sentence(sign_in, root, nurse, typed):
    changed = sign_in(root).post(page(nurse), form_of(nurse, email=typed))
    new = sign_in(root).post(f"{LIST}add/", {"username": "mika", "name": "Mika Sand", "email": typed})
    for response in (changed, new):
        assert "like name@example.com" in text_of(response)
    nurse.refresh_from_db()
    assert nurse.email == "nurse@clinic.example"
    with pytest.raises(ValidationError, match="like name@example"):
        User._meta.get_field("email").run_validators(typed)


class TestPassword:
    def test_set_for_somebody_is_on_record(self, sign_in, root, nurse):
        data = {"password1": "seven quiet otters", "password2": "seven quiet otters"}
        assert sign_in(root).post(page(nurse, "password_change"), data).status_code == 302
        nurse.refresh_from_db()
        assert nurse.check_password("seven quiet otters")
        event = AuditEvent.objects.get(action="staff.set_password")
        assert (event.actor_user, event.target_id) == (root, str(nurse.pk))

    @pytest.mark.parametrize("phrase", [("", ""), ("short", "short"), ("seven quiet otters", "seven quiet others")])
    def test_a_bad_one_changes_nothing(self, sign_in, root, nurse, phrase):
        response = sign_in(root).post(
            page(nurse, "password_change"), dict(zip(("password1", "password2"), phrase, strict=True))
        )
        nurse.refresh_from_db()
        assert "There is a problem" in text_of(response)
        assert nurse.check_password("a quiet passphrase")
        assert not AuditEvent.objects.filter(action="staff.set_password").exists()

    def test_nobody_can_be_left_without_one(self, sign_in, root, nurse):
        sign_in(root).post(page(nurse, "password_change"), {"usable_password": "false", "unset-password": "1"})
        nurse.refresh_from_db()
        assert nurse.has_usable_password()

    def test_ones_own_is_on_record(self, sign_in, nurse):
        data = {"old_password": "a quiet passphrase", "new_password1": "seven quiet otters"}
        client = sign_in(nurse)
        client.post("/admin/password_change/", {**data, "new_password2": "seven quiet otters"})
        assert AuditEvent.objects.get(action="staff.set_password").actor_user == nurse
        assert client.get("/admin/").status_code == 200

    def test_a_summary_names_the_field_and_takes_the_focus(self, sign_in, nurse):
        page_text = text_of(sign_in(nurse).post("/admin/password_change/", {}))
        assert ">Enter a value for “Old password”.</a>" in page_text
        assert "autofocus" not in page_text


@pytest.mark.parametrize("address", ["", "no-address"])
def test_nobody_is_added_without_an_address(sign_in, root, address):
    data = {"username": "mika", "name": "Mika Sand", "email": address, "password1": "seven quiet otters"}
    response = sign_in(root).post(f"{LIST}add/", {**data, "password2": "seven quiet otters"})
    assert "Email address" in text_of(response)
    assert not User.objects.filter(username="mika").exists()


def test_duty_is_on_until_it_is_switched_off(sign_in, root, nurse):
    assert nurse.is_on_duty
    sign_in(root).post(page(nurse), form_of(nurse))
    nurse.refresh_from_db()
    assert not nurse.is_on_duty
    assert "is_on_duty" in AuditEvent.objects.get(action="staff.save").fields


@pytest.mark.parametrize("term", ["O'Brien", "obrien, siobhan", "SIOBHÁN", "sob_desk", "siob@clinic", "sob obrien"])
def test_staff_are_found_as_their_name_is_typed(client, term):
    root = User.objects.create_superuser("root", "root@example.com", "x", name="Root")
    User.objects.create_user("sob_desk", "siob@clinic.example", "x", name="Siobhán O’Brien")
    client.force_login(root)
    page = client.get("/admin/accounts/user/", {"q": term})
    assert [user.name for user in page.context["cl"].result_list] == ["Siobhán O’Brien"]


@pytest.mark.parametrize("term", ["zzz", "%", "'; --", "x", "😀"])
def test_other_terms_find_nobody_and_break_nothing(client, term):
    root = User.objects.create_superuser("root", "root@example.com", "x", name="Root")
    client.force_login(root)
    page = client.get("/admin/accounts/user/", {"q": term})
    assert page.status_code == 200
    assert [user.name for user in page.context["cl"].result_list] == (["Root"] if term == "x" else [])


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("\u3164", "Enter a value for “Name”."),
        (".", "Enter a name with at least one letter, in any alphabet."),
        ("😀", "Enter a name with at least one letter, in any alphabet."),
    ],
)
def test_a_name_that_looks_empty_is_refused(client, name, sentence):
    root = User.objects.create_superuser("root", "root@example.com", "x", name="Root")
    client.force_login(root)
    text = client.post(f"/admin/accounts/user/{root.pk}/change/", {"username": "root", "name": name, "email": "r@e.co"})
    assert text.status_code == 200
    assert text.context["adminform"].form.errors["name"] == [sentence]
    root.refresh_from_db()
    assert root.name == "Root"
