"""Content that was made up at random, and what a load leaves of it."""

import json
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DataError, connection, models, transaction
from hypothesis import given
from hypothesis import strategies as st

from clinic.accounts.models import User
from education.content import shipped
from education.models import ClaimWaiver, Page, Source
from education.services import loading, records
from tests.depth import made_up
from tests.education.content.conftest import RECORD_FILES

pytestmark = pytest.mark.usefixtures("each_text_is_parsed_once")


class TestLoading:
    """What only the database knows: there, too, a sentence and no traceback."""

    def test_an_address_that_staff_gave_away(self, folder: Path, db: None, make_page: Any) -> None:
        make_page(key="ours", path="/about/content/")

        with pytest.raises(CommandError) as refused:
            call_command("load_education", folder=folder)

        assert (
            "pages/about-content.md: about-content, path: /about/content/ is the address of the page “ours” in this "
            "database; choose another, or give that page another in the staff area first."
        ) in str(refused.value)
        assert Page.objects.count() == 1

    def test_pages_may_change_places(self, folder: Path, content: shipped.Shipped) -> None:
        one, other = folder / "pages" / "about-content.md", folder / "pages" / "about-corrections.md"
        for path, old, new in ((one, "content", "corrections"), (other, "corrections", "content")):
            text = path.read_text(encoding="utf-8")
            path.write_text(text.replace(f'path = "/about/{old}/"', f'path = "/about/{new}/"'), encoding="utf-8")

        loading.load(shipped=shipped.read(folder), publish=True)

        assert Page.objects.get(key="about-content").path == "/about/corrections/"
        assert Page.objects.get(key="about-corrections").path == "/about/content/"

    @pytest.mark.parametrize(
        ("model", "says"),
        [
            (Source, "sources.json: source gbd2021_lbp: "),
            (Page, "pages/about-content.md: about-content: "),
            (ClaimWaiver, "waivers.toml: waiver pages.stem-cells-risks.body: "),
        ],
    )
    def test_what_the_database_refuses_all_the_same(
        self,
        model: type[models.Model],
        says: str,
        db: None,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        def refuse(*_: Any, **__: Any) -> None:
            raise DataError("value too long: the words of somebody")

        monkeypatch.setattr(model, "save", refuse)

        with pytest.raises(CommandError) as refused:
            call_command("load_education")

        remedy = "run `python manage.py migrate`, try again, and tell the makers of the program if it stays so."
        assert str(refused.value).splitlines()[1:] == [f"{says}the database refused this (DataError); {remedy}"]
        assert caplog.messages == [f"load_education: {says}the database refused this (DataError)"]
        assert not Source.objects.exists()

    def test_a_refusal_after_the_records(self, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse() -> None:
            raise DataError("no")

        monkeypatch.setattr(loading, "refresh_snapshot", refuse)

        with pytest.raises(shipped.ContentError, match=r"^the content folder: the database refused this \(DataError\)"):
            loading.load(shipped=shipped.read(), publish=True)

        assert not Page.objects.exists()

    def test_a_mistake_in_the_program_is_no_problem_of_the_content(
        self, db: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def mistake() -> None:
            raise TypeError("a mistake")

        monkeypatch.setattr(loading, "refresh_snapshot", mistake)

        with pytest.raises(TypeError):
            loading.load(shipped=shipped.read(), publish=True)

    def test_what_staff_moved_stays_where_it_is(self, folder: Path, content: shipped.Shipped, editor: User) -> None:
        page = Page.objects.get(key="about-content")
        page.path = "/about/us/"
        records.save_record(record=page, by=editor, changed=["path"])

        loading.load(shipped=shipped.read(folder), publish=False)

        page.refresh_from_db()
        assert page.path == "/about/us/"


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=200)
    | st.sampled_from(["x" * 500, "\0", "\ud800", "home", "E1", "/", "/faq/", "a\nb", "2026-11-27", " "]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


TOML_VALUES = st.sampled_from(
    [
        r"5",
        r"-1",
        r"true",
        r"nan",
        r"inf",
        r"1e9",
        r"0x10",
        r"2026-11-27",
        r"2026-11-27T10:00:00",
        r"10:00:00",
        r"[]",
        r"{}",
        r"[[]]",
        r'"E1"',
        r'["E1"]',
        r'"a\u0000b"',
        r'"\u202e"',
        r'""',
        r'"""a\nb"""',
        r"999999999999999999999999999999",
        r"words",
        r'"/',
        r"[",
        r'["/faq/"]',
    ]
)


FILES = st.sampled_from([*RECORD_FILES, "pages/home.md", "pages/stem-cells.md", "pages/back-pain.md"])


DAMAGE = made_up(8, 400)


def is_in_words(error: shipped.ContentError) -> bool:
    """Always False, as the outcome of a load that was refused: by the checks, in sentences that any screen can show."""
    assert error.problems
    assert "the database refused" not in str(error)
    assert str(error).encode().decode() == str(error)
    return False


@pytest.fixture
def outcome(folder: Path, db: None) -> Iterator[Callable[[str, bytes], bool]]:
    """Loads the content with one file replaced and takes everything back: whether it was loaded, or refused in words.

    Any other exception fails the test.
    """

    def load(file: str, data: bytes) -> bool:
        path = folder / file
        before = path.read_bytes()
        path.write_bytes(data)
        try:
            with transaction.atomic():
                loading.load(shipped=shipped.read(folder), publish=True)
                connection.check_constraints()
                transaction.set_rollback(True)
        except shipped.ContentError as error:
            return is_in_words(error)
        finally:
            path.write_bytes(before)
        return True

    return load


@DAMAGE
@given(data=st.data())
def test_any_value_in_a_source_is_loaded_or_refused_in_words(data: st.DataObject, outcome: Any) -> None:
    entries = json.loads((shipped.CONTENT / "sources.json").read_text(encoding="utf-8"))
    entry = data.draw(st.sampled_from(entries))
    entry[data.draw(st.sampled_from([*entry, "other"]))] = data.draw(VALUES)

    assert outcome("sources.json", json.dumps(entries).encode()) in (True, False)


@DAMAGE
@given(file=FILES, chosen=st.randoms(use_true_random=False), value=TOML_VALUES)
def test_any_value_in_a_field_is_loaded_or_refused_in_words(
    file: str, chosen: random.Random, value: str, outcome: Any
) -> None:
    text = (shipped.CONTENT / file).read_text(encoding="utf-8")
    written = list(re.finditer(r"^(\s*\"?\w+\"?(?: =|:) ).*?(,?)$", text, re.MULTILINE))
    field = chosen.choice(written)
    damaged = text[: field.start()] + field[1] + value + field[2] + text[field.end() :]

    assert outcome(file, damaged.encode()) in (True, False)


@DAMAGE
@given(file=FILES, data=st.binary(max_size=20), share=st.floats(0, 1), is_cut=st.booleans())
def test_any_bytes_anywhere_are_loaded_or_refused_in_words(
    file: str, data: bytes, share: float, is_cut: bool, outcome: Any
) -> None:
    raw = (shipped.CONTENT / file).read_bytes()
    index = int(share * len(raw))

    assert outcome(file, raw[:index] + data + (b"" if is_cut else raw[index:])) in (True, False)
