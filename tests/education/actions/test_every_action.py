"""Whatever is an action on the content: panel, address, audit trail and refusals read its row and its module alone."""

import dataclasses
import re
import sys
import types
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.contrib import admin
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import path, reverse

from clinic.accounts.models import User
from clinic.core.actions import Context
from clinic.core.models import AuditEvent
from clinic.core.refusals import NotAllowed, WrongStatus
from clinic.staff.area import audit_labels
from clinic.urls import urlpatterns
from education import workflow
from education.actions.base import ActionForm, PageAction
from education.models import Page
from education.presenters.action_panel import action_panel, actions_on
from education.services.refusals import ReasonRefused
from education.services.transitions import WORKFLOW
from education.workflow import PageTransitionRow
from tests.education.conftest import MakePage
from tests.education.performing import perform
from tests.personas import make_user

SOURCES = Path(workflow.__file__).parent
SYSTEM = {"edit", "reopen", "publish_unreviewed"}
"""Rows without a button: the form of the record saves an edit, the program reopens, a command publishes."""


def test_every_row_has_its_action() -> None:
    assert {action.verb for action in WORKFLOW.actions.values()} == set(workflow.TRANSITIONS) - {
        "edit",
        "publish_unreviewed",
    }


def test_a_model_offers_the_actions_of_its_own_states() -> None:
    on_page = [action.name for action in actions_on(Page)]
    assert on_page == [
        "submit", "publish", "send_back", "restore", "sign_clinical", "sign_second", "schedule", "withdraw", "retire",
        "waive", "self_check",
    ]  # fmt: skip


def test_every_code_on_record_has_words() -> None:
    written = set()
    for file in SOURCES.rglob("*.py"):
        written |= set(re.findall(r'action="(content\.\w+)"', file.read_text(encoding="utf-8")))
    written |= {WORKFLOW.code(verb) for verb in workflow.TRANSITIONS}
    labels = audit_labels()
    assert sorted(written - set(labels)) == []
    assert labels["content.sign_clinical"] == "Content: clinical review given"
    assert labels["content.feedback"] == "Content: a reader sent feedback"
    assert labels["content.publish"] == "Content: published"


@pytest.mark.parametrize("name", sorted(set(workflow.TRANSITIONS) - SYSTEM))
def test_nobody_without_a_permission_does_it(name: str, make_page: MakePage) -> None:
    assert WORKFLOW.permitted([name], by=make_user("a_nurse", "triage"), row=make_page()) == set()


@pytest.mark.parametrize("name", sorted(workflow.TRANSITIONS))
def test_nobody_stands_in_for_the_program_nor_the_program_for_somebody(
    name: str, make_page: MakePage, admin_user: User
) -> None:
    page = make_page()
    assert WORKFLOW.permitted([name], by=None, row=page) == ({name} if name == "reopen" else set())
    assert ("reopen" in WORKFLOW.permitted([name], by=admin_user, row=page)) is False


class FrameForm(ActionForm):
    frame = forms.CharField(label="Which frame?", max_length=20)


@dataclasses.dataclass(frozen=True, slots=True)
class FrameData:
    frame: str


class Frame(PageAction[FrameData, str]):
    """A made-up action: a page of a draft is put into a frame."""

    verb, data_class, form_class = "frame", FrameData, FrameForm
    done = "“%(title)s” is framed."

    def check(self, ctx: Context[Page], data: FrameData) -> None:
        if data.frame == "gold":
            raise ReasonRefused("We have no gold.")

    def changes(self, ctx: Context[Page], data: FrameData) -> dict[str, object]:
        return {"figure": data.frame}

    def perform(self, ctx: Context[Page], data: FrameData) -> str:
        ctx.details["frame"] = data.frame
        return data.frame


class TestAMadeUpAction:
    @pytest.fixture(autouse=True)
    def framing(self, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
        """Its row and its module, and the addresses made anew as at a start of the program."""
        row = PageTransitionRow(
            "frame", {"draft": "in_review"}, ("education.change_page",), "Frame it", "framed", "Not you.", "Not now."
        )
        monkeypatch.setitem(workflow.TRANSITIONS, "frame", row)
        monkeypatch.setitem(WORKFLOW.actions, "frame", Frame())
        again = types.ModuleType("addresses_made_anew")
        again.urlpatterns = [path("admin/", admin.site.urls), *urlpatterns[1:]]  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, again.__name__, again)
        settings.ROOT_URLCONF = again.__name__

    def test_stands_in_the_panel_of_whom_it_is_for(self, make_page: MakePage, editor: User, reviewer: User) -> None:
        page = make_page()
        assert [entry.label for entry in action_panel(page, by=editor)] == ["Send to review", "Frame it"]
        assert action_panel(page, by=reviewer) == []

    def test_is_done_at_its_address_and_put_on_record(self, make_page: MakePage, editor: User, client: Client) -> None:
        page = make_page()
        client.force_login(editor)
        shown = client.get(reverse("admin:education_page_change", args=[page.pk])).content.decode()
        assert "Which frame?" in shown
        address = reverse("admin:education_page_frame", args=[page.pk])
        assert f'action="{address}"' in shown
        refused = client.post(address, {"frame": "gold"})
        assert [str(get_message) for get_message in get_messages(refused.wsgi_request)][-1:] == ["We have no gold."]

        done = client.post(address, {"frame": "oak"})

        assert [str(get_message) for get_message in get_messages(done.wsgi_request)][-1:] == ["“A page” is framed."]
        page.refresh_from_db()
        assert (page.state, page.figure) == ("in_review", "oak")
        event = AuditEvent.objects.get(action="content.frame")
        assert (event.fields, event.actor_user) == (["figure", "state"], editor)
        assert event.details == {"from": "draft", "to": "in_review", "frame": "oak"}
        assert audit_labels()["content.frame"] == "Content: framed"

    def test_is_refused_in_the_words_of_its_row(self, make_page: MakePage, editor: User, reviewer: User) -> None:
        page = make_page()
        with pytest.raises(NotAllowed, match=r"Not you\."):
            perform("frame", page, by=reviewer, frame="oak")
        Page.objects.filter(pk=page.pk).update(state="in_review")
        with pytest.raises(WrongStatus, match=r"Not now\."):
            perform("frame", page, by=editor, frame="oak")
