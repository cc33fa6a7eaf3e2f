import pytest

from education.presenters.comparison import side_by_side


def told(older: dict, newer: dict) -> list[tuple[str, str, str]]:
    """(field, words that went, words that came) of each row."""
    return [
        (
            row.field,
            "".join(text for text, differs in row.older if differs).strip(),
            "".join(text for text, differs in row.newer if differs).strip(),
        )
        for row in side_by_side(older, newer)
    ]


def test_the_same_words_give_nothing() -> None:
    words = {"title": "A", "body": "One.\n\nTwo.", "key_facts": [{"label": "l", "text": "t"}], "sources": ["a"]}
    assert side_by_side(words, dict(words)) == []


def test_only_the_words_that_differ_are_marked() -> None:
    assert told({"body": "Same.\n\nIt may help."}, {"body": "Same.\n\nIt may harm."}) == [("Body", "help.", "harm.")]


@pytest.mark.parametrize(
    ("older", "newer", "row"),
    [
        ({}, {"title": "New"}, ("Title", "", "New")),
        ({"body": "One.\n\nTwo."}, {"body": "One."}, ("Body", "Two.", "")),
        ({"body": "One."}, {"body": "Nought.\n\nOne."}, ("Body", "", "Nought.")),
        ({"sources": ["a"]}, {"sources": ["a", "b"]}, ("Sources", "", "b")),
        ({"is_stem_cell_page": False}, {"is_stem_cell_page": True}, ("About stem cells", "False", "True")),
        ({"beside": {"payment": "None"}}, {"beside": {"payment": "20"}}, ("Printed beside it", "None", "20")),
        (
            {"key_facts": [{"label": "L", "text": "t"}]},
            {"key_facts": [{"label": "L", "text": "u"}]},
            ("Key facts", "t", "u"),
        ),
    ],
)
def test_every_kind_of_field_is_compared(older: dict, newer: dict, row: tuple[str, str, str]) -> None:
    assert told(older, newer) == [row]


def test_line_breaks_within_a_paragraph_are_no_change() -> None:
    assert side_by_side({"body": "One\ntwo."}, {"body": "One  two."}) == []


def test_each_side_reads_whole() -> None:
    (row,) = side_by_side({"body": "Cells may help some people."}, {"body": "Cells probably help few people."})
    assert "".join(text for text, _ in row.older) == "Cells may help some people."
    assert "".join(text for text, _ in row.newer) == "Cells probably help few people."
