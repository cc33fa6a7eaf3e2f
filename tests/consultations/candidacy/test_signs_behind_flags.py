"""Which answers a red flag stands on: a doctor settles those, and each other answer stands or falls by its own rule."""

from consultations.candidacy import engine
from consultations.candidacy.standing import flags_from
from consultations.candidacy.union import Sign
from consultations.enums import Effect
from consultations.questionnaire import definition

RULESET = engine.ruleset_for(definition.CURRENT_VERSION)


def signs_of(rule_id: str, effect: Effect, because: tuple[str, ...], cleaned: dict[str, object]) -> set[Sign]:
    (flag,) = flags_from([(rule_id, effect, because)], cleaned, ruleset=RULESET)
    return set(flag.signs)


def test_only_the_options_that_its_rule_names() -> None:
    """Sweats and a tight band were both ticked; each has a rule of its own."""
    cleaned = {"rf_systemic": ["sweats", "band"]}
    assert signs_of("RF-INF-05", Effect.URGENT, ("rf_systemic",), cleaned) == {Sign("rf_systemic", "sweats")}
    assert signs_of("RF-MAL-06", Effect.URGENT, ("rf_systemic",), cleaned) == {Sign("rf_systemic", "band")}


def test_no_answer_of_another_section() -> None:
    """How long the pain has lasted is no sign of danger that somebody could settle."""
    cleaned = {"pn_duration": "lt6w", "rf_systemic": ["night_pain"]}
    signs = signs_of("RF-MAL-07", Effect.URGENT, ("pn_duration", "rf_systemic"), cleaned)
    assert signs == {Sign("rf_systemic", "night_pain")}


def test_every_answer_of_its_questions_where_the_rule_is_not_known() -> None:
    """A rule of a version that is gone, or one that names no option: nothing that was said may fall away."""
    cleaned = {"rf_systemic": ["sweats", "band"]}
    assert signs_of("RF-OLD-01", Effect.URGENT, ("rf_systemic",), cleaned) == {
        Sign("rf_systemic", "sweats"),
        Sign("rf_systemic", "band"),
    }


def test_its_questions_where_no_answer_is_left() -> None:
    assert signs_of("RF-INF-05", Effect.URGENT, ("rf_systemic",), {}) == {Sign("rf_systemic", "")}
