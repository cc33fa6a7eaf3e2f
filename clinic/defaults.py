"""What a clinic gets when it configures nothing: region lines and reply targets. Plain data, no Django.

Region lines: specification of the questionnaire, part E.2 and E.4. Reply targets: part E.3, a policy each clinic agrees
for itself. Every value can be overridden from the environment.
"""

from typing import TypedDict


class RegionLines(TypedDict):
    emergency_number: str
    emergency_line: str
    urgent_line: str
    crisis_line: str


REGIONS: dict[str, RegionLines] = {
    "default": {
        "emergency_number": "",
        "emergency_line": "Call your local emergency number, or go to the nearest emergency department.",
        "urgent_line": "contact an urgent care service or your own doctor today.",
        "crisis_line": "call your local emergency number",
    },
    "GB": {
        "emergency_number": "999",
        "emergency_line": "Call 999 or go to A&E now.",
        "urgent_line": "call 111 or ask for an urgent GP appointment.",
        "crisis_line": "call 999, or 111",
    },
    "US": {
        "emergency_number": "911",
        "emergency_line": "Call 911 or go to the nearest emergency room.",
        "urgent_line": "go to an urgent care center or call your doctor today.",
        "crisis_line": "call or text 988, or call 911",
    },
    "CA": {
        "emergency_number": "911",
        "emergency_line": "Call 911 or go to the nearest emergency room.",
        "urgent_line": "go to an urgent care centre or call your doctor today.",
        "crisis_line": "call or text 988, or call 911",
    },
    "EU": {
        "emergency_number": "112",
        "emergency_line": "Call 112 or go to the nearest emergency department.",
        "urgent_line": "call your doctor or the out-of-hours service today.",
        "crisis_line": "call 112",
    },
    "AU": {
        "emergency_number": "000",
        "emergency_line": "Call 000 or go to the nearest emergency department.",
        "urgent_line": "call your GP or the nurse line today.",
        "crisis_line": "call 000",
    },
    "NZ": {
        "emergency_number": "111",
        "emergency_line": "Call 111 or go to the nearest emergency department.",
        "urgent_line": "call your GP or the nurse line today.",
        "crisis_line": "call 111",
    },
}

REPLY_TARGETS: dict[str, dict[str, float]] = {
    "EMERGENCY": {"hours": 0.5},
    "SAME_DAY": {"hours": 2},
    "URGENT_REVIEW": {"days": 2},
    "NOT_SUITABLE_NOW": {"days": 5},
    "DEFER": {"days": 5},
    "NEEDS_INFO": {"days": 3},
    "LIKELY_SUITABLE": {"days": 2},
}
"""Outcome -> time within which staff reach the patient, in hours or days of the clinic's opening hours."""
