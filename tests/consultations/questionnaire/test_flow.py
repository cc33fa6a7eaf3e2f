from typing import Any

import pytest

from consultations.questionnaire import flow
from consultations.questionnaire.definition import load
from tests.consultations.candidacy.cases import ROUTINE, VIGNETTES

ORDER = {question.id: index for index, question in enumerate(load("1.0.0").questions)}
SCREEN_OF = {name: index for index, screen in enumerate(flow.screens("1.0.0")) for name in screen.question_ids}
ROUTINE_PATHS = [v for v in VIGNETTES if v["kind"] == "typical" and v["expected"]["outcome"] == "LIKELY_SUITABLE"]


def test_every_question_is_asked_on_exactly_one_screen() -> None:
    asked = [name for screen in flow.screens("1.0.0") for name in screen.question_ids]

    assert sorted(asked) == sorted(ORDER)


NEW_SCREENS = [
    ("now", "ab_age rf_now"),
    ("nerves", "rf_ce rf_ce_when"),
    ("injury", "rf_weak rf_injury rf_cancer"),
    ("signs", "rf_systemic rf_risk"),
    ("pain", "pn_where pn_main pn_duration pn_worse pn_walk"),
    ("pain-score", "in_features peg_p peg_e peg_g"),
    ("diagnosis", "dx_told dx_detail im_mri im_share im_metal"),
    ("tried", "tx_tried tx_time sx_level"),
    ("health", "hx_gate hx_thinner hx_diabetes hx_allergy hx_pregnant"),
    ("hopes", "phq2_1 phq2_2 gad2_1 gad2_2 ex_expect ye_claim ex_note hx_height_cm hx_weight_kg"),
]


def test_1_1_0_has_ten_screens_and_pages_for_follow_ups_after_them() -> None:
    screens = flow.screens("1.1.0")
    assert [(s.slug, " ".join(s.order)) for s in screens if not s.follows] == NEW_SCREENS
    assert [(s.slug, s.follows) for s in screens if s.follows] == [
        ("nerves-more", "nerves"), ("pain-more", "pain"), ("diagnosis-more", "diagnosis"), ("tried-more", "tried"),
        ("health-more", "health"), ("hopes-more", "hopes"),
    ]  # fmt: skip
    asked = [name for screen in screens for name in screen.question_ids]
    assert sorted(asked) == sorted(question.id for question in load("1.1.0").questions)
    order_of = {name: number for number, name in enumerate(asked)}
    for question in load("1.1.0").questions:
        assert question.shown_when is None or all(
            order_of[other] < order_of[question.id] for other in question.shown_when.questions
        ), question.id


def test_no_screen_asks_more_than_four_questions() -> None:
    assert max(len(screen.question_ids) for screen in flow.screens("1.0.0")) <= 4


def test_safety_comes_first() -> None:
    sections = [screen.section for screen in flow.screens("1.0.0")]

    assert sections == sorted(sections)
    assert sections[0] == "A"


@pytest.mark.parametrize("question", [q for q in load("1.0.0").questions if q.shown_when], ids=lambda q: q.id)
def test_a_follow_up_stands_on_a_later_screen_than_what_it_follows(question: Any) -> None:
    assert question.shown_when is not None
    assert all(SCREEN_OF[other] < SCREEN_OF[question.id] for other in question.shown_when.questions)


@pytest.mark.parametrize("vignette", ROUTINE_PATHS, ids=lambda vignette: vignette["id"])
def test_a_typical_path_has_at_most_fourteen_screens(vignette: dict[str, Any]) -> None:
    assert len(flow.visible_screens(vignette["answers"], version="1.0.0")) <= 14


def test_walking_forward_meets_every_visible_screen_and_back_again() -> None:
    shown = [screen.slug for screen in flow.visible_screens(ROUTINE, version="1.0.0")]
    forward, slug = [shown[0]], shown[0]
    while (following := flow.next_screen(slug, ROUTINE, version="1.0.0")) is not None:
        slug = following.slug
        forward.append(slug)
    backward = [slug]
    while (earlier := flow.previous_screen(slug, ROUTINE, version="1.0.0")) is not None:
        slug = earlier.slug
        backward.append(slug)

    assert forward == shown
    assert backward == shown[::-1]


def test_a_hidden_screen_leads_to_the_next_one_on_show() -> None:
    following = flow.next_screen("nerves-when", ROUTINE, version="1.0.0")

    assert following is not None
    assert following.slug == "injury"


def test_the_first_incomplete_screen_is_where_a_required_answer_is_missing() -> None:
    answers = {name: value for name, value in ROUTINE.items() if name != "im_mri"}

    screen = flow.first_incomplete(answers, version="1.0.0")

    assert screen is not None
    assert flow.required_missing(screen, answers, version="1.0.0") == ["im_mri"]
    assert flow.first_incomplete(ROUTINE, version="1.0.0") is None
    assert flow.safety_complete({}, version="1.0.0") is False
    assert flow.safety_complete(ROUTINE, version="1.0.0") is True


def test_progress_counts_sections() -> None:
    progress = flow.progress("C", version="1.0.0")

    assert (progress.current, progress.total) == (3, 6)
    assert [state for _, _, state in progress.sections] == ["done", "done", "now", "next", "next", "next"]


def test_the_snapshot_keeps_the_words_as_asked() -> None:
    asked = {
        entry["id"]: entry
        for entry in flow.as_asked({**ROUTINE, "rf_ce_when": "lt2w", "peg_p": 7}, version="1.0.0", region="US")
    }

    assert asked["rf_now"]["text"] == load("1.0.0")["rf_now"].text
    assert asked["rf_now"]["answer"] == ["None of these"]
    assert asked["peg_p"]["answer"] == ["7 out of 10"]
    assert asked["ab_age"]["value"] == 56
    assert "rf_ce_when" not in asked
    assert asked["hx_height_cm"]["answer"] == []


def test_unknown_slugs_and_questions() -> None:
    assert flow.screen_named("nothing", version="1.0.0") is None
    assert flow.next_screen("nothing", {}, version="1.0.0") is None
    with pytest.raises(LookupError):
        flow.screen_of("nothing", version="1.0.0")
