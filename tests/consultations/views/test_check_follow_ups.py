"""Follow-ups: on the page of what they follow with JavaScript, on a page of their own without; and stops on 1.1.0."""

import re
from typing import Any

import pytest

from consultations.enums import Outcome
from consultations.models import SafetyCase
from consultations.questionnaire import definition, flow
from tests.consultations.views.conftest import ROUTINE, Visitor, fields_of

TRIGGERS = {
    ("nerves", "rf_ce_when"): "rf_ce=bladder_leak rf_ce=bladder_start rf_ce=both_legs rf_ce=bowel rf_ce=saddle "
    "rf_ce=sexual",
    ("pain", "pn_main"): "pn_where=leg_above pn_where=leg_below",
    ("pain", "pn_walk"): "pn_where=leg_above&pn_worse=walk pn_where=leg_below&pn_worse=walk",
    ("diagnosis", "dx_detail"): "dx_told=ddd dx_told=hnp dx_told=lss dx_told=slip",
    ("diagnosis", "im_share"): "im_mri=gt2y im_mri=lt6m im_mri=m6_12 im_mri=y1_2",
    ("diagnosis", "im_metal"): "im_mri=gt2y im_mri=never im_mri=not_sure",
    ("tried", "tx_time"): "tx_tried=exercise tx_tried=injection tx_tried=manual tx_tried=pmp tx_tried=tablets",
    ("tried", "sx_level"): "tx_tried=surgery",
    ("health", "hx_thinner"): "hx_gate=thinner",
    ("health", "hx_diabetes"): "hx_gate=diabetes",
    ("health", "hx_allergy"): "hx_gate=allergy",
    ("hopes", "gad2_1"): "phq2_1=1 phq2_1=2 phq2_1=3 phq2_2=1 phq2_2=2 phq2_2=3",
    ("hopes", "gad2_2"): "phq2_1=1 phq2_1=2 phq2_1=3 phq2_2=1 phq2_2=2 phq2_2=3",
}


def follow_ups(page: Any) -> dict[str, tuple[str, bool]]:
    """Each follow-up on a page: when it is shown, and whether it is open."""
    names = re.findall(
        r'<fieldset class="q-follow" role="none" data-shown-when="([^"]*)"( hidden disabled)?>\s*'
        r'<input type="hidden" name="shown" value="(\w+)">',
        page.content.decode(),
    )
    return {name: (when.replace("&amp;", "&"), not closed) for when, closed, name in names}


class TestOnThePage:
    @pytest.mark.parametrize("slug", ["nerves", "pain", "diagnosis", "tried", "health", "hopes"])
    def test_they_are_closed_and_say_what_opens_them(self, visitor: Visitor, slug: str) -> None:
        visitor.answer(until=slug)
        page = visitor.see(f"{visitor.check}/q/{slug}/")
        expected = {name: (when, False) for (where, name), when in TRIGGERS.items() if where == slug}
        assert follow_ups(page) == expected
        assert b'src="/static/consultations/follow-ups.js" defer' in page.content

    def test_every_follow_up_of_the_version_is_looked_at_here(self) -> None:
        assert {(s.slug, name) for s in flow.screens("1.1.0") for name in s.follow_ups} == set(TRIGGERS)
        assert [s.slug for s in flow.screens("1.0.0") if s.follow_ups or s.follows] == []

    def test_what_an_earlier_screen_decides_is_always_open(self, visitor: Visitor) -> None:
        visitor.answer(until="hopes", peg_e="7")
        page = visitor.see(f"{visitor.check}/q/hopes/")
        assert follow_ups(page) == {"gad2_1": ("always", False), "gad2_2": ("always", False)}

    def test_one_that_was_shown_is_read_and_gets_no_page_of_its_own(self, visitor: Visitor) -> None:
        visitor.answer(until="health")
        answered = visitor.give(
            "health", hx_gate=["thinner", "diabetes"], hx_pregnant="na", hx_thinner="aspirin", hx_diabetes="yes",
            shown=["hx_thinner", "hx_diabetes"],
        )  # fmt: skip
        assert answered.headers["Location"] == f"{visitor.check}/q/hopes/"
        assert (visitor.response.answers["hx_thinner"], visitor.response.answers["hx_diabetes"]) == ("aspirin", "yes")

    def test_one_that_was_shown_and_not_answered_is_asked_for_and_stays_open(self, visitor: Visitor) -> None:
        visitor.answer(until="health")
        page = visitor.give("health", hx_gate=["diabetes"], hx_pregnant="na", shown=["hx_diabetes"])
        assert page.status_code == 200
        assert page.context["form"].errors == {"hx_diabetes": ["Choose if your blood sugar is under good control."]}
        assert follow_ups(page) == {
            "hx_thinner": ("hx_gate=thinner", False),
            "hx_diabetes": ("hx_gate=diabetes", True),
            "hx_allergy": ("hx_gate=allergy", False),
        }

    def test_one_that_was_not_shown_is_not_read_and_has_its_own_page(self, visitor: Visitor) -> None:
        visitor.answer(until="health")
        answered = visitor.give("health", hx_gate=["diabetes"], hx_pregnant="na", hx_diabetes="yes")
        assert answered.headers["Location"] == f"{visitor.check}/q/health-more/"
        assert "hx_diabetes" not in visitor.response.answers
        page = visitor.see(f"{visitor.check}/q/health-more/")
        assert list(page.context["form"].fields) == ["hx_diabetes"]
        assert page.context["back_url"] == f"{visitor.check}/q/health/"
        answered = visitor.give("health-more", hx_diabetes="yes")
        assert answered.headers["Location"] == f"{visitor.check}/q/hopes/"
        back = visitor.see(f"{visitor.check}/q/hopes/").context["back_url"]
        assert back == f"{visitor.check}/q/health/", "the page that has them all"

    def test_one_of_two_that_was_shown_leaves_the_other_its_page(self, visitor: Visitor) -> None:
        visitor.answer(until="health")
        answered = visitor.give(
            "health", hx_gate=["thinner", "diabetes"], hx_pregnant="na", hx_thinner="aspirin", shown=["hx_thinner"]
        )
        assert answered.headers["Location"] == f"{visitor.check}/q/health-more/"

    def test_a_page_that_claims_to_show_what_is_not_on_show_is_not_believed(self, visitor: Visitor) -> None:
        visitor.answer(until="health")
        visitor.give(
            "health",
            hx_gate=["none"],
            hx_pregnant="na",
            hx_diabetes="yes",
            peg_p="9",
            shown=["hx_diabetes", "peg_p", "x"],
        )
        assert "hx_diabetes" not in visitor.response.answers
        assert visitor.response.answers["peg_p"] == 6

    def test_the_fields_stand_in_the_order_of_the_version(self, visitor: Visitor) -> None:
        visitor.answer(until="pain")
        page = visitor.see(f"{visitor.check}/q/pain/")
        order = ["pn_where", "pn_main", "pn_duration", "pn_worse", "pn_walk"]
        assert list(page.context["form"].fields) == order
        body = page.content.decode()
        places = [body.index(f'id="div_id_{name}"') for name in order]
        assert places == sorted(places)

    def test_the_mood_questions_have_their_stem_to_themselves(self, visitor: Visitor) -> None:
        visitor.answer(until="hopes")
        body = visitor.see(f"{visitor.check}/q/hopes/").content.decode()
        stem, end = body.index('role="group" aria-labelledby="stem"'), body.index('id="div_id_ex_expect"')
        assert stem < body.index('id="div_id_phq2_1"') < body.index('id="div_id_gad2_2"') < end
        assert "</div>\n" in body[body.index('id="div_id_gad2_2"') : end]

    def test_a_check_that_was_begun_on_1_0_0_has_its_17_screens(
        self, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as earlier:
            earlier.setattr(definition, "CURRENT_VERSION", "1.0.0")
            visitor.begin()
        assert len(flow.screens("1.0.0")) == 17
        assert visitor.answer(until="mood") == f"{visitor.check}/q/mood/"
        assert visitor.complete().headers["Location"] == f"{visitor.check}/sent/"
        assert visitor.response.consultation_request.assessment.ruleset_version == "1.0.0"


class TestStops:
    """After its own screen, once every cause of the emergency is answered; all else after the fourth."""

    def test_both_answers_on_one_page_stop_after_it(self, visitor: Visitor) -> None:
        visitor.answer(until="nerves")
        answered = visitor.give("nerves", rf_ce=["saddle"], rf_ce_when="lt2w", shown=["rf_ce_when"])
        assert answered.headers["Location"] == f"{visitor.check}/emergency/"
        assert SafetyCase.objects.get().level == Outcome.EMERGENCY

    @pytest.mark.parametrize("way", ["on the page", "on its own"])
    def test_a_timing_left_blank_holds_up_no_emergency(self, visitor: Visitor, way: str) -> None:
        visitor.answer(until="nerves")
        if way == "on the page":
            answered = visitor.give("nerves", rf_ce=["saddle"], shown=["rf_ce_when"])
        else:
            assert visitor.give("nerves", rf_ce=["saddle"]).headers["Location"] == f"{visitor.check}/q/nerves-more/"
            answered = visitor.give("nerves-more")
        assert answered.headers["Location"] == f"{visitor.check}/emergency/"
        assert visitor.response.answers["rf_ce_when"] is None
        assert visitor.see(f"{visitor.check}/emergency/").status_code == 200
        assert visitor.see(f"{visitor.check}/q/nerves/").status_code == 200, "a mistake can be put right"
        assert visitor.see(f"{visitor.check}/q/nerves-more/").status_code == 200
        assert visitor.give("nerves-more", rf_ce_when="gt3m").headers["Location"] == f"{visitor.check}/q/injury/"

    @pytest.mark.parametrize("shown", [["rf_ce_when"], []])
    def test_where_it_is_no_emergency_the_timing_is_asked_for(self, visitor: Visitor, shown: list[str]) -> None:
        visitor.answer(until="nerves")
        page = visitor.give("nerves", rf_ce=["sexual"], shown=shown)
        if not shown:
            assert page.headers["Location"] == f"{visitor.check}/q/nerves-more/"
            page = visitor.give("nerves-more")
        assert page.context["form"].errors == {"rf_ce_when": ["Choose when this started or last got worse."]}
        assert not SafetyCase.objects.exists()

    def test_a_timing_that_is_no_answer_is_refused(self, visitor: Visitor) -> None:
        visitor.answer(until="nerves")
        page = visitor.give("nerves", rf_ce=["saddle"], rf_ce_when="yesterday", shown=["rf_ce_when"])
        assert page.context["form"].errors == {"rf_ce_when": ["Choose when this started or last got worse."]}

    @pytest.mark.parametrize(
        ("changes", "stop"),
        [
            ({"rf_now": ["fever"]}, "today"),
            ({"rf_ce": ["sexual"], "rf_ce_when": "lt2w"}, "today"),
            ({"ab_age": "17"}, "adults"),
            ({"rf_now": ["fever"], "rf_risk": ["immune"]}, "emergency"),
        ],
    )
    def test_others_stop_after_the_fourth(self, visitor: Visitor, changes: dict[str, Any], stop: str) -> None:
        answers, seen = {**ROUTINE, **changes}, []
        where = visitor.begin().headers["Location"]
        while "/q/" in where:
            seen.append(where.split("/")[-2])
            where = visitor.give_all_at_once(seen[-1], answers).headers["Location"]
        assert where == f"{visitor.check}/{stop}/"
        assert seen == ["now", "nerves", "injury", "signs"]

    def test_the_pages_without_javascript_carry_on_the_same_way(self, visitor: Visitor) -> None:
        assert visitor.answer(rf_ce=["sexual"], rf_ce_when="lt2w") == f"{visitor.check}/today/"
        assert visitor.answer(rf_ce=["sexual"], rf_ce_when="lt2w") == f"{visitor.check}/result/"


class TestRegions:
    @pytest.mark.parametrize(
        ("region", "bowel", "belly"),
        [
            ("US", "You can&#x27;t control your poop, or", "Sudden, very bad pain in your belly or side"),
            ("GB", "You can&#x27;t control your poo, or", "Sudden, very bad pain in your tummy or side"),
            ("default", "You can&#x27;t control your poo, or", "Sudden, very bad pain in your tummy or side"),
        ],
    )
    def test_the_words_of_the_region_are_shown_and_stored(
        self, visitor: Visitor, settings: Any, region: str, bowel: str, belly: str
    ) -> None:
        settings.CLINIC_REGION = region
        visitor.begin()
        assert belly in visitor.see(f"{visitor.check}/q/now/").content.decode()
        visitor.give("now", **fields_of("now", ROUTINE))
        assert bowel in visitor.see(f"{visitor.check}/q/nerves/").content.decode()
        visitor.give("nerves", rf_ce=["bowel"], rf_ce_when="lt2w", shown=["rf_ce_when"])
        asked = {entry["id"]: entry for entry in visitor.response.assessments.get().record["asked"]}
        stored = dict(asked["rf_ce"]["options"])["bowel"]
        assert stored.startswith(bowel.replace("&#x27;", "'"))
        assert asked["rf_ce"]["answer"] == [stored]

    def test_a_check_on_1_0_0_keeps_its_words_everywhere(self) -> None:
        plain = definition.load("1.0.0").questions
        assert all(definition.worded("1.0.0", region).questions == plain for region in ("US", "GB", "AU"))
