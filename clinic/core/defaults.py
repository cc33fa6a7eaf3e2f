"""What a clinic gets when it configures nothing: region lines and reply targets. Plain data, no Django.

Region lines and reply targets follow the clinical specification, parts E.2 to E.4. The targets are a policy that
each clinic agrees for itself. Every value can be overridden from the environment. A region has a number only where
its line names one: where a crisis line is the emergency number, `crisis_phone` is empty.
"""

from typing import Final, TypedDict

APP_VERSION: Final = "1.0.0"


class RegionLines(TypedDict):
    emergency_number: str
    emergency_line: str
    urgent_phone: str
    urgent_line: str
    crisis_phone: str
    crisis_text: str
    crisis_line: str
    regulator_line: str


REGIONS: dict[str, RegionLines] = {
    "default": {
        "emergency_number": "",
        "emergency_line": "Call your local emergency number, or go to the nearest emergency department.",
        "urgent_phone": "",
        "urgent_line": "contact an urgent care service or your own doctor today.",
        "crisis_phone": "",
        "crisis_text": "",
        "crisis_line": "call your local emergency number",
        "regulator_line": "",
    },
    "GB": {
        "emergency_number": "999",
        "emergency_line": "Call 999 or go to A&E now.",
        "urgent_phone": "111",
        "urgent_line": "call 111 or ask for an urgent GP appointment.",
        "crisis_phone": "111",
        "crisis_text": "",
        "crisis_line": "call 999, or 111",
        "regulator_line": "In the UK, treatments made from cells are medicines that the MHRA regulates.",
    },
    "US": {
        "emergency_number": "911",
        "emergency_line": "Call 911 or go to the nearest emergency room.",
        "urgent_phone": "",
        "urgent_line": "go to an urgent care center or call your doctor today.",
        "crisis_phone": "988",
        "crisis_text": "988",
        "crisis_line": "call or text 988, or call 911",
        "regulator_line": "The US Food and Drug Administration (FDA) has not approved any stem cell treatment for back "
        "pain.",
    },
    "CA": {
        "emergency_number": "911",
        "emergency_line": "Call 911 or go to the nearest emergency room.",
        "urgent_phone": "",
        "urgent_line": "go to an urgent care centre or call your doctor today.",
        "crisis_phone": "988",
        "crisis_text": "988",
        "crisis_line": "call or text 988, or call 911",
        "regulator_line": "",
    },
    "EU": {
        "emergency_number": "112",
        "emergency_line": "Call 112 or go to the nearest emergency department.",
        "urgent_phone": "",
        "urgent_line": "call your doctor or the out-of-hours service today.",
        "crisis_phone": "",
        "crisis_text": "",
        "crisis_line": "call 112",
        "regulator_line": "In the European Union, cells that are substantially changed, or used for a different job in "
        "the body, are medicines that need authorisation.",
    },
    "AU": {
        "emergency_number": "000",
        "emergency_line": "Call 000 or go to the nearest emergency department.",
        "urgent_phone": "",
        "urgent_line": "call your GP or the nurse line today.",
        "crisis_phone": "",
        "crisis_text": "",
        "crisis_line": "call 000",
        "regulator_line": "",
    },
    "NZ": {
        "emergency_number": "111",
        "emergency_line": "Call 111 or go to the nearest emergency department.",
        "urgent_phone": "",
        "urgent_line": "call your GP or the nurse line today.",
        "crisis_phone": "",
        "crisis_text": "",
        "crisis_line": "call 111",
        "regulator_line": "",
    },
}

REPLY_TARGETS: dict[str, dict[str, float]] = {
    "EMERGENCY": {"hours": 0.5},
    "SAME_DAY": {"hours": 2},
    "URGENT_REVIEW": {"days": 2},
    "NOT_SUITABLE_NOW": {"days": 5},
    "DEFER": {"days": 5},
    "NEEDS_INFO": {"days": 2},
    "LIKELY_SUITABLE": {"days": 2},
    "MARKED_TEXT": {"hours": 2},
    "MESSAGE": {"days": 1},
}
"""Outcome -> time within which staff reach the patient, in hours or days of the clinic's opening hours.

MARKED_TEXT and MESSAGE: within what time somebody reads a text with words about danger, and any message.
"""

PATIENT_WAITS: dict[str, dict[str, int]] = {"ANSWER": {"days": 3}, "CHOICE": {"days": 7}}
"""After how long a request that waits for the patient comes back to staff.

ANSWER: a question without an answer, in working days. CHOICE: an offer of which no time was taken, in days of the
calendar; it comes back at the next opening.
"""

BACKUP_KEEP: dict[str, int] = {"latest": 12, "hours": 48, "days": 35, "weeks": 26, "bases": 2}
"""How many backups stay: the latest, the last one of so many hours, days and weeks that have one, and base backups."""

SCAN_REPORT_LINE = "If you come for a visit, bring them on paper or on a disc. This site cannot take them."
