"""Staff sign in with a password and a second step. Nobody gets further without, and nothing goes past it."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.test import Client

from clinic.accounts.models import SecondFactorSecret, User
from clinic.core.models import AuditEvent
from tests.clinic.accounts.second_factors import (
    CODE,
    LOGIN,
    PASSWORD,
    SECRET,
    code_now,
    give_app,
    recovery_codes_of,
    sign_in,
)
from tests.personas import MONDAY_MORNING

pytestmark = pytest.mark.django_db
SETTING_UP = "/admin/second-step/"


@pytest.fixture(autouse=True)
def required(settings: Any, time_machine: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    time_machine.move_to(MONDAY_MORNING, tick=False)


def inside(client: Client) -> bool:
    return client.get("/admin/").status_code == 200


def begun(client: Client) -> str:
    """The secret that the app is given."""
    page = client.post(f"{SETTING_UP}app/", follow=True)
    return str(page.context["form"].secret)


def actions() -> list[str]:
    return list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))


class TestSigningIn:
    def test_a_password_leads_to_the_second_step_and_a_code_leads_in(self, nurse: User) -> None:
        give_app(nurse)
        client = Client()
        answer = client.post(LOGIN, {"username": "nurse", "password": PASSWORD, "next": "/admin/today/"})
        assert (answer.status_code, answer["Location"]) == (302, CODE)
        assert not inside(client)
        before = client.session.session_key
        answer = client.post(CODE, {"code": code_now()})
        assert (answer.status_code, answer["Location"]) == (302, "/admin/today/")
        assert inside(client)
        assert client.session.session_key != before
        event = AuditEvent.objects.get(action="staff.sign_in")
        assert (event.actor_user, event.details) == (nurse, {"with": ["password", "totp"]})

    def test_a_code_counts_once(self, nurse: User) -> None:
        give_app(nurse)
        code = code_now()
        first, second = sign_in(Client()), sign_in(Client())
        assert first.post(CODE, {"code": code}).status_code == 302
        answer = second.post(CODE, {"code": code})
        assert "This code is not right, or was used before." in answer.content.decode()
        assert not inside(second)

    def test_a_code_of_before_the_last_one_that_was_used_is_void(self, nurse: User) -> None:
        give_app(nurse)
        earlier = code_now(steps=-1)
        assert sign_in(Client()).post(CODE, {"code": code_now()}).status_code == 302
        assert sign_in(Client()).post(CODE, {"code": earlier}).status_code == 200

    def test_a_recovery_code_counts_once_and_its_owner_is_told(self, nurse: User) -> None:
        give_app(nurse)
        code = recovery_codes_of(nurse)[3]
        assert sign_in(Client()).post(CODE, {"code": f"{code[:5]} {code[5:]}"}).status_code == 302
        assert sign_in(Client()).post(CODE, {"code": code}).status_code == 200
        assert actions() == ["staff.sign_in", "staff.recovery_code_used", "staff.code_refused"]

    @pytest.mark.parametrize("code", ["", "000000", "１２３４５６", "x" * 41, "12 34", "\u202e123456"])
    def test_a_wrong_code_leads_nowhere(self, nurse: User, code: str) -> None:
        give_app(nurse)
        client = sign_in(Client())
        assert client.post(CODE, {"code": code}).status_code == 200
        assert not inside(client)

    def test_a_name_is_read_as_it_was_stored_however_its_letters_are_composed(self, nurse: User) -> None:
        User.objects.filter(pk=nurse.pk).update(username="z\u00f6e")
        give_app(nurse)
        assert Client().post(LOGIN, {"username": "zo\u0308e", "password": PASSWORD}).status_code == 302

    def test_without_the_password_there_is_no_second_step(self, nurse: User) -> None:
        give_app(nurse)
        answer = Client().post(CODE, {"code": code_now()})
        assert (answer.status_code, answer["Location"]) == (302, LOGIN)

    def test_who_may_not_sign_in_any_more_does_not_get_past_the_code(self, nurse: User) -> None:
        give_app(nurse)
        client = sign_in(Client())
        User.objects.update(is_active=False)
        assert client.post(CODE, {"code": code_now()})["Location"] == LOGIN
        assert not inside(client)

    def test_one_page_leads_back_to_name_and_password(self, nurse: User) -> None:
        give_app(nurse)
        client = sign_in(Client())
        client.post("/admin/login/again/")
        assert client.get(CODE)["Location"] == LOGIN


class TestSettingUp:
    def test_nothing_is_open_until_a_second_step_is_set_up(self, nurse: User) -> None:
        client = sign_in(Client(), next="/admin/today/")
        for path in ("/admin/", "/admin/today/", "/admin/password_change/"):
            assert client.get(path)["Location"].startswith(LOGIN)
        assert client.get(LOGIN)["Location"] == SETTING_UP
        assert client.get("/admin/news/").status_code == 403
        assert "You need one before you can go on." in client.get(SETTING_UP).content.decode()

    def test_an_app_is_set_up_and_recovery_codes_are_shown_for_ten_minutes(
        self, nurse: User, time_machine: Any
    ) -> None:
        client = sign_in(Client(), next="/admin/today/")
        secret = begun(client)
        assert secret not in str(dict(client.session.items()))
        answer = client.post(f"{SETTING_UP}app/", {"code": code_now(secret)})
        assert answer["Location"] == f"{SETTING_UP}codes/"
        page = client.get(answer["Location"])
        codes = [code.replace(" ", "") for code in page.context["codes"]]
        assert codes == recovery_codes_of(nurse)
        assert page.context["go_on"] == "/admin/today/"
        assert inside(client)
        time_machine.shift(11 * 60)
        assert client.get(f"{SETTING_UP}codes/")["Location"] == SETTING_UP
        assert actions() == ["staff.sign_in", "staff.second_factor_added"]

    def test_the_code_that_set_it_up_signs_nobody_in(self, nurse: User) -> None:
        client = sign_in(Client())
        secret = begun(client)
        code = code_now(secret)
        client.post(f"{SETTING_UP}app/", {"code": code})
        assert sign_in(Client()).post(CODE, {"code": code}).status_code == 200

    def test_secrets_are_encrypted(self, nurse: User) -> None:
        give_app(nurse)
        rows = str(list(Authenticator.objects.values_list("data", flat=True)))
        assert SECRET not in rows
        assert SecondFactorSecret.objects.count() == 2
        assert SecondFactorSecret.objects.order_by("pk")[0].secret == SECRET

    def test_a_session_that_gave_the_password_alone_sets_up_nothing_once_there_is_one(self, nurse: User) -> None:
        """A thief who knows the password must not add a phone of their own beside that of the owner."""
        thief = sign_in(Client())
        give_app(nurse)
        assert thief.get(f"{SETTING_UP}app/")["Location"].startswith(LOGIN)
        assert thief.post(f"{SETTING_UP}passkey/", {"credential": "{}"}).status_code == 403
        assert not inside(thief)

    def test_a_session_from_before_a_second_step_was_asked_for_is_worth_nothing(self, nurse: User) -> None:
        client = Client()
        client.force_login(nurse)
        assert not inside(client)

    def test_the_only_one_stays(self, nurse: User) -> None:
        app = give_app(nurse)
        client = sign_in(Client())
        client.post(CODE, {"code": code_now()})
        client.post(f"{SETTING_UP}remove/", {"step": app.pk})
        assert Authenticator.objects.filter(pk=app.pk).exists()

    def test_who_lost_the_phone_sets_up_another_after_a_recovery_code(self, nurse: User) -> None:
        give_app(nurse)
        codes = recovery_codes_of(nurse)
        client = sign_in(Client())
        client.post(CODE, {"code": codes[0]})
        assert "Set up the app anew" in client.get(SETTING_UP).content.decode()
        secret = begun(client)
        assert client.post(f"{SETTING_UP}app/", {"code": code_now()}).status_code == 200
        assert client.post(f"{SETTING_UP}app/", {"code": code_now(secret)})["Location"] == SETTING_UP
        assert sign_in(Client()).post(CODE, {"code": code_now(steps=1)}).status_code == 200
        assert sign_in(Client()).post(CODE, {"code": code_now(secret, steps=1)}).status_code == 302
        assert recovery_codes_of(nurse) == codes[1:]
        assert SecondFactorSecret.objects.count() == 2
        assert actions()[2:4] == ["staff.second_factor_removed", "staff.second_factor_added"]

    def test_nobody_removes_that_of_a_colleague(self, nurse: User, doctor: User) -> None:
        give_app(nurse)
        other = Authenticator.objects.create(user=doctor, type="totp", data={"secret": ""})
        client = sign_in(Client())
        client.post(CODE, {"code": code_now()})
        for step in (other.pk, "9" * 5000, "x", ""):
            assert client.post(f"{SETTING_UP}remove/", {"step": step}).status_code == 404

    def test_a_change_asks_for_a_fresh_sign_in(self, nurse: User, time_machine: Any) -> None:
        give_app(nurse)
        client = sign_in(Client())
        client.post(CODE, {"code": code_now()})
        time_machine.shift(16 * 60)
        answer = client.post(f"{SETTING_UP}codes/")
        assert (answer.status_code, answer.context["next"]) == (403, f"{SETTING_UP}codes/")
        assert client.post("/admin/confirm/", {"password": PASSWORD, "next": SETTING_UP}).status_code == 200
        assert client.post("/admin/confirm/", {"code": code_now(), "next": SETTING_UP})["Location"] == SETTING_UP
        before = recovery_codes_of(nurse)
        client.post(f"{SETTING_UP}codes/")
        assert set(before).isdisjoint(recovery_codes_of(nurse))
        assert SecondFactorSecret.objects.count() == 2

    def test_no_second_store_of_addresses_is_filled(self, nurse: User) -> None:
        client = sign_in(Client())
        secret = begun(client)
        client.post(f"{SETTING_UP}app/", {"code": code_now(secret)})
        assert not EmailAddress.objects.exists()


class TestWhatIsGrave:
    """Roles, and an address that hands out visits, ask for a fresh sign-in."""

    @pytest.fixture
    def root(self) -> Client:
        user = User.objects.create_superuser("root", "root@clinic.example", PASSWORD)
        give_app(user)
        client = sign_in(Client(), "root")
        client.post(CODE, {"code": code_now()})
        return client

    def test_roles_are_open_for_a_quarter_of_an_hour(self, root: Client, nurse: User, time_machine: Any) -> None:
        path = f"/admin/accounts/user/{nurse.pk}/change/"
        assert root.get(path).status_code == 200
        time_machine.shift(16 * 60)
        assert root.get(path)["Location"] == f"/admin/confirm/?next=%2Fadmin%2Faccounts%2Fuser%2F{nurse.pk}%2Fchange%2F"
        assert root.get(f"/admin/accounts/user/{nurse.pk}/password/").status_code == 302
        assert root.get("/admin/accounts/user/add/").status_code == 302
        assert root.get("/admin/accounts/user/").status_code == 200

    def test_a_form_that_comes_too_late_does_nothing_and_is_given_back(
        self, root: Client, nurse: User, time_machine: Any
    ) -> None:
        time_machine.shift(16 * 60)
        path = f"/admin/accounts/user/{nurse.pk}/change/"
        page = root.post(path, {"username": "nurse", "name": "Norah Adeyemi", "email": "n@clinic.example"})
        assert page.status_code == 403
        assert "Norah Adeyemi" in page.content.decode()
        nurse.refresh_from_db()
        assert nurse.name == "Nora Adeyemi"
        along = {"unsent_kind": "text", "unsent_label": "Name", "unsent_text": "Norah Adeyemi"}
        answer = root.post("/admin/confirm/", {"code": code_now(), "next": path, **along})
        assert "What you had filled in is not saved yet." in answer.content.decode()
        assert "Norah Adeyemi" in answer.content.decode()
        assert root.get(path).status_code == 200


class TestNothingTypedIsLost:
    ALONG = {"unsent_kind": "text", "unsent_label": "Note", "unsent_text": "Rang at ten.", "next": "/admin/today/"}

    def test_it_goes_along_through_both_steps(self, nurse: User) -> None:
        give_app(nurse)
        client = Client()
        page = client.post(LOGIN, {"username": "nurse", "password": PASSWORD, **self.ALONG})
        assert (page.status_code, page.content.decode().count("Rang at ten.")) == (200, 2)
        wrong = client.post(CODE, {"code": "000000", **self.ALONG})
        assert (wrong.status_code, wrong.content.decode().count("Rang at ten.")) == (200, 2)
        last = client.post(CODE, {"code": code_now(), **self.ALONG})
        assert "What you had filled in is not saved yet." in last.content.decode()
        assert last.context["page"] == "/admin/today/"
        assert "Rang at ten." not in str(dict(client.session.items()))

    def test_it_is_given_back_before_a_second_step_is_set_up(self, nurse: User) -> None:
        page = Client().post(LOGIN, {"username": "nurse", "password": PASSWORD, **self.ALONG})
        assert "Rang at ten." in page.content.decode()
        assert page.context["page"] == SETTING_UP

    def test_it_is_given_back_when_the_first_step_is_long_ago(self, nurse: User) -> None:
        page = Client().post(CODE, {"code": "123456", **self.ALONG})
        assert page.status_code == 200
        assert page.content.decode().count("Rang at ten.") == 2


@pytest.mark.parametrize(
    "wanted",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "/%09/evil.example",
     "http:evil.example", "", "/admin/login/?next=/admin/", "/admin/logout/"],
)  # fmt: skip
def test_nobody_is_sent_elsewhere(nurse: User, wanted: str) -> None:
    give_app(nurse)
    client = sign_in(Client(), next=wanted)
    where = client.post(CODE, {"code": code_now()})["Location"]
    assert where in ("/admin/", "/%09/evil.example")


@pytest.mark.parametrize(
    "credential", ["[]", "{}", "0", "null", '{"id": "x"}', '{"response": {"userHandle": null}}', "x", '"x"', "false"]
)
def test_a_made_up_passkey_is_refused_calmly(nurse: User, credential: str) -> None:
    app = give_app(nurse)
    client = Client()
    assert client.post(LOGIN, {"credential": credential}).status_code == 200
    assert not inside(client)
    sign_in(client)
    assert client.post(CODE, {"credential": credential}).status_code == 200
    client.post(CODE, {"code": code_now()})
    assert client.post("/admin/confirm/", {"credential": credential}).status_code == 200
    client.post(f"{SETTING_UP}passkey/")
    assert client.post(f"{SETTING_UP}passkey/", {"credential": credential, "name": "x"}).status_code == 200
    assert list(Authenticator.objects.filter(user=nurse, type="webauthn")) == []
    assert app.pk


def test_a_colleague_who_signs_in_at_the_same_desk_is_not_the_one_before(nurse: User, doctor: User) -> None:
    give_app(nurse)
    client = sign_in(Client())
    client.post(CODE, {"code": code_now()})
    sign_in(client, "doctor")
    assert client.get("/admin/")["Location"].startswith(LOGIN)
    assert client.get(SETTING_UP).status_code == 200


def test_who_sets_up_a_second_step_sees_nothing_of_the_area(nurse: User) -> None:
    client = sign_in(Client())
    for page in (client.get(SETTING_UP), client.post(f"{SETTING_UP}app/", follow=True)):
        assert page.context["staff_nav"] == []
        assert page.context["news"] is None
    along = {"unsent_kind": "text", "unsent_label": "Note", "unsent_text": "Rang at ten."}
    page = Client().post(LOGIN, {"username": "nurse", "password": PASSWORD, **along})
    assert page.context["staff_nav"] == []
