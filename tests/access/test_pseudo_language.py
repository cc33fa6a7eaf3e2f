"""The site in a language that nobody speaks: what stays plain English is glued in Python, or not marked there."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.access.conftest import address, get_as, routes
from tests.pseudo.known import is_known
from tests.pseudo.language import longer
from tests.pseudo.reader import PageReader, plain_pieces
from tests.pseudo.switch import pseudo_language
from tests.pseudo.templates import Longer

READ_AS: dict[str, tuple[str, ...]] = {
    "visitor": ("clinic:", "education:"),
    "walker": ("consultations:",),
    "patient": ("consultations:",),
    "other": ("consultations:",),
    "triage": ("admin:consultations", "admin:index", "admin:today", "admin:core"),
    "doctor": ("admin:consultations_consultationrequest", "admin:consultations_safetycase", "admin:index"),
    "manager": (
        "admin:consultations_consultationrequest",
        "admin:consultations_shift",
        "admin:consultations_clinician",
        "admin:consultations_day",
        "admin:consultations_missed",
        "admin:consultations_location",
        "admin:core",
        "admin:consultations_av",
        "admin:consultations_ab",
        "admin:consultations_room",
        "admin:accounts",
        "admin:index",
    ),
    "editor": ("admin:education", "admin:app_list", "admin:password", "admin:jsi18n"),
}
"""Role -> the beginnings of the names of the addresses that it reads."""
DATA = frozenset(
    {
        "editor", "triage", "doctor", "manager", "admin", "surgeon", "Dr A", "Shipped with the product",
        "Alice", "Alice Winther", "alice example", "Bob", "Bob Pell", "Carol Abbot", "carol example", "I moved",
        "Dr Ines Halloran", "Ines Halloran", "Dr Rosa Alarcon", "Nora Adeyemi", "New York", "Fax", "load",
        "outlook", "dream amirdelfan", "outcome jerome", "clinical-trial contraindication", "x", "account", "statement",
    }
)  # fmt: skip
"""Names of the people of these tests, and what their records hold. "LS" begins the references of the test clinic."""


@pytest.fixture
def pseudo(site: dict[str, Any], catalogue: Path) -> Iterator[None]:
    with pseudo_language(catalogue):
        yield


@pytest.mark.parametrize("role", list(READ_AS))
def test_no_sentence_stays_plain(role: str, site: dict[str, Any], pseudo: None) -> None:
    """Mark it with gettext, run `make messages`; put what is data into a content file, or into DATA."""
    client, plain, read = get_as(role, site), set(), 0
    for name, pattern in routes():
        if not name.startswith(READ_AS[role]):
            continue
        page = client.get(address(pattern, site))
        assert page.status_code < 500, name
        if page.status_code == 200 and "html" in page["Content-Type"]:
            read += 1
            texts = PageReader(page.content.decode()).texts
            pieces = {piece.removesuffix(" LS") for text in texts for piece in plain_pieces(text)}
            plain |= {f"{name}: {piece}" for piece in pieces if not is_known(piece, DATA)}

    assert read >= 9
    assert not plain, "\n".join(sorted(plain))


def test_control_words_grow_and_placeholders_stay() -> None:
    assert longer("Saved by %(who)s on <b>{day}</b> &amp; sent.") == "Sáàvéèd bý %(who)s óòn <b>{day}</b> &amp; séènt."


def test_control_only_what_is_read_of_a_template_grows() -> None:
    source = '<a class="big" title="More" href="{% url "a:b" %}">{{ x|default:"No" }} one</a><script>let a</script>'
    assert "".join(Longer().pieces(source, is_html=True)) == (
        '<a class="big" title="Móòréè" href="{% url "a:b" %}">{{ x|default:"Nóò" }} óònéè</a><script>let a</script>'
    )


def test_control_a_plain_sentence_is_seen() -> None:
    page = '<p title="Read this">Sáàvéèd. The request was moved.</p><script>let it be</script>'
    assert [plain_pieces(text) for text in PageReader(page).texts] == [["Read this"], ["The request was moved"]]
    assert not is_known("The request was moved", DATA)
    assert not is_known("was sent", DATA)
