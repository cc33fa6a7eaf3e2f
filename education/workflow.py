"""The one transition table of the content, as plain data: it knows neither Django nor the rest of the product.

Owner: the content team. Source: the clinic's rules for publishing. A row says which action takes a page, a small record
or a reader's feedback from which states to which, who may do it, and in which words it is shown. Its words are
translated where they are shown. What else belongs to an action stands in its module in `education/actions/`.
`overdue` is no state: it follows from a date.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final


def N_(message: str) -> str:
    """Marks a message for the catalogue; whoever shows it has it translated."""
    return message


DRAFT: Final = "draft"
IN_REVIEW: Final = "in_review"
PUBLISHED: Final = "published"
UPDATING: Final = "updating"
WITHDRAWN: Final = "withdrawn"
RETIRED: Final = "retired"
PAGE_STATES: Final = {
    DRAFT: N_("Draft"),
    IN_REVIEW: N_("In review"),
    PUBLISHED: N_("Published"),
    UPDATING: N_("Update in progress"),
    WITHDRAWN: N_("Withdrawn"),
    RETIRED: N_("Archived"),
}
WAITING: Final = "waiting"
SHOWN: Final = "shown"
RECORD_STATES: Final = {WAITING: N_("Waiting"), SHOWN: N_("Shown")}
"""Of a small record: whether readers see it as it stands. It follows from its fields."""
OPEN: Final = "open"
RESOLVED: Final = "resolved"
FEEDBACK_STATES: Final = {OPEN: N_("Open"), RESOLVED: N_("Resolved")}
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

NOT_THIS: Final = N_("You may read this page, but not do this. Ask a manager.")
NOT_CHANGE: Final = N_("You may read this, but not change it. Ask a manager.")
NOT_PUBLISH: Final = N_("You may edit pages, but not publish them. Ask a manager.")
NOT_SIGN: Final = N_("This sign-off is for others. Ask a manager.")
ELSEWHERE: Final = N_("A page that is “%(state)s” cannot be moved this way. Reload the page to see its state.")
NOT_SIGNABLE: Final = N_("Only a page that is in review or being updated can be signed.")


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
        _row("submit", _to(IN_REVIEW, DRAFT), WRITE, N_("Send to review"), N_("sent to review")),
        _row("publish", _to(PUBLISHED, IN_REVIEW, UPDATING), PUBLISH, N_("Publish"), N_("published"), NOT_PUBLISH),
        _row(
            "publish_unreviewed", _to(PUBLISHED, IN_REVIEW, UPDATING), PUBLISH,
            N_("Publish as not yet clinically reviewed"), N_("published as not yet clinically reviewed"), NOT_PUBLISH,
        ),
        _row("send_back", _to(DRAFT, IN_REVIEW), WRITE, N_("Back to draft"), N_("sent back to its writers")),
        _row(
            "restore", _to(DRAFT, WITHDRAWN), WRITE,
            N_("Work on it again"), N_("taken up again after it was withdrawn"),
        ),
        _row(
            "sign_clinical", _stays(SIGNABLE), REVIEW,
            N_("Clinical review"), N_("clinical review given"), NOT_SIGN, NOT_SIGNABLE,
        ),
        _row(
            "sign_second", _stays(SIGNABLE), SECOND_SIGN,
            N_("Second sign-off"), N_("second sign-off given"), NOT_SIGN, NOT_SIGNABLE,
        ),
        _row("schedule", _stays(SIGNABLE), PUBLISH, N_("Publish later"), N_("publication scheduled"), NOT_PUBLISH),
        _row(
            "withdraw", _to(WITHDRAWN, PUBLISHED, UPDATING), WITHDRAW,
            N_("Withdraw at once"), N_("withdrawn from the site"),
        ),
        _row("retire", _to(RETIRED, PUBLISHED, UPDATING, WITHDRAWN), PUBLISH, N_("Archive"), N_("archived")),
        _row(
            "waive", _stays((*PAGE_STATES, *RECORD_STATES)), (REVIEW, SECOND_SIGN, PUBLISH),
            N_("Keep this reason"), N_("reason given why a wording may stand"),
            N_("You may edit, but not let a wording stand. Ask a reviewer or a manager."),
        ),
        _row(
            "self_check", _stays(PAGE_STATES), WRITE,
            N_("Fill in the two self-checks"), N_("self-check filled in"), NOT_CHANGE,
        ),
        _row(
            "publish_record", _to(SHOWN, WAITING), PUBLISH,
            N_("Let readers see this"), N_("record published"),
            N_("You may edit this, but not publish it. Ask a manager."),
        ),
        _row(
            "resolve_feedback", _to(RESOLVED, OPEN), ANSWER_FEEDBACK,
            N_("Keep it"), N_("feedback resolved"), NOT_CHANGE,
        ),
        _row(
            "edit", _stays((DRAFT, IN_REVIEW, UPDATING, WITHDRAWN)) | _to(UPDATING, PUBLISHED), WRITE,
            N_("Save"), N_("edited"), NOT_CHANGE,
        ),
        _row(
            "reopen", _to(UPDATING, PUBLISHED, UPDATING), (),
            N_("Reopen"), N_("reopened, because its grounds changed"),
        ),
    )
}  # fmt: skip


def parts_to_sign(kind: str, *, is_stem_cell_page: bool) -> tuple[str, ...]:
    return ("clinical", "second") if is_stem_cell_page or kind in SIGNED_TWICE else ("clinical",)
