"""Staff sign in, in a real browser with an authenticator of its own: passkey, app, recovery code, a new password."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from clinic.accounts.models import User
from clinic.core.models import AuditEvent, OutboxMessage
from tests.axe import faults_in_passing
from tests.clinic.accounts.second_factors import PASSWORD, SECRET, code_now, give_app, recovery_codes_of
from tests.mailbox import path_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


class Desk:
    """A browser at a desk: what it says that is wrong is remembered."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.wrong: list[str] = []
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on(
            "console", lambda said: self.wrong.append(said.text) if "Content Security Policy" in said.text else None
        )
        # So that the script of one page does not answer for the next.
        self.devices = page.context.new_cdp_session(page)
        self.devices.send("WebAuthn.enable")

    def give_authenticator(self) -> str:
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        added = self.devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        return str(added["authenticatorId"])

    def go(self, path: str) -> None:
        self.page.goto(path)
        self.look()

    def look(self) -> None:
        self.wrong += [f"{self.path}: {fault}" for fault in faults_in_passing(self.page)]

    @property
    def path(self) -> str:
        return re.sub(r"^https?://[^/]+", "", str(self.page.url))

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()
        self.page.wait_for_load_state("load")
        self.look()

    def give_passkey(self, button: str) -> None:
        """The script sends the form once the passkey has answered, so the page goes a moment after the press."""
        self.page.get_by_role("button", name=button, exact=True).click()
        self.page.wait_for_url("**/admin/")
        self.look()

    def follow(self, name: str) -> None:
        self.page.get_by_role("link", name=name).click()
        self.page.wait_for_load_state("load")
        self.look()

    def give_password(self, word: str = PASSWORD) -> None:
        self.go("/admin/login/")
        self.page.get_by_label("Name for signing in").fill("nurse")
        self.page.get_by_label("Password", exact=True).fill(word)
        self.press("Sign in")

    def type_code(self, code: str) -> None:
        self.page.get_by_label("Code", exact=True).fill(code)
        self.press("Go on")


@pytest.fixture
def desk(page: Any, settings: Any) -> Iterator[Desk]:
    settings.SECOND_FACTOR_REQUIRED = True
    desk = Desk(page)
    yield desk
    assert desk.wrong == []


def test_a_passkey_is_made_at_the_first_sign_in_and_signs_in_alone(desk: Desk, nurse: User) -> None:
    desk.give_authenticator()
    desk.give_password()
    assert desk.path == "/admin/second-step/"
    desk.press("Add a passkey")
    assert desk.page.locator("#passkey-missing").is_hidden()
    desk.page.locator("#passkey").click()
    desk.page.wait_for_url("**/second-step/codes/")
    desk.look()
    assert desk.page.locator(".recovery-codes li").count() == 10
    desk.follow("I have kept them: go on")
    assert desk.path == "/admin/"
    desk.press("Sign out")
    desk.go("/admin/login/")
    desk.give_passkey("Sign in with a passkey")
    assert AuditEvent.objects.filter(action="staff.sign_in").order_by("-pk")[0].details == {"with": ["passkey"]}


def test_a_passkey_is_the_second_step_after_the_password(desk: Desk, nurse: User) -> None:
    desk.give_authenticator()
    desk.give_password()
    desk.press("Add a passkey")
    desk.page.locator("#passkey").click()
    desk.page.wait_for_url("**/second-step/codes/")
    desk.press("Sign out")
    desk.give_password()
    assert desk.path == "/admin/login/code/"
    desk.give_passkey("Use a passkey")


def test_another_authenticator_is_not_let_in(desk: Desk, nurse: User) -> None:
    own = desk.give_authenticator()
    desk.give_password()
    desk.press("Add a passkey")
    desk.page.locator("#passkey").click()
    desk.page.wait_for_url("**/second-step/codes/")
    desk.press("Sign out")
    desk.devices.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": own})
    desk.give_authenticator()
    desk.give_password()
    desk.page.locator("#passkey").click()
    desk.page.get_by_text("Nothing came from the passkey.").wait_for()
    assert desk.path == "/admin/login/code/"


@pytest.mark.parametrize("with_js", [True, False], ids=["with JavaScript", "without"])
def test_an_app_is_set_up_and_signs_in(
    chromium: Any, live_server: Any, settings: Any, nurse: User, with_js: bool
) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    context = chromium.new_context(base_url=live_server.url, reduced_motion="reduce", java_script_enabled=with_js)
    context.set_default_timeout(10_000)
    desk = Desk(context.new_page())
    if not with_js:
        desk.look = lambda: None  # type: ignore[method-assign]  # axe is a script
    desk.give_password()
    desk.press("Set up an app")
    secret = desk.page.locator(".qr-key").inner_text().replace(" ", "")
    desk.page.get_by_label("Code that the app shows").fill(code_now(secret))
    desk.press("Set up")
    codes = [text.replace(" ", "") for text in desk.page.locator(".recovery-codes li").all_inner_texts()]
    desk.follow("I have kept them: go on")
    assert desk.path == "/admin/"
    desk.press("Sign out")
    desk.give_password()
    desk.type_code(codes[0])
    assert desk.path == "/admin/"
    assert desk.wrong == []
    context.close()


def test_a_lost_phone_and_a_forgotten_password(desk: Desk, nurse: User) -> None:
    give_app(nurse)
    desk.go("/admin/login/")
    desk.follow("Forgotten your password?")
    desk.page.get_by_label("Your email address at the clinic").fill("nurse@clinic.example")
    desk.press("Mail me a link")
    desk.go(path_of(OutboxMessage.objects.get(kind="staff_password_link")))
    assert desk.path == "/admin/login/password/new/"
    for label in ("New password", "New password confirmation"):
        desk.page.get_by_label(label, exact=True).fill("another quiet passphrase")
    desk.press("Set this password")
    assert "Your new password is set. Sign in with it." in desk.page.locator("main").inner_text()
    desk.give_password("another quiet passphrase")
    assert desk.path == "/admin/login/code/"
    desk.type_code("000000")
    assert "This code is not right" in desk.page.locator("[role=alert]").inner_text()
    desk.type_code(recovery_codes_of(nurse)[0])
    assert desk.path == "/admin/"
    assert SECRET not in desk.page.content()
