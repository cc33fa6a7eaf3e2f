"""What a page owes its readers, each check with a page that fails it and one that nearly does; and written reasons."""

import datetime
from typing import Any

import pytest

from education.claims import content_checks, linter
from education.claims.publication_checks import page_problems
from education.content import shipped
from education.library import Library
from tests.content_fixtures import SHIPPED

TODAY = datetime.date(2026, 11, 25)
DAY = datetime.timedelta(days=1)
VERIFIED = [source["key"] for source in SHIPPED.sources if source["is_verified"]][:3]
UNCHECKED = next(source["key"] for source in SHIPPED.sources if not source["is_verified"])
TRIALS = [{"key": "a", "name": "Trial A", "sources": [], "checked_on": TODAY - 90 * DAY}]
LIBRARY = Library.of(
    "", {"sources": SHIPPED.sources, "evidence": SHIPPED.evidence, "terms": SHIPPED.terms, "trials": TRIALS}
)
PAGE: dict[str, Any] = {
    "key": "a-page",
    "path": "/a-page/",
    "kind": "treatment",
    "title": "A treatment",
    "short_title": "A treatment",
    "summary": "What is known of it.",
    "author": "The clinic",
    "body": "## What it is\n\nWords.\n\n::: compare E1 :::\n",
    "key_facts": [{"label": "What", "text": "Words."}],
    "evidence": ["E1"],
    "sources": VERIFIED,
    "related": [],
    "figure": "",
    "is_stem_cell_page": False,
    "review_months": 36,
}
STEM = {**PAGE, "kind": "stemcells", "is_stem_cell_page": True, "review_months": 12}
STEM["body"] = "## What it is\n\nWords.\n\n::: regulatory :::\n"


def owed(page: dict[str, Any], library: Library = LIBRARY, **changes: Any) -> set[str]:
    """The positive checks that a page fails."""
    remarks = content_checks.remarks_of("pages", {**page, **changes}, library, today=TODAY)
    return {remark.rule for remark in remarks if remark.rule.startswith("P")}


def with_text(page: dict[str, Any], text: str) -> dict[str, Any]:
    return {**page, "body": f"{page['body']}\n{text}\n"}


def test_a_whole_page_owes_nothing() -> None:
    assert owed(PAGE) == owed(STEM) == set()


BENEFIT = "After it people felt better."
HARM_SECTION = "\n\n## What can go wrong\n\nInfection is rare, and it can be serious and need long care.\n"


class TestBenefitAndHarm:
    def test_p1_benefit_rests_on_a_graded_statement(self) -> None:
        page = with_text(PAGE, BENEFIT + HARM_SECTION)

        assert owed(page, evidence=[]) == {"P1"}
        assert owed(page) == set()
        assert owed(PAGE, evidence=[]) == set()
        assert owed(page, evidence=[], kind="about") == set()

    def test_p2_benefit_comes_with_a_heading_on_harm(self) -> None:
        assert owed(with_text(PAGE, BENEFIT)) == {"P2"}
        assert owed(with_text(PAGE, f"{BENEFIT} What can go wrong: infection.")) == {"P2"}
        assert owed(with_text(PAGE, BENEFIT + HARM_SECTION)) == set()
        assert owed(with_text(PAGE, BENEFIT.replace("felt better", "went home"))) == set()

    def test_p3_harm_gets_seventy_words_for_a_hundred_on_benefit(self) -> None:
        ten = "One two three four five six seven people felt better."
        seven = "One two three four five six infection."
        six = "One two three four five infection."
        assert (len(ten.split()), len(seven.split()), len(six.split())) == (10, 7, 6)

        assert owed(with_text(STEM, f"{ten} {six}")) == {"P3"}
        assert owed(with_text(STEM, f"{ten} {seven}")) == set()
        assert owed(with_text(PAGE, f"{ten} {six}{HARM_SECTION}")) == set()

    def test_p3_reads_running_text_alone(self) -> None:
        assert owed(with_text(STEM, "## How people felt better\n\n::: evidence E1 :::")) == set()
        assert owed(with_text(STEM, "::: scenario\nShe felt better.\n:::")) == set()
        assert owed(with_text(STEM, "::: note\nPeople felt better.\n:::")) == {"P3"}

    def test_p4_there_is_always_another_choice(self) -> None:
        body = "## What it is\n\nWords.\n"

        assert owed(PAGE, body=body) == owed(PAGE, body=body, kind="condition") == {"P4"}
        assert owed(PAGE, body=body + "\nNo new treatment is a choice too.\n") == set()
        assert owed(PAGE, body=body, kind="procedure") == set()


class TestNumbers:
    @pytest.mark.parametrize(
        "text",
        [
            "Of those treated, 74 of 100 people felt better after a year.",
            "Of those treated, 74% felt better and went back to work after a year.",
            "With cells, 74 of 100 people and with a pretend injection 69 of 100 felt better.",
            "With cells, pain had halved in 44 of 100 people.",
            "With cells, 74 of 100 felt better after a year.\n\nA pretend injection was given to 69 of 100.",
        ],
        ids=["no other group", "no other group, but an and", "no time", "halved", "the other group too far off"],
    )
    def test_p11_a_number_on_benefit_needs_the_other_group_and_the_time(self, text: str) -> None:
        assert "P11" in owed(with_text(PAGE, text))

    @pytest.mark.parametrize(
        "text",
        [
            "After a year 74 of 100 people with cells and 69 of 100 with a pretend injection felt better.",
            "With cells, 74 of 100 people felt better.\nWith a pretend injection it was 69 of 100, both after a year.",
            "Worn discs are seen in 37 of 100 people aged 20.",
            "About 2 of 100 people got an infection after it.",
            "Whatever is done, pain eases from 52 out of 100 to 23 after 6 weeks.",
        ],
        ids=["whole", "whole in two sentences", "no benefit", "harm", "whatever is done"],
    )
    def test_p11_passes_a_whole_number_and_numbers_on_other_things(self, text: str) -> None:
        assert "P11" not in owed(with_text(PAGE, text))

    @pytest.mark.parametrize(
        "text",
        ["No serious events were seen.", "It passed without any serious harm.", "There were no serious side effects."],
    )
    def test_p12_no_serious_events_may_still_hide_some(self, text: str) -> None:
        assert owed(with_text(PAGE, text)) == {"P12"}
        assert owed(with_text(PAGE, f"{text} The true figure could still be about 5 in 100.")) == set()
        assert owed(with_text(PAGE, f"{text} By the rule of three it can be 5 in 100.")) == set()
        assert owed(with_text(PAGE, text.replace("serious", "such"))) == set()


class TestGrade:
    def said(self, grade: int, text: str) -> list[str]:
        statement = {"code": "E1", "grade": grade, "plain_text": text, "sources": ["x"]}
        remarks = content_checks.remarks_of("evidence", statement, LIBRARY, today=TODAY)
        return [remark.words for remark in remarks if remark.rule == "P10"]

    @pytest.mark.parametrize(
        ("grade", "text", "phrase"),
        [
            (3, "It reduces pain.", "It reduces pain"),
            (3, "It probably helps a little. It improves sleep.", "improves"),
            (2, "It probably reduces pain.", "It probably reduces pain"),
            (2, "It may ease pain. It will help with sleep.", "will"),
            (2, "It may always ease pain.", "always"),
            (1, "It may reduce pain.", "It may reduce pain"),
            (1, "We do not know how. It works.", "works"),
            (0, "We looked for a test.", "We looked for a test"),
            (0, "No study found. It helps.", "helps"),
        ],
    )
    def test_p10_words_are_no_surer_than_the_grade(self, grade: int, text: str, phrase: str) -> None:
        assert self.said(grade, text) == [phrase]

    @pytest.mark.parametrize(
        ("grade", "text"),
        [
            (4, "It reduces pain."),
            (3, "It probably reduces pain and helps people do more."),
            (3, "It may reduce pain."),
            (2, "It may reduce pain. One trial does not show that it helps with sleep."),
            (1, "We do not know if it reduces pain. A trial is planned."),
            (0, "No study found. We looked, and nobody knows if it helps."),
            (-1, "The guideline says that it helps."),
        ],
    )
    def test_p10_passes_what_holds_to_the_scale(self, grade: int, text: str) -> None:
        assert self.said(grade, text) == []


class TestPageAsAWhole:
    def problems(self, page: dict[str, Any], **changes: Any) -> str:
        return " ".join(page_problems({**page, **changes}, LIBRARY, paths=set()))

    def test_p5_and_p16_a_stem_cell_page_says_what_the_law_says(self) -> None:
        bare = "## What it is\n\nWords.\n"

        assert owed(STEM, body=bare) == {"P16"}
        assert "approval statement" in self.problems(STEM, body=bare)
        assert "approval statement" not in self.problems(STEM)
        assert "approval statement" not in self.problems(PAGE, body=bare)

    def test_p6_three_sources_that_the_library_holds(self) -> None:
        assert "at least 3 sources" in self.problems(PAGE, sources=VERIFIED[:2])
        assert "does not exist" in self.problems(PAGE, sources=[*VERIFIED, "ghost"])
        assert self.problems(PAGE) == ""

    def test_p7_no_unchecked_source_is_cited_as_a_fact(self) -> None:
        assert "nobody has checked" in self.problems(with_text(PAGE, f"A fact [@{UNCHECKED}]."))
        assert self.problems(with_text(PAGE, f"A fact [@{VERIFIED[0]}].")) == ""
        assert self.problems(PAGE, sources=[*VERIFIED, UNCHECKED]) == ""

    @pytest.mark.parametrize(("page", "months"), [(STEM, 12), (PAGE, 36)])
    def test_p9_the_next_review_is_near_enough(self, page: dict[str, Any], months: int) -> None:
        assert owed(page, review_months=months + 1) == owed(page, review_months=0) == {"P9"}
        assert owed(page, review_months=months) == owed(page, review_months=1) == set()

    def test_p13_a_condition_page_has_the_emergency_card(self) -> None:
        assert "emergency card" in self.problems(PAGE, kind="condition")
        assert "emergency card" not in self.problems(with_text(PAGE, "::: care-card :::"), kind="condition")
        assert "emergency card" not in self.problems(PAGE)

    @pytest.mark.parametrize(
        "link",
        [
            "[Check](/check/)",
            '[Check](https://clinic.example/check/ "Now")',
            "[Ask](</request/>)",
            "<https://clinic.example/check/>",
            "[Check][1]\n\n[1]: /check/",
        ],
    )
    def test_p14_a_stem_cell_page_and_a_story_lead_to_no_booking(self, link: str) -> None:
        assert owed(with_text(STEM, link)) == {"P14"}
        assert owed(with_text({**PAGE, "kind": "stories"}, link)) == {"P14"}
        assert owed(with_text(PAGE, link)) == set()

    @pytest.mark.parametrize(
        "link", ["[Checked](/stem-cells/claims-checked/)", "[Checks](/checks/)", "Check (/check/)"]
    )
    def test_p14_passes_other_links(self, link: str) -> None:
        assert owed(with_text(STEM, link)) == set()

    def test_p15_trials_were_looked_at_in_the_last_ninety_days(self) -> None:
        page = with_text(STEM, "::: trials :::")
        late = Library.of("", {"trials": [{**TRIALS[0], "checked_on": TODAY - 91 * DAY}]})

        assert owed(page) == set()
        assert owed(page, late) == {"P15"}
        assert owed(STEM, late) == set()

    def test_nobody_was_given_a_reason_for_a_positive_check(self) -> None:
        remarks = content_checks.remarks_of("pages", with_text(PAGE, BENEFIT), LIBRARY, today=TODAY)

        assert {remark.level for remark in remarks if remark.rule == "P2"} == {linter.BLOCK}


class TestReasons:
    TEXT = "It is promising. So they say."

    def remarks(self, text: str = TEXT) -> list[content_checks.Remark]:
        page = {**PAGE, "body": f"{PAGE['body']}\n{text}\n"}
        return content_checks.remarks_of("pages", page, LIBRARY, today=TODAY)

    def reason(self, **changes: Any) -> content_checks.Waiver:
        values = {
            "where": "pages.a-page.body",
            "rule": "C15",
            "passage": "It is promising.",
            "reason": "They are the words of the study.",
            "until": TODAY,
        }
        return content_checks.Waiver(**{**values, **changes})

    def test_a_reason_lets_one_warned_wording_stand(self) -> None:
        (remark,) = self.remarks()

        assert (remark.where, remark.words, remark.passage) == ("pages.a-page.body", "promising", "It is promising.")
        assert content_checks.still_open([remark], [], today=TODAY) == [remark]
        assert content_checks.still_open([remark], [self.reason()], today=TODAY) == []

    def test_it_ends_with_its_day(self) -> None:
        assert content_checks.still_open(self.remarks(), [self.reason()], today=TODAY + DAY)

    @pytest.mark.parametrize(
        "changes",
        [
            {"where": "pages.a-page.title"},
            {"where": "pages.another.body"},
            {"rule": "C40"},
            {"passage": "It is promising!"},
            {"passage": "it is promising."},
            {"reason": " "},
        ],
    )
    def test_it_is_bound_to_place_rule_and_sentence(self, changes: dict[str, Any]) -> None:
        assert content_checks.still_open(self.remarks(), [self.reason(**changes)], today=TODAY)

    def test_other_sentences_around_it_may_change(self) -> None:
        assert not content_checks.still_open(
            self.remarks("Well. It is\npromising. Or not."), [self.reason()], today=TODAY
        )
        assert content_checks.still_open(self.remarks("It is very promising."), [self.reason()], today=TODAY)

    def test_it_never_lets_a_block_stand(self) -> None:
        remarks = self.remarks("It is a cure.")

        assert (
            content_checks.still_open(remarks, [self.reason(rule="C01", passage="It is a cure.")], today=TODAY)
            == remarks
        )

    @pytest.mark.slow
    def test_shipped_reasons_are_all_needed(self) -> None:
        remarks = {(item.where, item.rule, item.digest) for item in shipped.remarks(SHIPPED, today=TODAY)}

        assert [waiver for waiver in SHIPPED.waivers if (waiver.where, waiver.rule, waiver.digest) not in remarks] == []


class TestTextsOfRecords:
    def test_every_field_a_visitor_meets_is_read(self) -> None:
        filled = dict.fromkeys(("title", "short_title", "summary", "body", "author"), "A cure.")
        page = {**PAGE, **filled, "key_facts": [{"label": "Use", "text": "A cure."}]}
        remarks = content_checks.remarks_of("pages", page, LIBRARY, today=TODAY)

        assert {remark.where for remark in remarks if remark.rule == "C01"} == {
            f"pages.a-page.{name}" for name in (*filled, "key_facts.1")
        }

    @pytest.mark.parametrize("table", ["questions", "evidence", "terms", "trials"])
    def test_so_is_every_field_of_the_other_records(self, table: str) -> None:
        fields = content_checks.READ_BY_VISITORS[table]
        record = {content_checks.KEYS[table]: "x", "grade": 4, **dict.fromkeys(fields, "A cure.")}
        places = {remark.where for remark in content_checks.remarks_of(table, record, LIBRARY, today=TODAY)}

        assert places == {f"{table}.x.{name}" for name in fields}

    def test_sources_beside_a_record_are_its_citation(self) -> None:
        statement = {"code": "E1", "grade": 4, "plain_text": "Most people gain.", "sources": []}

        assert content_checks.remarks_of("evidence", statement, LIBRARY, today=TODAY)
        assert not content_checks.remarks_of("evidence", {**statement, "sources": ["x"]}, LIBRARY, today=TODAY)
