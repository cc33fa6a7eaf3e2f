"""Keys on paper: what was printed is read again, and a slip of a finger is named by its line."""

import base64
import io

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from clinic.core.backups import paper
from clinic.core.backups.paper import Mistyped

KEY = b"a field key for tests, 32 bytes."


def read_keys(monkeypatch, typed: str, **options: object) -> str:
    out = io.StringIO()
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    call_command("read_keys", stdout=out, stderr=io.StringIO(), **options)
    return out.getvalue()


def test_it_is_four_lines_of_letters_that_no_other_looks_like():
    lines = paper.write("k1", KEY).splitlines()
    assert lines[0] == "k1"
    assert [len(line) for line in lines[1:]] == [31, 31, 31, 16]
    assert not set("".join(lines[1:])) & set("OILU")


@given(st.binary(min_size=32, max_size=32), st.from_regex(r"[A-Za-z0-9]{1,8}", fullmatch=True))
def test_what_was_printed_is_read(key, name):
    assert paper.read(paper.write(name, key)) == {name: key}


def test_as_people_type():
    typed = paper.write("k1", KEY).replace("0", "o").replace("1  ", "1 ").lower().replace("  -  ", "-")
    assert paper.read(typed) == {"k1": KEY}


@pytest.mark.parametrize("line", [1, 2, 3, 4])
def test_one_wrong_letter_is_named_by_its_line(line):
    lines = paper.write("k1", KEY).splitlines()
    first = lines[line][3]
    lines[line] = lines[line][:3] + ("7" if first != "7" else "8") + lines[line][4:]
    with pytest.raises(Mistyped, match=f"Line {line} of k1 is not as it was printed"):
        paper.read("\n".join(lines))


def test_two_lines_that_changed_places_are_noticed():
    lines = paper.write("k1", KEY).splitlines()
    with pytest.raises(Mistyped, match="Line 2 of k1 does not follow"):
        paper.read("\n".join([lines[0], lines[2], lines[1], *lines[3:]]))


def test_the_lines_of_one_key_are_not_taken_for_those_of_another():
    with pytest.raises(Mistyped, match="Line 1 of k2 is not"):
        paper.read(paper.write("k1", KEY).replace("k1", "k2"))


def test_lines_without_a_name_are_refused():
    with pytest.raises(Mistyped, match="Type the name"):
        paper.read("\n".join(paper.write("k1", KEY).splitlines()[1:]))


def test_a_missing_line_is_noticed(monkeypatch):
    typed = "\n".join(paper.write("k1", KEY).splitlines()[:-1])
    with pytest.raises(CommandError, match="k1 is not complete"):
        read_keys(monkeypatch, typed, show=True)


class TestCommands:
    @pytest.fixture(autouse=True)
    def keys(self, settings):
        settings.FIELD_KEYS = "k1:" + base64.b64encode(KEY).decode()
        settings.INDEX_KEY = ""

    def test_the_printed_paper_is_that_of_the_settings(self, monkeypatch):
        printed = io.StringIO()
        call_command("print_keys", stdout=printed, stderr=io.StringIO())
        assert read_keys(monkeypatch, printed.getvalue()) == "k1: as in the settings.\n"

    def test_the_digest_key_is_printed_where_the_settings_name_it(self, settings, monkeypatch):
        settings.INDEX_KEY = base64.b64encode(b"i" * 32).decode()
        printed = io.StringIO()
        call_command("print_keys", stdout=printed, stderr=io.StringIO())
        assert read_keys(monkeypatch, printed.getvalue()) == (
            "k1: as in the settings.\nINDEX_KEY: as in the settings.\n"
        )

    def test_after_the_machine_was_lost_it_becomes_settings_again(self, settings, monkeypatch):
        wanted = f"FIELD_KEYS={settings.FIELD_KEYS}\n"
        typed = paper.write("k1", KEY)
        settings.FIELD_KEYS = ""
        assert read_keys(monkeypatch, typed, show=True) == wanted

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ({"k1": b"x" * 32}, "another key than in the settings"),
            ({"k1": KEY, "k2": b"y" * 32}, "not in the settings"),
        ],
    )
    def test_another_paper_is_told(self, monkeypatch, typed, said):
        text = "\n".join(paper.write(name, key) for name, key in typed.items())
        out = io.StringIO()
        monkeypatch.setattr("sys.stdin", io.StringIO(text))
        with pytest.raises(CommandError, match="not the same"):
            call_command("read_keys", stdout=out, stderr=io.StringIO())
        assert said in out.getvalue()

    def test_nothing_typed_proves_nothing(self, monkeypatch):
        with pytest.raises(CommandError, match="Nothing was typed"):
            read_keys(monkeypatch, "\n")


def test_a_backup_key_is_made_to_be_put_on_paper():
    from clinic.core.backups import keys

    out = io.StringIO()
    call_command("make_backup_key", stdout=out)
    lines = [line.strip() for line in out.getvalue().splitlines() if line.startswith("    ")]
    public, secret = lines
    identity = keys.identity(secret.lower())
    assert public == f"BACKUP_KEY={identity.to_public()}"
    assert keys.fingerprint(identity.to_public()) in out.getvalue()
    with pytest.raises(ValueError, match="one wrong letter"):
        keys.identity(secret[:-1] + ("Q" if secret[-1] != "Q" else "P"))
