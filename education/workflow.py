"""The states of a page and the only moves between them, and which pages two people sign. Pure: it knows no database.

Owner: the content team. Source: the clinic's rules for publishing. `overdue` is no state: it follows from a date.
"""

from typing import Final

DRAFT: Final = "draft"
IN_REVIEW: Final = "in_review"
PUBLISHED: Final = "published"
UPDATING: Final = "updating"
WITHDRAWN: Final = "withdrawn"
RETIRED: Final = "retired"
STATES: Final = (
    (DRAFT, "Draft"),
    (IN_REVIEW, "In review"),
    (PUBLISHED, "Published"),
    (UPDATING, "Update in progress"),
    (WITHDRAWN, "Withdrawn"),
    (RETIRED, "Retired"),
)
PUBLIC: Final = (PUBLISHED, UPDATING)
"""Readers see the version last published."""
SIGNABLE: Final = (IN_REVIEW, UPDATING)

MOVES: Final = {
    (DRAFT, "edit"): DRAFT,
    (DRAFT, "send"): IN_REVIEW,
    (IN_REVIEW, "edit"): IN_REVIEW,
    (IN_REVIEW, "send_back"): DRAFT,
    (IN_REVIEW, "publish"): PUBLISHED,
    (PUBLISHED, "edit"): UPDATING,
    (PUBLISHED, "reopen"): UPDATING,
    (PUBLISHED, "withdraw"): WITHDRAWN,
    (PUBLISHED, "retire"): RETIRED,
    (UPDATING, "edit"): UPDATING,
    (UPDATING, "reopen"): UPDATING,
    (UPDATING, "publish"): PUBLISHED,
    (UPDATING, "withdraw"): WITHDRAWN,
    (UPDATING, "retire"): RETIRED,
    (WITHDRAWN, "edit"): WITHDRAWN,
    (WITHDRAWN, "take_up"): DRAFT,
    (WITHDRAWN, "retire"): RETIRED,
}
PERMISSIONS: Final = {
    "send": "education.change_page",
    "send_back": "education.change_page",
    "take_up": "education.change_page",
    "sign_clinical": "education.review_page",
    "sign_second": "education.second_sign_page",
    "publish": "education.publish_page",
    "retire": "education.publish_page",
    "withdraw": "education.withdraw_page",
}
SIGNED_TWICE: Final = frozenset({"law", "cost", "account", "statement"})
"""Kinds of page, besides every page about stem cells, that two people sign."""


class MoveRefused(Exception):
    """This cannot be done in this state; the text says so in a sentence."""


def after(state: str, verb: str) -> str:
    """The state a move leads to. Raises MoveRefused."""
    try:
        return MOVES[state, verb]
    except KeyError:
        words = dict(STATES)[state].lower()
        raise MoveRefused(
            f"A page that is “{words}” cannot be moved this way. Reload the page to see its state."
        ) from None


def parts_to_sign(kind: str, *, is_stem_cell_page: bool) -> tuple[str, ...]:
    return ("clinical", "second") if is_stem_cell_page or kind in SIGNED_TWICE else ("clinical",)
