"""The one transition table of the content, as plain data: it knows neither Django nor the rest of the product.

Owner: the content team. Source: the clinic's rules for publishing. A row says which action takes a page, a small record
or a reader's feedback from which states to which, who may do it, and in which words it is shown. Its words are
translated where they are shown. What else belongs to an action stands in its module in `education/actions/`.
`overdue` is no state: it follows from a date.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

DRAFT: Final = "draft"
IN_REVIEW: Final = "in_review"
PUBLISHED: Final = "published"
UPDATING: Final = "updating"
WITHDRAWN: Final = "withdrawn"
RETIRED: Final = "retired"
PAGE_STATES: Final = {
    DRAFT: "Draft",
    IN_REVIEW: "In review",
    PUBLISHED: "Published",
    UPDATING: "Update in progress",
    WITHDRAWN: "Withdrawn",
    RETIRED: "Retired",
}
WAITING: Final = "waiting"
SHOWN: Final = "shown"
RECORD_STATES: Final = {WAITING: "Waiting", SHOWN: "Shown"}
"""Of a small record: whether readers see it as it stands. It follows from its fields."""
OPEN: Final = "open"
RESOLVED: Final = "resolved"
FEEDBACK_STATES: Final = {OPEN: "Open", RESOLVED: "Resolved"}
STATES: Final = {**PAGE_STATES, **RECORD_STATES, **FEEDBACK_STATES}

PUBLIC: Final = (PUBLISHED, UPDATING)
"""Readers see the version last published."""
SIGNABLE: Final = (IN_REVIEW, UPDATING)

WRITE: Final = "education.change_page"
REVIEW: Final = "education.review_page"
SECOND_SIGN: Final = "education.second_sign_page"
PUBLISH: Final = "education.publish_page"
WITHDRAW: Final = "education.withdraw_page"
ANSWER_FEEDBACK: Final = "education.change_feedback"

SIGNED_TWICE: Final = frozenset({"law", "cost", "account", "statement"})
"""Kinds of page, besides every page about stem cells, that two people sign."""

NOT_THIS: Final = "You may read this page, but not do this. Ask a manager."
NOT_CHANGE: Final = "You may read this, but not change it. Ask a manager."
NOT_PUBLISH: Final = "You may edit pages, but not publish them. Ask a manager."
NOT_SIGN: Final = "This sign-off is for others. Ask a manager."
ELSEWHERE: Final = "A page that is “{state}” cannot be moved this way. Reload the page to see its state."
NOT_SIGNABLE: Final = "Only a page that is in review or being updated can be signed."


@dataclass(frozen=True, slots=True)
class PageTransitionRow:
    """`targets` holds, for each state that `verb` is possible in, the state it leads to: the same for one that is kept.

    `permissions` are those of which a person needs one; without any, only the program itself does it. `label` is what a
    page offers, `past` what the audit trail says of who did it, `refusal` what others are told, and `elsewhere` what
    is said where the state does not allow it.
    """

    verb: str
    targets: Mapping[str, str]
    permissions: tuple[str, ...]
    label: str
    past: str
    refusal: str
    elsewhere: str

    @property
    def sources(self) -> frozenset[str]:
        return frozenset(self.targets)

    def target_from(self, state: str) -> str:
        return self.targets[state]

    def changes_status(self) -> bool:
        return any(before != after for before, after in self.targets.items())


def _row(
    verb: str,
    targets: Mapping[str, str],
    permissions: str | tuple[str, ...],
    label: str,
    past: str,
    refusal: str = NOT_THIS,
    elsewhere: str = ELSEWHERE,
) -> PageTransitionRow:
    asked = (permissions,) if isinstance(permissions, str) else permissions
    return PageTransitionRow(verb, targets, asked, label, past, refusal, elsewhere)


def _to(target: str, *sources: str) -> dict[str, str]:
    return dict.fromkeys(sources, target)


def _stays(sources: Iterable[str]) -> dict[str, str]:
    return {source: source for source in sources}


TRANSITIONS: Final[dict[str, PageTransitionRow]] = {
    row.verb: row
    for row in (
        _row("submit", _to(IN_REVIEW, DRAFT), WRITE, "Send to review", "sent to review"),
        _row("publish", _to(PUBLISHED, IN_REVIEW, UPDATING), PUBLISH, "Publish", "published", NOT_PUBLISH),
        _row("send_back", _to(DRAFT, IN_REVIEW), WRITE, "Back to draft", "sent back to its writers"),
        _row("restore", _to(DRAFT, WITHDRAWN), WRITE, "Work on it again", "taken up again after it was withdrawn"),
        _row(
            "sign_clinical", _stays(SIGNABLE), REVIEW,
            "Clinical review", "clinical review given", NOT_SIGN, NOT_SIGNABLE,
        ),
        _row(
            "sign_second", _stays(SIGNABLE), SECOND_SIGN,
            "Second sign-off", "second sign-off given", NOT_SIGN, NOT_SIGNABLE,
        ),
        _row("schedule", _stays(SIGNABLE), PUBLISH, "Publish later", "publication scheduled", NOT_PUBLISH),
        _row("withdraw", _to(WITHDRAWN, PUBLISHED, UPDATING), WITHDRAW, "Withdraw at once", "withdrawn from the site"),
        _row("retire", _to(RETIRED, PUBLISHED, UPDATING, WITHDRAWN), PUBLISH, "Retire", "retired"),
        _row(
            "waive", _stays((*PAGE_STATES, *RECORD_STATES)), (REVIEW, SECOND_SIGN, PUBLISH),
            "Keep this reason", "reason given why a wording may stand",
            "You may edit, but not let a wording stand. Ask a reviewer or a manager.",
        ),
        _row(
            "self_check", _stays(PAGE_STATES), WRITE,
            "Fill in the two self-checks", "self-check filled in", NOT_CHANGE,
        ),
        _row(
            "publish_record", _to(SHOWN, WAITING), PUBLISH,
            "Let readers see this", "record published", "You may edit this, but not publish it. Ask a manager.",
        ),
        _row("resolve_feedback", _to(RESOLVED, OPEN), ANSWER_FEEDBACK, "Keep it", "feedback resolved", NOT_CHANGE),
        _row(
            "edit", _stays((DRAFT, IN_REVIEW, UPDATING, WITHDRAWN)) | _to(UPDATING, PUBLISHED), WRITE,
            "Save", "edited", NOT_CHANGE,
        ),
        _row("reopen", _to(UPDATING, PUBLISHED, UPDATING), (), "Reopen", "reopened, because its grounds changed"),
    )
}  # fmt: skip


def parts_to_sign(kind: str, *, is_stem_cell_page: bool) -> tuple[str, ...]:
    return ("clinical", "second") if is_stem_cell_page or kind in SIGNED_TWICE else ("clinical",)
