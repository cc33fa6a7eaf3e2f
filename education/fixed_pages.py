"""The pages that list records and have no text of their own."""

import dataclasses
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise


@dataclasses.dataclass(frozen=True, slots=True)
class FixedPage:
    """`lead` is what stands under the heading, `description` what a search engine may show."""

    path: str
    title: "_StrOrPromise"
    short_title: "_StrOrPromise"
    lead: "_StrOrPromise"
    description: "_StrOrPromise"


FAQ: Final = FixedPage(
    "/faq/",
    _("Questions people ask"),
    _("Questions"),
    _("The first sentence of each answer says yes, no, or that nobody knows."),
    _("Straight answers to 24 questions about stem-cell injections for back pain, each with its sources."),
)
GLOSSARY: Final = FixedPage(
    "/glossary/",
    _("Glossary"),
    _("Glossary"),
    _("Words you may meet, each in one plain sentence."),
    _("The words you may meet about back pain and stem-cell injections, each in one plain sentence."),
)
SOURCES: Final = FixedPage(
    "/sources/",
    _("Sources"),
    _("Sources"),
    _(
        "What these pages rest on. Most were read as stored copies of the record or the summary, some in full. Where "
        "we have not checked one, it says so, and no page states it as a fact."
    ),
    _("Every paper, guideline and law that these pages cite, and which of them we have checked."),
)
FIXED_PAGES: Final = {page.path: page for page in (FAQ, GLOSSARY, SOURCES)}
