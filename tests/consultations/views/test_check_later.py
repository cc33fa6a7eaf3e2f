"""Save on one device, go on with another: by link and word, without a loss, a danger first."""

import re
from typing import Any

import pytest
from django.test import Client

from clinic.core.models import OutboxMessage
from consultations.enums import CaseStatus
from consultations.models import ConsultationRequest, QuestionnaireResponse, SafetyCase, SavedCheck
from consultations.questionnaire import definition, flow
from tests.consultations.views.conftest import CONTACT, ROUTINE, SAVING, Visitor, fields_of, text_of
from tests.database_snapshot import all_rows
from tests.mailbox import path_of

NOW = flow.screens(definition.CURRENT_VERSION)[0].slug


def seen_in(response: Any) -> str:
    (seen,) = re.findall(r'name="seen" value="([^"]*)"', response.content.decode())
    return str(seen)


def save(visitor: Visitor, **changes: str) -> Any:
    return visitor.client.post(f"{visitor.check}/later/", {**SAVING, **changes})


def mailed_path() -> str:
    return path_of(OutboxMessage.objects.filter(kind="saved_check").latest("pk"))


def open_on(other: Visitor, path: str = "", word: str = "rosebud7") -> Any:
    return other.client.post(path or mailed_path(), {"passphrase": word})


@pytest.fixture
def both(visitor: Visitor, other_visitor: Visitor) -> tuple[Visitor, Visitor]:
    """One check, up to the second screen, open on two devices."""
    visitor.begin()
    visitor.give(NOW, **fields_of(NOW, ROUTINE))
    save(visitor)
    assert open_on(other_visitor).status_code == 302
    return visitor, other_visitor


class TestSaving:
    def test_the_button_saves_what_is_there_and_asks_where_the_link_goes(self, visitor: Visitor) -> None:
        visitor.begin()
        answered = visitor.give(NOW, ab_age="56", later="yes")
        assert answered.headers["Location"] == f"{visitor.check}/later/"
        assert visitor.response.answers == {"ab_age": 56}

    def test_what_is_wrong_is_asked_about_first(self, visitor: Visitor) -> None:
        visitor.begin()
        answered = visitor.give(NOW, ab_age="abc", later="yes")
        assert answered.status_code == 200
        assert visitor.response.answers == {}

    def test_a_danger_comes_before_saving(self, visitor: Visitor) -> None:
        visitor.begin()
        answered = visitor.give(NOW, ab_age="56", rf_now=["chest"], later="yes")
        assert answered.headers["Location"] == f"{visitor.check}/emergency/"
        assert visitor.see(f"{visitor.check}/later/").headers["Location"] == f"{visitor.check}/emergency/"

    def test_the_page_says_what_is_kept_and_until_when(self, visitor: Visitor) -> None:
        visitor.begin()
        page = text_of(visitor.see(f"{visitor.check}/later/"))
        assert "until Wednesday 23 December, 10 am" in page
        assert "Does somebody else see your mail?" in page
        assert "After 30 days without a saved page" in page

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"email": ""}, "like name@example.com"),
            ({"email": "ana"}, "like name@example.com"),
            ({"passphrase": ""}, "Choose a word or a number."),
            ({"passphrase": "a b c d e"}, "Choose at least 6 letters or figures."),
            ({"passphrase": "x" * 101}, "Shorten it to 100 characters or fewer."),
        ],
    )
    def test_what_cannot_be_kept_is_said_in_words(self, visitor: Visitor, changes: Any, sentence: str) -> None:
        visitor.begin()
        page = save(visitor, **changes)
        assert page.status_code == 200
        assert sentence in text_of(page)
        assert not SavedCheck.objects.exists()

    def test_it_is_mailed_once_and_shown_where_to(self, visitor: Visitor) -> None:
        visitor.begin()
        assert save(visitor, wants_reminder="on").headers["Location"] == f"{visitor.check}/kept/"
        page = text_of(visitor.see(f"{visitor.check}/kept/"))
        assert "A link goes to ana@example.com" in page
        assert "not before Wednesday 16 December, 10 am" in page
        kinds = OutboxMessage.objects.order_by("pk").values_list("kind", flat=True)
        assert list(kinds) == ["saved_check", "saved_check_reminder"]

    def test_a_mailbox_over_its_limit_gets_the_same_page_and_no_mail(self, visitor: Visitor) -> None:
        visitor.begin()
        pages = [save(visitor) for _ in range(4)]
        assert {page.headers["Location"] for page in pages} == {f"{visitor.check}/kept/"}
        assert OutboxMessage.objects.count() == 3
        assert "at most 3 links an hour" in text_of(visitor.see(f"{visitor.check}/kept/"))

    def test_one_check_mails_no_crowd(self, visitor: Visitor) -> None:
        visitor.begin()
        answers = [save(visitor, email=f"a{number}@example.com") for number in range(11)]
        assert [page.status_code for page in answers] == [302] * 10 + [429]
        assert "No link was mailed" in text_of(answers[-1])
        assert OutboxMessage.objects.count() == 10

    def test_a_check_that_its_pages_carry_is_stored_when_it_is_saved(
        self, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("consultations.views.check_start.BEGINS_AN_HOUR", 0)
        page = visitor.client.post("/check/", {})
        packed = re.findall(r'name="carried" value="([^"]*)"', page.content.decode())[0]
        answered = visitor.client.post("/check/carried/later/", {**SAVING, "carried": packed})
        assert answered.status_code == 302
        assert SavedCheck.objects.get().response == visitor.response


class TestBack:
    def test_what_was_given_is_kept_whatever_is_missing(self, visitor: Visitor) -> None:
        visitor.answer(until="pain-score")
        answered = visitor.give("pain-score", peg_p="6", peg_e="eleven", back="yes")
        assert answered.headers["Location"] == f"{visitor.check}/q/pain/"
        assert visitor.response.answers["peg_p"] == 6
        assert "peg_e" not in visitor.response.answers

    def test_from_an_empty_page_nothing_is_saved(self, visitor: Visitor) -> None:
        visitor.begin()
        visitor.give(NOW, **fields_of(NOW, ROUTINE))
        before = all_rows()
        answered = visitor.give("nerves", back="yes")
        assert answered.headers["Location"] == f"{visitor.check}/q/now/"
        assert all_rows() == before

    def test_a_danger_comes_first(self, visitor: Visitor) -> None:
        visitor.begin()
        answered = visitor.give(NOW, ab_age="56", rf_now=["chest"], back="yes")
        assert answered.headers["Location"] == f"{visitor.check}/emergency/"

    def test_the_first_page_leads_to_the_start(self, visitor: Visitor) -> None:
        visitor.begin()
        answered = visitor.give(NOW, ab_age="56", back="yes")
        assert answered.headers["Location"] == "/check/"
        assert visitor.response.answers == {"ab_age": 56}

    def test_enter_presses_continue(self, visitor: Visitor) -> None:
        visitor.begin()
        page = visitor.see(f"{visitor.check}/q/{NOW}/").content.decode()
        first, second = re.findall(r'<button type="submit" form="screen"[^>]*>', page)
        assert "name=" not in first
        assert 'name="back"' in second


class TestOpening:
    def test_the_link_alone_tells_and_changes_nothing(self, both: Any, client: Client) -> None:
        path, before = mailed_path(), all_rows()
        real, made_up = client.get(path), client.get("/check/open/made-up/")
        assert client.head(path).status_code == 200
        assert all_rows() == before
        hidden = r'name="csrfmiddlewaretoken" value="[^"]*"|action="[^"]*"'
        assert re.sub(hidden, "", real.content.decode()) == re.sub(hidden, "", made_up.content.decode())

    def test_it_goes_on_where_it_stood_with_every_answer(self, visitor: Visitor, other_visitor: Visitor) -> None:
        visitor.answer(until="result")
        save(visitor)
        where = open_on(other_visitor).headers["Location"]
        assert where == f"{other_visitor.check}/result/"
        assert other_visitor.see(where).status_code == 200
        other_visitor.tell_contact()
        assert other_visitor.send().headers["Location"] == f"{other_visitor.check}/sent/"
        assert ConsultationRequest.objects.get().response == visitor.response

    def test_a_wrong_word_and_a_made_up_link_get_the_same_page(self, both: Any, client: Client) -> None:
        pages = [client.post(path, {"passphrase": "wrong"}) for path in (mailed_path(), "/check/open/made-up/")]
        assert [page.status_code for page in pages] == [200, 200]
        assert text_of(pages[0]) == text_of(pages[1])
        assert "We could not open anything with this link" in text_of(pages[0])
        assert "checks" not in client.session

    def test_a_network_has_twenty_tries_in_ten_minutes(self, both: Any, client: Client) -> None:
        codes = [client.post("/check/open/made-up/", {"passphrase": "wrong"}).status_code for _ in range(20)]
        assert codes[-2:] == [200, 429]

    def test_a_link_that_is_too_long_is_no_page(self, client: Client) -> None:
        assert client.get(f"/check/open/{'a' * 101}/").status_code == 404

    def test_the_browser_gets_a_new_session_and_keeps_its_own_check(self, both: Any) -> None:
        _first, second = both
        other = Visitor(Client())
        other.begin()
        own, session = other.key, other.client.session.session_key
        open_on(other)
        assert other.client.session.session_key != session
        assert own in other.client.session["checks"]
        assert len(other.client.session["checks"]) == 2
        assert second.key in second.client.session["checks"]

    def test_the_second_press_of_a_double_click_loses_no_check(self, both: Any) -> None:
        other = Visitor(Client())
        other.begin()
        own, old = other.key, other.client.session.session_key
        open_on(other)
        name = next(name for name in other.client.cookies if "session" in name)
        other.client.cookies[name] = old
        open_on(other)
        assert own in other.client.session["checks"]
        assert len(other.client.session["checks"]) == 2

    def test_an_emergency_is_shown_first(self, visitor: Visitor, other_visitor: Visitor) -> None:
        visitor.begin()
        save(visitor)
        visitor.give(NOW, ab_age="56", rf_now=["chest"])
        assert open_on(other_visitor).headers["Location"] == f"{other_visitor.check}/emergency/"
        assert "Get emergency help now" in text_of(other_visitor.see(f"{other_visitor.check}/emergency/"))

    def test_a_doctor_today_is_said_first(self, visitor: Visitor, other_visitor: Visitor) -> None:
        where = visitor.answer(rf_now=["fever"])
        assert where == f"{visitor.check}/today/"
        save(visitor)
        assert open_on(other_visitor).headers["Location"] == f"{other_visitor.check}/today/"

    def test_after_sending_it_leads_to_the_private_page(self, visitor: Visitor, other_visitor: Visitor) -> None:
        visitor.answer()
        save(visitor)
        path = mailed_path()
        visitor.tell_contact()
        visitor.send()
        page = open_on(other_visitor, path)
        assert page.status_code == 200
        assert "They were sent on Monday 23 November, 10 am" in text_of(page)
        assert 'href="/request/link/"' in page.content.decode()
        assert "checks" not in other_visitor.client.session

    def test_an_older_questionnaire_goes_on_as_it_was_begun(
        self, visitor: Visitor, other_visitor: Visitor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(definition, "CURRENT_VERSION", "1.0.0")
        visitor.begin()
        save(visitor)
        monkeypatch.undo()
        where = open_on(other_visitor).headers["Location"]
        assert other_visitor.response.questionnaire_version == "1.0.0"
        assert other_visitor.see(where).status_code == 200

    def test_the_browser_goes_on_for_twelve_hours_after_the_last_page(
        self, visitor: Visitor, time_machine: Any
    ) -> None:
        visitor.begin()
        time_machine.shift(11 * 3600)
        visitor.give(NOW, **fields_of(NOW, ROUTINE))
        time_machine.shift(11 * 3600)
        assert visitor.see("/check/").status_code == 200
        assert "You have begun a check in this browser" in text_of(visitor.see("/check/"))


class TestTwoDevices:
    def test_an_old_page_overwrites_nothing_in_silence(self, both: Any) -> None:
        first, second = both
        shown = seen_in(first.see(f"{first.check}/q/{NOW}/"))
        second.give(NOW, **{**fields_of(NOW, ROUTINE), "ab_age": "57"})
        page = first.give(NOW, **{**fields_of(NOW, ROUTINE), "ab_age": "58", "seen": shown})
        assert page.status_code == 409
        assert first.response.answers["ab_age"] == 57
        assert "Nothing on this page was saved yet" in text_of(page)
        assert "How old are you? 57" in text_of(page)
        assert 'value="58"' in page.content.decode()
        again = first.give(NOW, **{**fields_of(NOW, ROUTINE), "ab_age": "58", "seen": seen_in(page)})
        assert again.status_code == 302
        assert second.response.answers["ab_age"] == 58

    def test_what_the_old_page_left_as_it_was_takes_the_newer_answer(self, both: Any) -> None:
        first, second = both
        shown = seen_in(first.see(f"{first.check}/q/{NOW}/"))
        second.give(NOW, **{**fields_of(NOW, ROUTINE), "ab_age": "57"})
        page = first.give(NOW, **fields_of(NOW, ROUTINE), seen=shown)
        assert page.status_code == 409
        assert 'value="57"' in page.content.decode()
        assert first.response.answers["ab_age"] == 57

    def test_the_same_answers_again_are_no_news(self, both: Any) -> None:
        first, second = both
        shown = seen_in(first.see(f"{first.check}/q/{NOW}/"))
        second.give(NOW, **{**fields_of(NOW, ROUTINE), "ab_age": "57"})
        page = first.give(NOW, **{**fields_of(NOW, ROUTINE), "ab_age": "57", "seen": shown})
        assert page.status_code == 302

    def test_a_danger_on_an_old_page_reaches_staff_at_once(self, both: Any) -> None:
        first, second = both
        shown = seen_in(first.see(f"{first.check}/q/{NOW}/"))
        second.give(NOW, **{**fields_of(NOW, ROUTINE), "ab_age": "57", "rf_now": ["fever"]})
        page = first.give(NOW, ab_age="56", rf_now=["chest"], seen=shown)
        assert page.headers["Location"] == f"{first.check}/emergency/"
        assert set(first.response.answers["rf_now"]) == {"chest", "fever"}
        case = SafetyCase.objects.get()
        assert (case.level, case.status) == ("EMERGENCY", CaseStatus.OPEN)

    def test_a_stop_told_on_one_device_shows_on_the_other(self, both: Any) -> None:
        first, second = both
        shown = seen_in(first.see(f"{first.check}/q/{NOW}/"))
        second.give(NOW, ab_age="56", rf_now=["chest"])
        assert first.give(NOW, **fields_of(NOW, ROUTINE), seen=shown).headers["Location"] == f"{first.check}/emergency/"
        assert first.response.answers["rf_now"] == ["chest"]
        later = flow.screens(first.response.questionnaire_version)[5].slug
        assert first.see(f"{first.check}/q/{later}/").headers["Location"] == f"{first.check}/emergency/"
        assert first.see(f"{first.check}/later/").headers["Location"] == f"{first.check}/emergency/"

    def test_contact_details_of_an_old_page_are_shown_beside_the_newer(self, visitor: Visitor) -> None:
        visitor.answer()
        shown = seen_in(visitor.see(f"{visitor.check}/contact/"))
        visitor.tell_contact(name="Alice Winter")
        page = visitor.tell_contact(seen=shown)
        assert page.status_code == 409
        assert "Alice Winter" in text_of(page)
        assert visitor.response.contact["name"] == "Alice Winter"
        assert visitor.tell_contact(seen=seen_in(page)).status_code == 302
        assert visitor.response.contact["name"] == CONTACT["name"]

    def test_nobody_sends_what_they_have_not_seen(self, visitor: Visitor) -> None:
        visitor.answer()
        visitor.tell_contact()
        shown = seen_in(visitor.see(f"{visitor.check}/answers/"))
        visitor.give(NOW, **{**fields_of(NOW, ROUTINE), "ab_age": "57"})
        page = visitor.send(seen=shown)
        assert page.status_code == 409
        assert "Nothing was sent yet" in text_of(page)
        assert not ConsultationRequest.objects.exists()
        assert visitor.send(seen=seen_in(page)).status_code == 302


class TestForget:
    def test_the_first_page_leads_to_it_also_after_a_danger(self, visitor: Visitor) -> None:
        visitor.begin()
        visitor.give(NOW, ab_age="56", rf_now=["chest"])
        page = visitor.see("/check/").content.decode()
        assert f'href="{visitor.check}/forget/"' in page
        assert f'href="{visitor.check}/later/"' not in page

    def test_asked_once_then_gone_from_every_device(self, both: Any) -> None:
        first, second = both
        assert "Delete your answers?" in text_of(first.see(f"{first.check}/forget/"))
        page = first.client.post(f"{first.check}/forget/")
        assert "Your answers are deleted" in text_of(page)
        assert not QuestionnaireResponse.objects.exists()
        assert "begun a check" not in text_of(first.see("/check/"))
        assert second.see(f"{second.check}/q/{NOW}/").status_code == 403

    def test_after_a_danger_it_says_what_stays(self, visitor: Visitor) -> None:
        visitor.begin()
        save(visitor)
        visitor.give(NOW, ab_age="56", rf_now=["chest"])
        assert "We keep these answers" in text_of(visitor.see(f"{visitor.check}/forget/"))
        page = visitor.client.post(f"{visitor.check}/forget/")
        assert "The clinic keeps the answers that pointed to a danger" in text_of(page)
        assert not SavedCheck.objects.exists()
        assert SafetyCase.objects.get().status == CaseStatus.OPEN

    def test_what_was_sent_leads_to_its_confirmation(self, visitor: Visitor) -> None:
        visitor.complete()
        answered = visitor.client.post(f"{visitor.check}/forget/")
        assert answered.headers["Location"] == f"{visitor.check}/sent/"
        assert ConsultationRequest.objects.exists()


def test_a_session_that_was_there_gets_a_new_id_at_the_start(visitor: Visitor) -> None:
    visitor.begin()
    first = visitor.client.session.session_key
    visitor.begin(again="yes")
    assert visitor.client.session.session_key != first
    assert len(visitor.client.session["checks"]) == 2
