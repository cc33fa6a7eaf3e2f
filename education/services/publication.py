"""What stands between a page and its readers: the sign-offs of its words, and everything that is still missing."""

from typing import Final

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.core import clock
from education import library, workflow
from education.claims.publication_checks import grade_ends_on
from education.markup import references
from education.models import Page, SignOff
from education.services import records, reopening, waivers

NOT_SIGNED: Final = {
    "clinical": _("A clinician who did not write it has to review these very words first."),
    "second": _("A page of this kind needs a second sign-off, by somebody else than its reviewer and its writers."),
}
WORDS_OF_A_REASON: Final = 4


def current_sign_offs(page: Page) -> dict[str, SignOff]:
    """The latest sign-off of each part that was given to these very words."""
    given = page.sign_offs.filter(digest=page.digest).order_by("at", "pk")
    return {item.part: item for item in given}


def faults_of_words(page: Page) -> list[str]:
    """What in the words themselves keeps readers from seeing them, whoever signed them, in sentences."""
    today = clock.today()
    content = library.Library.of("", library.snapshot_data())
    problems = [*records.problems_of(page), *map(waivers.sentence_of, waivers.open_remarks(page))]
    return problems + [
        reopening.EXPIRED % {"code": code, "day": clock.day(ends)}
        for code in sorted(references.of(page.words(), content).evidence)
        if code in content.evidence and (ends := grade_ends_on(content.evidence[code])) < today
    ]


def publication_blockers(page: Page) -> list[str]:
    """Everything that keeps a page from being published now, in sentences."""
    problems = faults_of_words(page)
    given = current_sign_offs(page)
    for part in workflow.parts_to_sign(page.kind, is_stem_cell_page=page.is_stem_cell_page):
        if part not in given:
            problems.append(str(NOT_SIGNED[part]))
        elif given[part].decision == SignOff.Decision.CHANGES:
            problems.append(
                gettext("%(signature)s wants changes: %(comment)s")
                % {"signature": given[part].signature, "comment": given[part].comment}
            )
    if page.kind == Page.Kind.EVIDENCE and page.live_id and not page.change_note.strip():
        problems.append(gettext("Say under “change note” what changed and why: readers of evidence pages see it."))
    return problems
