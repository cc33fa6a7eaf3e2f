"""The pages that list records and have no text of their own."""

import dataclasses
from typing import Final


@dataclasses.dataclass(frozen=True, slots=True)
class FixedPage:
    """`lead` is what stands under the heading, `description` what a search engine may show."""

    path: str
    title: str
    short_title: str
    lead: str
    description: str


FAQ: Final = FixedPage(
    "/faq/",
    "Questions people ask",
    "Questions",
    "The first sentence of each answer says yes, no, or that nobody knows.",
    "Straight answers to 24 questions about stem-cell injections for back pain, each with its sources.",
)
GLOSSARY: Final = FixedPage(
    "/glossary/",
    "Glossary",
    "Glossary",
    "Words you may meet, each in one plain sentence.",
    "The words you may meet about back pain and stem-cell injections, each in one plain sentence.",
)
SOURCES: Final = FixedPage(
    "/sources/",
    "Sources",
    "Sources",
    "What these pages rest on. Most were read as stored copies of the record or the summary, some in full. Where we "
    "have not checked one, it says so, and no page states it as a fact.",
    "Every paper, guideline and law that these pages cite, and which of them we have checked.",
)
FIXED_PAGES: Final = {page.path: page for page in (FAQ, GLOSSARY, SOURCES)}
