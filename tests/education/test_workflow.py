"""The transition table of the content against a literal copy of it: whoever changes a row changes it here as well."""

import pytest

from education import workflow
from education.models import Page

TABLE = """
submit           | draft -> in_review                                               | change_page
publish          | in_review -> published, updating -> published                    | publish_page
publish_unreviewed | in_review -> published, updating -> published                  | publish_page
send_back        | in_review -> draft                                               | change_page
restore          | withdrawn -> draft                                               | change_page
sign_clinical    | in_review, updating                                              | review_page
sign_second      | in_review, updating                                              | second_sign_page
schedule         | in_review, updating                                              | publish_page
withdraw         | published -> withdrawn, updating -> withdrawn                    | withdraw_page
retire           | published -> retired, updating -> retired, withdrawn -> retired  | publish_page
waive            | any page, waiting, shown | review_page second_sign_page publish_page
self_check       | any page                                                         | change_page
publish_record   | waiting -> shown                                                 | publish_page
resolve_feedback | open -> resolved                                                 | change_feedback
edit             | draft, in_review, published -> updating, updating, withdrawn     | change_page
reopen           | published -> updating, updating                                  | nobody
"""


def said(row: workflow.PageTransitionRow) -> tuple[str, set[str], set[str]]:
    moves = {before if before == after else f"{before} -> {after}" for before, after in row.targets.items()}
    return row.verb, moves, {permission.removeprefix("education.") for permission in row.permissions} or {"nobody"}


def written(line: str) -> tuple[str, set[str], set[str]]:
    verb, moves, permissions = (part.strip() for part in line.split("|"))
    moves = moves.replace("any page", "draft, in_review, published, updating, withdrawn, retired")
    return verb, {move.strip() for move in moves.split(",")}, set(permissions.split())


def test_the_table_is_the_one_that_was_agreed() -> None:
    assert [said(row) for row in workflow.TRANSITIONS.values()] == [
        written(line) for line in TABLE.strip().splitlines()
    ]


def test_every_row_says_what_was_done_and_what_others_are_told() -> None:
    rows = workflow.TRANSITIONS.values()
    assert [row.verb for row in rows if not (row.label and row.past and row.refusal and row.elsewhere)] == []
    assert len({row.past for row in rows}) == 16


def test_readers_are_reached_by_publishing_alone() -> None:
    into_public = {
        row.verb
        for row in workflow.TRANSITIONS.values()
        for before, after in row.targets.items()
        if after in workflow.PUBLIC and before not in workflow.PUBLIC
    }
    assert into_public == {"publish", "publish_unreviewed"}


def test_nothing_leads_out_of_retired() -> None:
    leading = {row.verb: row.targets.get(workflow.RETIRED, "") for row in workflow.TRANSITIONS.values()}
    assert {verb: target for verb, target in leading.items() if target} == {"waive": "retired", "self_check": "retired"}


def test_pages_have_the_states_of_the_table() -> None:
    assert dict(Page.State.choices) == workflow.PAGE_STATES


@pytest.mark.parametrize(
    ("kind", "is_stem_cell_page", "parts"),
    [
        ("about", False, ("clinical",)),
        ("condition", False, ("clinical",)),
        ("condition", True, ("clinical", "second")),
        *((kind, False, ("clinical", "second")) for kind in ("law", "cost", "account", "statement")),
    ],
)
def test_which_pages_two_people_sign(kind: str, is_stem_cell_page: bool, parts: tuple[str, ...]) -> None:
    assert workflow.parts_to_sign(kind, is_stem_cell_page=is_stem_cell_page) == parts
