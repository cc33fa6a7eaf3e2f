"""Every button of a page over HTTP: who may press it, what it writes, and the sentence when it is refused."""

import datetime
import re
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.models import AuditEvent
from education.admin.desk import desk_context
from education.models import ClaimWaiver, GlossaryTerm, Page, SignOff
from education.services import publication, records, waivers
from education.services.feedback import submit_feedback
from tests.education.conftest import MakePage, Sign
from tests.education.performing import perform
from tests.personas import make_user

REASON = "A trial that it rests on was taken back."
LATER = "2031-05-04T09:00"
TYPED = {"at", "comment", "moved_to", "outcome", "reason"}
BUTTONS = (
    "send", "send_back", "take_up", "sign", "publish", "schedule", "withdraw", "retire", "waive", "self_check",
)  # fmt: skip
# What each button needs: a state to start from, and who is not entitled to press it.
STARTS = {
    "send": ("draft", ("doctor", "triage")),
    "send_back": ("in_review", ("doctor", "triage")),
    "take_up": ("withdrawn", ("doctor", "triage")),
    "publish": ("in_review", ("editor", "doctor", "triage")),
    "schedule": ("in_review", ("editor", "doctor", "triage")),
    "withdraw": ("published", ("editor", "triage")),
    "retire": ("published", ("editor", "doctor", "triage")),
    "self_check": ("draft", ("doctor", "triage")),
}
GIVEN = {
    "schedule": {"at": LATER},
    "withdraw": {"reason": REASON},
    "retire": {"reason": "It says nothing any more."},
}


def address(name: str, page: Page) -> str:
    return reverse(f"admin:education_page_{name}", args=[page.pk])


def press(client: Client, by: User, name: str, page: Page, **data: Any) -> list[str]:
    """Press a button; the sentences that come back, and nothing that was typed is lost with them."""
    client.force_login(by)
    response = client.post(address(name, page), data)
    change = reverse("admin:education_page_change", args=[page.pk])
    if response.status_code == 200:
        shown = response.content.decode()
        assert f'<form action="{change}" method="post" id="page_form"' in " ".join(shown.split())
        for value in (escape(data[typed]) for typed in TYPED & data.keys()):
            assert f'value="{value}"' in shown or f">\n{value}</textarea>" in shown
    else:
        assert (response.status_code, response.url) == (302, change)
    said = [str(get_message) for get_message in get_messages(response.wsgi_request)]
    client.get(change)
    page.refresh_from_db()
    return said


def actions() -> list[str]:
    return list(AuditEvent.objects.filter(action__startswith="content.").values_list("action", flat=True))


@pytest.fixture
def public(make_page: MakePage, manager: User, sign: Sign) -> Page:
    page = make_page()
    sign(page)
    return perform("publish", page, by=manager).row


class TestEveryButton:
    @pytest.mark.parametrize("name", BUTTONS)
    def test_only_takes_a_press(self, name: str, make_page: MakePage, manager: User, client: Client) -> None:
        client.force_login(manager)
        page = make_page()
        before = Page.objects.values().get(pk=page.pk)

        looked = client.get(address(name, page))

        assert looked.headers["Location"] == reverse("admin:education_page_change", args=[page.pk])
        assert Page.objects.values().get(pk=page.pk) == before

    @pytest.mark.parametrize(
        ("name", "group"), [(name, group) for name, (_, wrong) in STARTS.items() for group in wrong]
    )
    def test_is_refused_to_others(self, name: str, group: str, make_page: MakePage, client: Client) -> None:
        state = STARTS[name][0]
        closed = {"closed_at": clock.now(), "closed_reason": REASON} if state == "withdrawn" else {}
        page = make_page(state="draft" if state == "published" else state, **closed)
        before = Page.objects.values().get(pk=page.pk)
        client.force_login(make_user(f"a_{group}", group))

        assert client.post(address(name, page), GIVEN.get(name, {})).status_code == 403
        assert Page.objects.values().get(pk=page.pk) == before
        assert actions() == []

    @pytest.mark.parametrize("name", BUTTONS)
    def test_is_nothing_to_strangers(self, name: str, make_page: MakePage, client: Client) -> None:
        response = client.post(address(name, make_page()))
        assert response.status_code == 403
        assert "You are not signed in any more, so nothing was saved." in response.content.decode()
        assert actions() == []

    @pytest.mark.parametrize(
        ("name", "state"),
        [("send", "published"), ("send_back", "draft"), ("publish", "draft"), ("schedule", "draft"),
         ("withdraw", "draft"), ("retire", "draft"), ("take_up", "draft")],
    )  # fmt: skip
    def test_says_in_a_sentence_that_it_does_not_fit_the_state(
        self, name: str, state: str, make_page: MakePage, public: Page, manager: User, client: Client
    ) -> None:
        page = public if state == "published" else make_page(key="b", path="/b/", state=state)
        (said,) = press(client, manager, name, page, **GIVEN.get(name, {}))
        assert "cannot be moved this way" in said
        assert page.state == state


class TestSending:
    def test_writes_the_state_alone(self, make_page: MakePage, editor: User, client: Client) -> None:
        page = make_page()
        assert press(client, editor, "send", page) == ["“A page” is in review."]
        assert page.state == "in_review"
        assert actions() == ["content.submit"]

    def test_an_unfinished_page_stays_with_its_reasons(self, make_page: MakePage, editor: User, client: Client) -> None:
        page = make_page(body="It will cure you [@ghost].")
        said = press(client, editor, "send", page)
        assert any("ghost" in item for item in said)
        assert any("C01" in item for item in said)
        assert page.state == "draft"

    def test_back_to_its_writers(self, make_page: MakePage, editor: User, client: Client) -> None:
        page = make_page(state="in_review")
        assert press(client, editor, "send_back", page) == ["“A page” is a draft again."]
        assert (page.state, actions()) == ("draft", ["content.send_back"])


class TestSigning:
    @pytest.mark.parametrize(("part", "by"), [("clinical", "reviewer"), ("second", "manager")])
    def test_keeps_both_parts(
        self, part: str, by: str, make_page: MakePage, client: Client, request: pytest.FixtureRequest
    ) -> None:
        page, who = make_page(state="in_review", kind="cost"), request.getfixturevalue(by)
        given = {"part": part, "decision": "approved", "comment": " Good. ", "digest": page.digest}
        assert press(client, who, "sign", page, **given) == ["The sign-off is saved."]
        stored = SignOff.objects.get()
        assert (stored.part, stored.decision, stored.comment, stored.by) == (part, "approved", "Good.", who)
        assert page.state == "in_review"
        assert actions() == [f"content.sign_{part}"]

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"digest": "0" * 64}, "edited while you read"),
            ({"decision": "changes", "comment": "no"}, "what has to change"),
        ],
    )
    def test_is_refused_in_a_sentence(
        self, changes: dict[str, str], sentence: str, make_page: MakePage, reviewer: User, client: Client
    ) -> None:
        page = make_page(state="in_review")
        given = {"part": "clinical", "decision": "approved", "digest": page.digest, **changes}
        (said,) = press(client, reviewer, "sign", page, **given)
        assert sentence in said
        assert not SignOff.objects.exists()

    @pytest.mark.parametrize("changes", [{"part": "third"}, {"decision": "maybe"}, {"part": ""}, {"part": "second"}])
    def test_forged_parts_are_refused(
        self, changes: dict[str, str], make_page: MakePage, reviewer: User, client: Client
    ) -> None:
        page = make_page(state="in_review")
        client.force_login(reviewer)
        given = {"part": "clinical", "decision": "approved", "digest": page.digest, **changes}
        assert client.post(address("sign", page), given).status_code == 403
        assert not SignOff.objects.exists()

    @pytest.mark.parametrize("group", ["editor", "manager", "triage"])
    def test_a_clinical_review_is_for_clinicians(self, group: str, make_page: MakePage, client: Client) -> None:
        page = make_page(state="in_review")
        client.force_login(make_user(f"a_{group}", group))
        given = {"part": "clinical", "decision": "approved", "digest": page.digest}
        assert client.post(address("sign", page), given).status_code == 403
        assert not SignOff.objects.exists()

    def test_the_box_is_there_for_those_who_may(
        self, make_page: MakePage, reviewer: User, editor: User, client: Client
    ) -> None:
        page = make_page(state="in_review")
        for who, shown in ((reviewer, True), (editor, False)):
            client.force_login(who)
            html = client.get(reverse("admin:education_page_change", args=[page.pk])).content.decode()
            assert ("I approve these words" in html) is shown

    def test_after_an_edit_the_comment_stands_beside_the_new_words(
        self, make_page: MakePage, reviewer: User, client: Client
    ) -> None:
        """The page that answers shows the words as they stand, so its form is about those."""
        page = make_page(state="in_review")
        given = {"part": "clinical", "decision": "approved", "comment": "Good.", "digest": page.digest}
        Page.objects.filter(pk=page.pk).update(body="## First\n\nOther words.\n")
        page.refresh_from_db()
        client.force_login(reviewer)
        html = client.post(address("sign", page), given).content.decode()
        assert '<details class="act-more" open> <summary>Clinical review: sign these words' in " ".join(html.split())
        assert f'name="digest" value="{page.digest}"' in html
        assert ">\nGood.</textarea>" in html
        assert "Other words." in html

    def test_who_wrote_it_learns_why_and_keeps_the_comment(
        self, make_page: MakePage, reviewer: User, client: Client
    ) -> None:
        page = make_page(state="in_review")
        page.drafted_by.add(reviewer)
        client.force_login(reviewer)
        given = {"part": "clinical", "decision": "approved", "comment": "My own.", "digest": page.digest}
        response = client.post(address("sign", page), given)
        html = response.content.decode()
        assert response.status_code == 403
        assert "You wrote these words, so somebody else has to sign them." in html
        assert ">\nMy own.</textarea>" in html
        assert not SignOff.objects.exists()

    def test_a_role_taken_away_meanwhile_loses_no_comment(
        self, make_page: MakePage, reviewer: User, client: Client
    ) -> None:
        page = make_page(state="in_review")
        client.force_login(reviewer)
        reviewer.groups.clear()
        given = {"part": "clinical", "decision": "approved", "comment": "good", "digest": page.digest}
        response = client.post(address("sign", page), given)
        assert response.status_code == 403
        assert ">\ngood</textarea>" in response.content.decode()


class TestPublishing:
    def test_shows_it(self, make_page: MakePage, manager: User, sign: Sign, client: Client) -> None:
        page = make_page()
        sign(page)
        assert press(client, manager, "publish", page) == ["“A page” is published."]
        assert page.state == "published"
        assert client.get("/a-page/").status_code == 200

    def test_names_the_sign_off_that_it_lacks(self, make_page: MakePage, manager: User, client: Client) -> None:
        page = make_page(state="in_review", kind="about")
        (said,) = press(client, manager, "publish", page)
        assert "A clinician who did not write it" in said
        assert page.live is None

    def test_later(self, make_page: MakePage, manager: User, sign: Sign, client: Client) -> None:
        page = make_page()
        sign(page)
        said = press(client, manager, "schedule", page, at=LATER)
        assert said == ["“A page” will be published at that time."]
        assert clock.local(page.publish_at).strftime("%Y-%m-%dT%H:%M") == LATER
        assert (page.publish_by, page.live) == (manager, None)

    @pytest.mark.parametrize(
        ("at", "sentence"), [("", "Choose a day"), ("soon", "Choose a day"), ("2001-01-01T09:00", "still to come")]
    )
    def test_not_at_any_time(
        self, at: str, sentence: str, make_page: MakePage, manager: User, sign: Sign, client: Client
    ) -> None:
        page = make_page()
        sign(page)
        (said,) = press(client, manager, "schedule", page, at=at)
        assert sentence in said
        assert page.publish_at is None


class TestClosing:
    @pytest.mark.parametrize("by", ["reviewer", "manager"])
    def test_withdrawing_takes_it_off_with_its_reason(
        self, by: str, public: Page, client: Client, request: pytest.FixtureRequest
    ) -> None:
        assert press(client, request.getfixturevalue(by), "withdraw", public, reason=REASON) == [
            "“A page” is off the site."
        ]
        assert (public.state, public.closed_reason, public.live) == ("withdrawn", REASON, None)
        response = client.get("/a-page/")
        assert response.status_code == 410
        assert REASON in response.content.decode()

    @pytest.mark.parametrize("reason", ["", "no", "This cell treatment will cure your back pain."])
    def test_a_reason_is_owed_that_readers_may_see(
        self, reason: str, public: Page, manager: User, client: Client
    ) -> None:
        (said,) = press(client, manager, "withdraw", public, reason=reason)
        assert "eaders" in said
        assert public.is_published
        assert client.get("/a-page/").status_code == 200

    def test_the_reason_given_first_stands_and_another_is_given_back(
        self, public: Page, reviewer: User, manager: User, client: Client
    ) -> None:
        other = "The trial was taken back in May."
        perform("withdraw", public, reason=REASON, by=reviewer)
        (said,) = press(client, manager, "withdraw", public, reason=other)
        assert said == (
            "This page is “withdrawn” already. Readers are told what was written first, "
            "so what you wrote was not saved."
        )
        assert public.closed_reason == REASON
        assert press(client, manager, "withdraw", public, reason=f" {REASON} ") == ["“A page” is off the site."]
        assert actions().count("content.withdraw") == 1

    def test_retiring_it_elsewhere_is_no_repeat(self, public: Page, manager: User, client: Client) -> None:
        perform("retire", public, reason="", moved_to="/faq/", by=manager)
        (said,) = press(client, manager, "retire", public, moved_to="/glossary/")
        assert "“archived” already" in said
        assert public.moved_to == "/faq/"

    def test_taking_it_up_again_shows_nothing_yet(
        self, public: Page, editor: User, manager: User, client: Client
    ) -> None:
        perform("withdraw", public, reason=REASON, by=manager)
        press(client, editor, "take_up", public)
        assert (public.state, public.closed_reason, public.live) == ("draft", "", None)

    def test_retiring_leads_on(self, public: Page, manager: User, client: Client) -> None:
        assert press(client, manager, "retire", public, moved_to=" /faq/ ") == ["“A page” is archived."]
        assert (public.state, public.moved_to) == ("retired", "/faq/")
        assert client.get("/a-page/").url == "/faq/"

    def test_retiring_leads_to_no_page_that_is_not_there(self, public: Page, manager: User, client: Client) -> None:
        (said,) = press(client, manager, "retire", public, moved_to="https://evil.example/")
        assert "no public page" in said
        assert public.is_published

    def test_a_retired_page_is_read_and_not_edited(self, public: Page, manager: User, client: Client) -> None:
        perform("retire", public, reason="Nobody offers this any more.", moved_to="", by=manager)
        client.force_login(manager)
        url = reverse("admin:education_page_change", args=[public.pk])
        assert client.get(url).status_code == 200
        assert client.post(url, {"title": "Changed"}).status_code == 403
        public.refresh_from_db()
        assert public.title == "A page"


class TestWording:
    @pytest.fixture
    def warned(self, make_page: MakePage) -> Page:
        return make_page(body="Experts agree on little.")

    def given(self, page: Page, reason: str) -> dict[str, str]:
        (remark,) = waivers.open_remarks(page)
        return {"rule": remark.rule, "digest": remark.digest, "reason": reason}

    def test_a_reason_is_kept(self, warned: Page, manager: User, client: Client) -> None:
        given = self.given(warned, "It denies that they agree.")
        press(client, manager, "waive", warned, **given)
        stored = ClaimWaiver.objects.get()
        assert (stored.rule, stored.reason) == ("C26", "It denies that they agree.")
        assert waivers.open_remarks(warned) == []

    def test_a_short_one_is_not(self, warned: Page, manager: User, client: Client) -> None:
        (said,) = press(client, manager, "waive", warned, **self.given(warned, "ok"))
        assert "in a sentence" in said
        assert not ClaimWaiver.objects.exists()

    def test_a_refused_one_stands_in_its_own_box_alone(
        self, make_page: MakePage, manager: User, client: Client
    ) -> None:
        page = make_page(body="Experts agree on little.\n\nExperts agree on nothing.\n")
        first, second = waivers.open_remarks(page)
        client.force_login(manager)
        given = {"rule": second.rule, "digest": second.digest, "reason": "too short"}
        html = client.post(address("waive", page), given).content.decode()
        boxes = [box.split("</textarea>")[0].endswith(">\ntoo short") for box in html.split('value="C26"')[1:]]
        assert (first.digest != second.digest, boxes) == (True, [False, True])
        assert "What you had filled in" not in html

    def test_who_wrote_the_words_has_no_box(self, warned: Page, manager: User, client: Client) -> None:
        client.force_login(manager)
        change = reverse("admin:education_page_change", args=[warned.pk])
        assert "Keep this reason" in client.get(change).content.decode()
        warned.drafted_by.add(manager)
        assert "Keep this reason" not in client.get(change).content.decode()

    @pytest.mark.parametrize("group", ["editor", "triage"])
    def test_nor_one_of_a_writer(self, group: str, warned: Page, client: Client) -> None:
        client.force_login(make_user(f"a_{group}", group))
        given = self.given(warned, "It denies that they agree.")
        assert client.post(address("waive", warned), given).status_code == 403
        assert not ClaimWaiver.objects.exists()


def test_a_self_check_voids_no_sign_off(
    make_page: MakePage, reviewer: User, editor: User, sign: Sign, client: Client
) -> None:
    page = make_page()
    sign(page, "clinical")
    press(client, editor, "self_check", page, **{"discern-1": "4", "discern-2": "9", "clear-3": "on"})
    assert page.self_check["discern"][:2] == [4, 0]
    assert page.self_check["clear"].count(True) == 1
    assert (page.state, set(publication.current_sign_offs(page))) == ("in_review", {"clinical"})


def test_the_desk_counts_what_its_reader_may_open(editor: User, reviewer: User) -> None:
    submit_feedback(token="t" * 32, path="/faq/", is_helpful=False, text="I did not find it.")
    records.save_record(record=GlossaryTerm(slug="disc", term="Disc", definition="A pad."), by=editor, changed=["term"])
    seen = [(desk_context(who)["feedback"], len(desk_context(who)["waiting_records"])) for who in (editor, reviewer)]
    assert seen == [(1, 1), (0, 0)]


def test_two_versions_stand_side_by_side(public: Page, editor: User, client: Client) -> None:
    public.body = "## First\n\nOther <b>words</b>.\n"
    records.save_record(record=public, by=editor, changed=["body"])
    client.force_login(editor)
    html = client.get(address("versions", public)).content.decode()
    assert "<del>Words.</del>" in html
    assert "<ins>Other &lt;b&gt;words&lt;/b&gt;.</ins>" in html
    assert client.get(address("versions", public), {"older": "99", "newer": "x'"}).status_code == 200


@pytest.mark.parametrize("group", ["editor", "doctor", "manager"])
def test_whoever_reads_a_page_in_the_admin_gets_to_its_versions(public: Page, client: Client, group: str) -> None:
    client.force_login(make_user(f"a_{group}", group))
    html = client.get(address("change", public)).content.decode()
    assert html.count(f'href="{address("versions", public)}"') == 1
    assert client.get(address("versions", public)).status_code == 200


class TestRoles:
    def test_editors_see_no_patient(self, alice: Any, editor: User, client: Client) -> None:
        client.force_login(editor)
        for url in (
            reverse("admin:consultations_consultationrequest_changelist"),
            reverse("admin:consultations_consultationrequest_change", args=[alice.pk]),
        ):
            assert client.get(url).status_code == 403
        assert "Alice Winther" not in client.get("/admin/").content.decode()

    @pytest.mark.parametrize("group", ["doctor", "triage"])
    def test_doctors_and_nurses_edit_nothing(self, group: str, make_page: MakePage, client: Client) -> None:
        page = make_page()
        client.force_login(make_user(f"a_{group}", group))
        response = client.post(reverse("admin:education_page_change", args=[page.pk]), {"title": "Changed"})
        assert response.status_code == 403
        assert client.get(reverse("admin:education_page_add")).status_code == 403
        page.refresh_from_db()
        assert page.title == "A page"


def test_an_overdue_review_is_said_to_staff(public: Page, editor: User, client: Client, time_machine: Any) -> None:
    time_machine.move_to(clock.now() + datetime.timedelta(days=5 * 366))
    client.force_login(editor)
    html = client.get(reverse("admin:education_page_change", args=[public.pk])).content.decode()
    assert "Review overdue" in html


def test_the_desk_calls_each_list_by_its_own_name(client: Client, manager) -> None:
    client.force_login(manager)
    desk = client.get(reverse("admin:education_page_desk")).content.decode()
    links = re.findall(r'<li><a href="(/admin/education/\w+/)">([^<]+)</a></li>', desk)

    headings = {url: re.findall(r"<h1>([^<]+)</h1>", client.get(url).content.decode()) for url, _ in links}

    assert len(links) == 12
    assert {url: [name] for url, name in links} == headings
