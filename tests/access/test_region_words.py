"""No page, result, mail or question says a word of another region: US pages say "poop", those of GB "poo"."""

import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest

from clinic.core import defaults, page_cache
from clinic.core.models import OutboxMessage
from consultations import emails
from consultations.candidacy import display, engine
from consultations.enums import MessageKind
from consultations.questionnaire.definition import CURRENT_VERSION, worded
from consultations.services import intake, saved_checks
from education.content import shipped
from education.models import Page
from education.services import loading
from tests.access.conftest import address, get_as, routes
from tests.consultations.views.conftest import Visitor
from tests.content_fixtures import SHIPPED
from tests.mailbox import queue_directly, write
from tests.pseudo.known import in_words_of, strings_in
from tests.pseudo.reader import PageReader

SAID = {
    "US": r"poos?|pooing|tumm(?:y|ies)|wee|ring (?:us|them|the|your|for)|paracetamol|A&E|casualty|GPs?|chemists?|"
    r"physio\w*|mobile (?:phone|number)|postcode|fortnight|whilst",
    "GB": r"poop\w*|bell(?:y|ies)|acetaminophen|tylenol|emergency rooms?|ER|physical therap\w+|cell ?phone|zip code|"
    r"drugstore",
}
"""Region -> what is said for it elsewhere."""
SPELLED = {
    "US": r"(?:multi)?cent(?:re|red|res)|\w*metres?|fibres?|litres?|\w*colour\w*|\w*favour\w*|behaviour\w*|"
    r"neighbour\w*|labour|tumours?|odour|humour|programmes?|anaesth\w+|\w*paedi\w+|orthopaed\w+|haem\w+|diarrhoea|oestr\w+|faec\w+|"
    r"licences?|defences?|judgement\w*|ageing|grey|sceptic\w*|enrolment|"
    r"\w{3,}(?:is|ys)(?:e|ed|es|ing|ation|ations)",
    "GB": r"(?:multi)?cent(?:er|ered|ers)|\w*[^ua]meters?|fibers?|liters?|\w*color\w*|\w*favor\w*|behavior\w*|"
    r"neighbor\w*|labor|tumors?|odor|humor|programs?|anesth\w+|(?:encyclo)?pedi\w+|orthoped\w+|hemato\w*|diarrhea|estrogen|fec(?:es|al)|"
    r"licenses?|defenses?|judgment\w*|aging|gray|skeptic\w*|enrollment|"
    r"\w{3,}(?:iz|yz)(?:e|ed|es|ing|ation|ations)",
}
"""Region -> how it is spelled elsewhere."""
EVERYWHERE = re.compile(
    r"(adverti|advi|exerci|otherwi|prai|promi|ri|rai|surpri|suspi|wi|likewi|preci|noi|cri|compri|compromi|supervi|"
    r"televi|revi|expertise|improvi|disgui|franchi)s(e|ed|es|ing)"
)
"""Words that have their "s" in every region."""
NAMES = ("World Health Organization", "© 2026 Larchwell")
"""Organisations are spelled as they spell themselves."""
PUBLISHED = (
    "Physiotherapy or an exercise plan", "A pain programme or talking therapy", "Local anaesthetic (numbing medicine)",
)  # fmt: skip
"""Options of published questionnaires: their wording stays until a version gives them one for each region."""
ROLES = {
    "visitor": ("clinic:", "education:", "consultations:"),
    "walker": ("consultations:",),
    "patient": ("consultations:",),
    "other": ("consultations:",),
}
"""Role -> the beginnings of the names of the addresses that it reads."""
CITED = sorted(
    {source[name] for source in SHIPPED.sources for name in ("title", "container", "authors")}, key=len, reverse=True
)
"""What sources call themselves. The longest come first, as one may stand in another."""


def foreign_in(text: str, region: str) -> list[str]:
    """The words of other regions in a text, without what is cited."""
    found = _said_elsewhere(text, region)
    if not found:
        return []
    for cited in (*CITED, *NAMES, *PUBLISHED):
        text = text.replace(cited, "") if len(cited) > len("ER") else text
    return _said_elsewhere(text, region)


def _said_elsewhere(text: str, region: str) -> list[str]:
    found = re.findall(rf"\b(?:{SAID[region]}|{SPELLED[region]})\b", text, re.IGNORECASE)
    return [word for word in found if not EVERYWHERE.fullmatch(word.lower())]


@pytest.fixture(params=["US", "GB"])
def region(request: pytest.FixtureRequest, site: dict[str, Any], settings: Any) -> Iterator[str]:
    settings.CLINIC_REGION = request.param
    for name, line in defaults.REGIONS[request.param].items():
        setattr(settings, name.upper(), line)
    loading.load(shipped=shipped.read(), publish=True)
    page_cache.PAGES.clear()
    yield request.param
    page_cache.PAGES.clear()


def pages(site: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every page that somebody reads who is no member of staff: its address, and what it holds."""
    for role, beginnings in ROLES.items():
        client = get_as(role, site)
        paths = [address(pattern, site) for name, pattern in routes() if name.startswith(beginnings)]
        if role == "visitor":
            paths += [page.path for page in Page.objects.all()]
        for path in dict.fromkeys(paths):
            page = client.get(path)
            if page.status_code == 200 and "html" in page["Content-Type"]:
                yield f"{role} {path}", page.content.decode()


RESULTS: dict[str, dict[str, Any]] = {
    "emergency": {"rf_now": ["belly", "cold_leg"], "rf_ce": ["bowel"], "rf_ce_when": "lt2w"},
    "same day": {"rf_systemic": ["band"]},
}


def results(client: Any) -> Iterator[tuple[str, str]]:
    for name, answers in RESULTS.items():
        visitor = Visitor(client)
        visitor.begin()
        yield f"result {name}", visitor.see(visitor.answer(**answers)).content.decode()


def mails(site: dict[str, Any]) -> Iterator[tuple[str, str]]:
    saved_checks.save(response=intake.start(), email="ana@example.com", word="Rosebud 7", wants_reminder=True)
    for kind in emails.WORDINGS:
        if kind not in (MessageKind.STAFF_ALERT, MessageKind.STAFF_NOTICE, MessageKind.DAY_END):
            of_check = OutboxMessage.objects.filter(kind=kind, key__startswith="saved-check").first()
            letter = write(of_check or queue_directly(key=kind, kind=kind, consultation_request=site["other"]))
            yield f"mail {kind}", f"{letter.subject} {letter.text} {letter.html}"


def questions(region: str) -> Iterator[tuple[str, str]]:
    """What the check can say: all its questions, and what each rule and each display table say of them."""
    for question in worded(CURRENT_VERSION, region).questions:
        yield question.id, " ".join([question.text, question.help, *(option.label for option in question.options)])
    for rule in engine.ruleset_for(CURRENT_VERSION).rules:
        yield rule.id, display.patient_line(rule.id, rule.patient, region=region)
    for file in sorted(display.DISPLAY.glob("*.toml")):
        for text in strings_in(tomllib.loads(file.read_text())):
            yield file.name, in_words_of(region, text) if " " in text else ""


def test_nobody_reads_a_word_of_another_region(region: str, site: dict[str, Any], client: Any) -> None:
    """Write it as {word}, and give the word a line in clinic/core/region_words.toml."""
    found, read = set(), 0
    for place, html in (*pages(site), *results(client), *mails(site)):
        read += 1
        found |= {f"{place}: {word}" for word in foreign_in(" | ".join(PageReader(html).texts), region)}
    for place, text in questions(region):
        found |= {f"{place}: {word}" for word in foreign_in(text, region)}

    assert read >= 80
    assert not found, "\n".join(sorted(found))


def test_control_foreign_words_are_seen_and_titles_of_sources_are_not() -> None:
    assert foreign_in("Ring us at one centre about poo and randomised trials, and exercise.", "US") == [
        "Ring us", "centre", "poo", "randomised",
    ]  # fmt: skip
    assert foreign_in("An emergency room, a program, a randomized size, a parameter.", "GB") == [
        "emergency room", "program", "randomized",
    ]  # fmt: skip
    title = "Meta-analysis of randomised trials of mesenchymal stem cell therapy for degenerative disc disease"
    assert foreign_in(f"{title}. World Health Organization.", "US") == []


def test_search_hears_the_words_of_every_region(region: str, client: Any) -> None:
    by_word = {}
    for typed in ("paracetamol", "acetaminophen", "tummy pain", "belly pain", "physiotherapy", "physical therapy"):
        page = client.get("/search/", {"q": typed}).content.decode()
        by_word[typed] = re.findall(r'<h3[^>]*><a href="([^"#]*)', page)[:1]
    assert by_word["paracetamol"] == by_word["acetaminophen"] != []
    assert by_word["tummy pain"] == by_word["belly pain"] != []
    assert by_word["physiotherapy"] == by_word["physical therapy"] != []
