"""The short words around each question: what it is about, and what to do when it has no answer.

Owner: the clinic's content team. The questions themselves stand in the questionnaire's definition; a question without
a row here gets general words.
"""

from typing import Final

from consultations.questionnaire.definition import Question

NOTHING_CHOSEN_TWICE: Final = (
    "You chose “{none}” together with something else. Untick “{none}”, or untick the other answers."
)
TOO_LONG: Final = "Shorten your text to {limit} characters or fewer. It has {length} now."

LEADS: Final[dict[str, dict[str, str]]] = {
    "1.0.0": {
        "now": "We ask this first because some causes of back pain need a hospital, not a clinic.",
        "pain-score": "Think about the past week, and choose the average. There is no right answer.",
        "health": "Leave height and weight empty if you would rather not say.",
    },
}
"""Version of the questionnaire -> screen -> one sentence under its heading."""

ABOUT: Final[dict[str, dict[str, tuple[str, str]]]] = {
    "1.0.0": {
        "ab_age": ("your age", "Enter your age as a whole number, like 54."),
        "rf_now": ("what you have now", "Choose everything you have now, or “None of these”."),
        "rf_ce": ("numbness, bladder, bowel or both legs", "Choose every problem you have, or “None of these”."),
        "rf_ce_when": ("when this started", "Choose when this started or last got worse."),
        "rf_weak": ("weakness in your leg or foot", "Choose if your leg or foot is weak."),
        "rf_injury": ("a fall, accident or injury", "Choose if this pain started after a fall, accident or injury."),
        "rf_cancer": ("cancer", "Choose if you have ever had cancer."),
        "rf_systemic": ("the last 3 months", "Choose everything from the last 3 months, or “None of these”."),
        "rf_risk": ("other risks", "Choose everything that applies to you, or “None of these”."),
        "pn_where": ("where your pain is", "Choose every place where you have pain."),
        "pn_main": ("which pain is worse", "Choose which pain is worse."),
        "pn_duration": ("how long you have had this pain", "Choose how long you have had this pain."),
        "pn_worse": ("what makes your pain worse", "Choose what makes your pain worse, or “Nothing in particular”."),
        "pn_walk": ("leg pain when you walk", "Choose if leg pain eases when you sit down or lean forward."),
        "in_features": ("what is true for you", "Choose everything that is true for you, or “None of these”."),
        "peg_p": ("your average pain", "Choose a number for your pain on average."),
        "peg_e": ("your enjoyment of life", "Choose a number for your enjoyment of life."),
        "peg_g": ("your general activity", "Choose a number for your general activity."),
        "dx_told": ("what a doctor told you", "Choose everything a doctor has told you, or “None of these”."),
        "dx_detail": (
            "details a doctor or scan gave",
            "Choose everything a doctor or report said, or “None of these”.",
        ),
        "im_mri": ("your MRI scan", "Choose if you have had an MRI scan."),
        "im_share": ("sending your scan", "Choose if you can send us the scan."),
        "im_metal": ("metal or devices in your body", "Choose if something in your body could stop an MRI."),
        "tx_tried": ("what you have tried", "Choose everything you have tried, or “Nothing yet”."),
        "tx_time": ("how long you have tried", "Choose how long you have been trying these treatments."),
        "sx_level": ("your spine operation", "Choose if your operation was in the same place as your pain."),
        "hx_gate": ("your health", "Choose everything about your health, or “None of these”."),
        "hx_thinner": ("your blood thinner", "Choose which medicine you take to thin your blood."),
        "hx_diabetes": ("your blood sugar", "Choose if your blood sugar is under good control."),
        "hx_allergy": ("what you reacted to", "Choose everything you reacted to."),
        "hx_pregnant": ("pregnancy", "Choose the answer about pregnancy, or “This does not apply to me”."),
        "hx_height_cm": ("your height", "Enter your height."),
        "hx_weight_kg": ("your weight", "Enter your weight."),
        "phq2_1": ("interest or pleasure in doing things", "Choose how often you had little interest or pleasure."),
        "phq2_2": ("feeling down", "Choose how often you felt down, depressed or hopeless."),
        "gad2_1": ("feeling nervous", "Choose how often you felt nervous, anxious or on edge."),
        "gad2_2": ("worrying", "Choose how often you could not stop or control worrying."),
        "ye_claim": ("a claim about your back", "Choose if there is a claim about your back."),
        "ex_expect": ("what you hope for", "Choose what you most hope for."),
        "ex_note": ("anything else", "Write what you want us to know."),
    },
}
"""Version of the questionnaire -> question -> what it is about, and what to do when it has no answer."""


GENERAL: Final = ("this answer", "Choose an answer to this question.")


def lead(screen: str, *, version: str) -> str:
    """The sentence under the heading of a screen; empty for most."""
    return LEADS.get(version, {}).get(screen, "")


def short(question: Question) -> str:
    """What a "Change" link is about, after the word itself."""
    return ABOUT.get(question.version, {}).get(question.id, GENERAL)[0]


def missing(question: Question) -> str:
    return ABOUT.get(question.version, {}).get(question.id, GENERAL)[1]
