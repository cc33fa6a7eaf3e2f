"""The first draft, paragraph by paragraph: where the honest version of each stands, and what may never come back."""

import re
from collections.abc import Iterator

import pytest

from education.claims import content_checks
from education.markup.markdown import TERM, cited_off, parts
from tests.content_fixtures import SHIPPED

PAGES = {page["path"]: page for page in SHIPPED.pages}
STATEMENTS = {statement["code"]: statement for statement in SHIPPED.evidence}
ROWS = [
    (1, "/stem-cells/", r"Stem cells for back pain: the short version"),
    (5, "/stem-cells/", r"Many clinics sell such injections"),
    (5, "/stem-cells/", r"Three used a pretend procedure.*other three were run by the makers"),
    (6, "/about/content/", r"We grade one result at a time"),
    (6, "/stem-cells/evidence/", r"how sure we are of one result"),
    (10, "/stem-cells/risks/", r"less likely to be rejected\. That does not make them harmless"),
    (13, "/conditions/degenerative-disc-disease/", r"The change is usual with age, and it is often painless"),
    (13, "/conditions/herniated-disc/", r"not always the cause of pain"),
    (14, "/stem-cells/evidence/", r"We do not know if cells change a worn disc in a way that helps"),
    (15, "/stem-cells/procedure/", r"523 marrow collections"),
    (16, "/faq/", r"Bone marrow, fat or donor cells: which is best\? We do not know"),
    (17, "/stem-cells/procedure/", r"Same day\. .*Grown in a laboratory\. .*From a donor\. "),
    (18, "/stem-cells/procedure/", r"platelet-rich plasma\. We found no fair test of that"),
    (18, "/stem-cells/procedure/", r"adding another substance can change how a product is classed"),
    (19, "/stem-cells/procedure/", r"12 of 4,891 people, about 1 in 400"),
    (21, "/stem-cells/procedure/", r"pretend injection, people in both groups got better"),
    (21, "/stem-cells/evidence/", r"no convincing proof from scans that discs had been restored in people"),
    (
        22,
        "/stem-cells/",
        r"For a herniated disc, spinal stenosis and facet joint arthritis we found no finished fair test",
    ),
    (
        23,
        "/conditions/degenerative-disc-disease/",
        r"In the 3 with a pretend procedure, people given cells did not do clearly better",
    ),
    (24, "/conditions/herniated-disc/", r"shrunk in about 63 of 100 people who had no surgery"),
    (25, "/conditions/spinal-stenosis/", r"no likely way in which injected cells could make the canal wider"),
    (26, "/conditions/facet-joint-arthritis/", r"We do not know if cells reduce pain from facet joints"),
    (29, "/patient-experience/recovery/", r"no published average for recovery after these injections"),
    (29, "/patient-experience/recovery/", r"the two have not been compared"),
    (31, "/stem-cells/risks/", r"How often does serious harm happen\? Nobody knows"),
    (32, "/stories/", r"The teacher .*She had the pretend injection"),
    (32, "/stories/", r"74 of 100 people given cells and 69 of 100 given a pretend injection felt better after a year"),
    (
        33,
        "/stories/",
        r"The gardener .*49 to 95 of 100 people with sciatica are better, by study.*it was the same with early surgery",
    ),
    (34, "/stories/", r"cannot tell you what would have happened without the treatment"),
    (35, "/experts/", r"does not endorse unproven treatments outside trials"),
    (35, "/experts/", r"may be unapproved and unsafe"),
    (36, "/experts/", r"quoted two experts who did not exist\. We removed them"),
    (37, "/experts/", r"The one sound thought .* was that more research is needed"),
    (38, "/patient-experience/preparation/", r"A consultation is for looking at all your options"),
    (38, "/patient-experience/preparation/", r"Nobody has shown a way to choose people who will get better"),
    (38, "/faq/", r"Who was in the studies, and who was left out\?"),
    (39, "/patient-experience/preparation/", r"Do not stop any medicine unless the team that prescribed it agrees"),
    (40, "/patient-experience/procedure-day/", r"We print no hours"),
    (40, "/patient-experience/procedure-day/", r"You may be offered sedation"),
    (40, "/patient-experience/procedure-day/", r"Cells grown in a laboratory: two visits, weeks apart"),
    (41, "/patient-experience/recovery/", r"Expect soreness in your back"),
    (41, "/patient-experience/recovery/", r"back pain that rises day by day"),
    (42, "/patient-experience/follow-up/", r"slowly get better\. So do people given a pretend injection"),
    (42, "/patient-experience/follow-up/", r"after 1, 3, 6, 12 and 24 months"),
    (43, "/stem-cells/", r"experimental"),
    (43, "/stem-cells/evidence/", r"due to end in October 2027.* due to end in November 2028"),
    (45, "/faq/", r"What is stem cell therapy for back pain\? It is an experimental injection of cells"),
    (46, "/faq/", r"How is it supposed to work\? We do not know if it works in people"),
    (47, "/faq/", r"Nobody has shown a way to tell who will get better"),
    (48, "/faq/", r"Is it safe\? We do not know how safe it is"),
    (49, "/faq/", r"does it last\? We do not know\. There is no reliable time to expect"),
    (2, "/back-pain/", r"Your back is made of bones, discs, small joints, nerves and muscles"),
    (3, "/back-pain/", r"619 million people in the world had low back pain in 2020"),
    (4, "/treatments/exercise/", r"[Ee]xercise probably"),
    (4, "/back-pain/", r"It often comes back\. New attacks are common"),
    (7, "/stem-cells/what-are-stem-cells/", r"It can copy itself\. .*It can become a more speciali[sz]ed cell"),
    (8, "/stem-cells/types/", r"not true that only stem cells can give rise to new kinds of cell"),
    (9, "/stem-cells/types/", r"We found no trial of embryonic cells for back pain"),
    (10, "/stem-cells/types/", r"rejection is not the worry\. That does not make them safe"),
    (11, "/stem-cells/types/", r"They are one kind of tissue cell"),
    (11, "/stem-cells/types/", r"they work by sending signals"),
    (12, "/stem-cells/types/", r"leaves out the induced cells\. It also leaves out the blood-forming cells"),
    (12, "/stem-cells/types/", r"PRP is part of your blood .*Exosomes are tiny packets"),
    (14, "/stem-cells/how-it-works/", r"This is an idea to be tested\. It is not a fact about people"),
    (14, "/stem-cells/claims-checked/", r"an idea, not shown in people"),
    (20, "/stem-cells/how-it-works/", r"A needle that goes straight into a disc does not rely on that"),
    (27, "/stem-cells/claims-checked/", r"true of the needle\. It is no sign of benefit"),
    (28, "/stem-cells/claims-checked/", r"Surgery is also for other problems, such as a pressed nerve"),
    (29, "/stem-cells/claims-checked/", r"There is no reliable figure, and nobody has made the comparison"),
    (
        30,
        "/stem-cells/claims-checked/",
        r"Makers report it; the three tests with a pretend procedure do not bear it out",
    ),
    (31, "/stem-cells/claims-checked/", r"The rate of serious harm is unknown"),
    (44, "/treatments/", r"talk about all your options"),
]
"""Row of the table, address of the page, and words that must stand there."""
REMOVED = (
    "John Smith", "Jane Doe", "a new hope", "hope for relief", "new frontier", "exciting future", "pain-free",
    "generally considered safe", "could be the solution", "gaining traction", "momentary relief",
    "significant advancement", "promising results", "ideal candidate", "good candidate", "large incisions",
    "regenerative specialist", "real-world results", "reduced recovery time", "success story", "success stories",
    "carpenter",
)  # fmt: skip
"""Words of the first draft that claim too much, or were made up."""


def as_read(text: str) -> str:
    """A text on one line, without marks of citations, terms and emphasis."""
    plain = TERM.sub(lambda match: match.group(2), cited_off(text))
    return " ".join(re.sub(r"^:::.*$|^#+ |^[-|] |\*\*", "", plain, flags=re.MULTILINE).split())


def said(path: str) -> str:
    """What a page says: title, summary, text, and the statements it shows."""
    if path == "/faq/":
        return as_read("\n".join(f"{item['question']} {item['answer']}" for item in SHIPPED.questions))
    page = PAGES[path]
    texts = [page["title"], page["summary"], page["body"]]
    for part in parts(page["body"]):
        codes = part.text.split() if part.name in ("evidence", "compare") else []
        codes = list(STATEMENTS) if part.name == "evidence-table" else codes
        texts += [STATEMENTS[code]["plain_text"] for code in codes]
    return as_read("\n".join(texts))


def outside_quotes(text: str) -> str:
    """A text without the claims that are quoted to be judged."""
    return "\n".join(part.text for part in parts(text) if part.name != "quoted-claim")


def removed_words(text: str) -> list[str]:
    read = as_read(outside_quotes(text)).lower().replace("\u2011", "-")
    return [phrase for phrase in REMOVED if phrase.lower() in read]


def shipped_texts() -> Iterator[tuple[str, str]]:
    for table in content_checks.READ_BY_VISITORS:
        for record in getattr(SHIPPED, table):
            yield from content_checks.texts_of(table, record)


@pytest.mark.parametrize(
    ("row", "path", "phrase"), ROWS, ids=[f"{row}-{index}" for index, (row, _, _) in enumerate(ROWS)]
)
def test_the_honest_version_stands_where_it_should(row: int, path: str, phrase: str) -> None:
    assert re.search(phrase, said(path)), f"Row {row} is missing on {path}."


def test_every_row_of_the_table_has_its_place() -> None:
    by_a_test_of_their_own = {50}

    assert {row for row, _, _ in ROWS} | by_a_test_of_their_own == set(range(1, 51))


def test_no_shipped_text_brings_back_what_was_removed() -> None:
    brought_back = {where: words for where, text in shipped_texts() if (words := removed_words(text))}

    assert brought_back == {}


def test_every_page_has_real_related_reading() -> None:
    few = {path: page["related"] for path, page in PAGES.items() if not 3 <= len(set(page["related"]) - {path}) <= 5}

    assert few == {}


def test_removed_words_are_found_in_plain_text_and_let_through_when_quoted() -> None:
    assert removed_words("Says **Dr. Jane\nDoe**.") == ["Jane Doe"]
    assert removed_words("::: note\nIt is generally considered safe.\n:::") == ["generally considered safe"]
    assert removed_words("::: quoted-claim\nA pain-free life.\n:::\n\n**Verdict:** not shown.") == []


def test_there_are_two_scenarios_and_no_way_to_booking_beside_them() -> None:
    with_scenarios = {
        path: [part for part in parts(page["body"]) if part.name == "scenario"] for path, page in PAGES.items()
    }

    assert {path: len(item) for path, item in with_scenarios.items() if item} == {"/stories/": 2}
    assert not content_checks.BOOKING.search(PAGES["/stories/"]["body"])
