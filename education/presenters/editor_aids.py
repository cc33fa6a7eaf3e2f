"""What helps an editor and stops nobody: the reading grade, and two self-checks after DISCERN and the CDC's index.

Sources: DISCERN (Charnock 1999), fifteen questions and one overall, from 1 to 5; the CDC Clear Communication Index,
twenty items. Both are asked here in our own words.
"""

import dataclasses
import re
from typing import Any, Final

import pyphen

from education.forms.self_check import CLEAR, DISCERN, MARKS
from education.markup.markdown import TERM, cited_off, parts
from education.models import Page

SYLLABLES: Final = pyphen.Pyphen(lang="en_US")
"""Hyphenation points stand for syllables: a little few, so the grade is an estimate, as all such grades are."""
WISHED_GRADE: Final = 8
DISCERN_TARGET: Final = 4


@dataclasses.dataclass(frozen=True, slots=True)
class ReadingGrade:
    """Flesch-Kincaid grade (US school years), mean words a sentence, and the longest sentences (over 30 words)."""

    grade: float
    words_a_sentence: float
    too_long: tuple[str, ...]

    @property
    def is_hard(self) -> bool:
        return self.grade > WISHED_GRADE


def plain_words(body: str) -> str:
    """The running text of a page as it is read aloud: no marks, no blocks, headings and list entries as sentences."""
    text = "\n\n".join(part.text for part in parts(body) if part.name in ("", "note", "warning", "know", "scenario"))
    text = TERM.sub(lambda match: match.group(2), cited_off(text))
    text = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", text)
    lines = [re.sub(r"^\s*(#{1,6}|[-*]|\d+\.|>)\s+", "", line).replace("*", "") for line in text.split("\n")]
    return "\n".join(line if not line.strip() or line.rstrip()[-1] in ".!?:;," else f"{line}." for line in lines)


def reading(page: Page) -> ReadingGrade:
    text = plain_words(page.body)
    sentences = [" ".join(item.split()) for item in re.split(r"(?<=[.!?])\s+|\n\s*\n", text) if item.strip()]
    if not sentences:
        return ReadingGrade(0, 0, ())
    lengths = [len(item.split()) for item in sentences]
    too_long = tuple(sentence for sentence, count in zip(sentences, lengths, strict=True) if count > 30)
    mean = sum(lengths) / len(lengths)
    spoken = re.findall(r"[^\W\d_]+", text)
    syllables = sum(len(SYLLABLES.positions(word)) + 1 for word in spoken)
    grade = 0.39 * mean + 11.8 * syllables / max(1, len(spoken)) - 15.59
    return ReadingGrade(round(max(0.0, grade), 1), round(mean, 1), too_long)


def self_check(page: Page) -> dict[str, Any]:
    """The questions with the answers kept, and both scores; a score is None while nothing was answered."""
    answers = page.self_check or {}
    discern = answers.get("discern") or [0] * len(DISCERN)
    clear = answers.get("clear") or [False] * len(CLEAR)
    answered = [answer for answer in discern if answer]
    return {
        "discern": list(zip(DISCERN, discern, strict=True)),
        "clear": list(zip(CLEAR, clear, strict=True)),
        "discern_mean": round(sum(answered) / len(answered), 1) if answered else None,
        "clear_score": round(100 * sum(clear) / len(CLEAR)) if answers.get("clear") else None,
        "target": DISCERN_TARGET,
        "marks": MARKS,
    }
