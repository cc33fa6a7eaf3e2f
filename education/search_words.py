"""Words as search understands them: folded, stemmed, widened by what means the same, and corrected. Pure.

The engines stem for themselves. The light stems here compare single words: to mark them in a sentence, to find a
synonym, and to notice what is misspelt. Synonyms are our own list, not clinically reviewed.
"""

import dataclasses
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from typing import Final

WORD: Final = re.compile(r"[^\W_]+")
LONGEST_WORD: Final = 40
SHORTEST_CORRECTED: Final = 4
COMPLETIONS: Final = 8
UNSAID: Final = (
    "i me my myself we our ours ourselves you your yours yourself yourselves he him his himself she her hers herself "
    "it its itself they them their theirs themselves what which who whom this that these those am is are was were be "
    "been being have has had having do does did doing a an the and but if or because as until while of at by for with "
    "about against between into through during before after above below to from up down in out on off over under "
    "again further then once here there when where why how all any both each few more most other some such no nor not "
    "only own same so than too very s t can will just don should now d ll m o re ve y"
)
STOP_WORDS: Final = frozenset(UNSAID.split())
"""Words PostgreSQL leaves out of its index; here they are left out of the question on both engines."""
ENDINGS: Final = (
    "ations", "ation", "ators", "ator", "ating", "ated", "ates", "ate", "ings", "ing", "ions", "ion", "ments", "ment",
    "ness", "ers", "er", "ed", "ly", "al", "y",
)  # fmt: skip
SYNONYMS: Final = (
    "herniated disc | slipped disc | bulging disc | prolapsed disc | ruptured disc | disc herniation | disc prolapse | "
    "disc bulge | disc protrusion",
    "degenerative disc disease | ddd | worn disc | disc degeneration | degenerated disc | black disc | thinning disc",
    "sciatica | radiculopathy | radicular pain | sciatic nerve | nerve root pain",
    "pinched nerve | trapped nerve | compressed nerve | squeezed nerve | nerve compression | sciatica",
    "spinal stenosis | narrowed spinal canal | narrow canal | canal stenosis | neurogenic claudication",
    "facet joint arthritis | facet arthropathy | facet syndrome | facet joint pain | spinal arthritis | "
    "arthritis of the spine",
    "stem cell | regenerative medicine | regenerative therapy | regenerative treatment | regenerative | msc | "
    "mesenchymal | cell therapy",
    "marrow concentrate | bmac | bone marrow concentrate | bone marrow aspirate",
    "epidural | steroid injection | cortisone | cortisone injection | corticosteroid | steroid jab",
    "prp | platelet rich plasma | platelet injection",
    "fat cell | adipose | svf | stromal vascular fraction",
    "donor cell | allogeneic",
    "own cell | autologous",
    "exosome | extracellular vesicle",
    "radiofrequency | rfa | nerve ablation | ablation | rhizotomy | denervation",
    "decompression | laminectomy",
    "discectomy | microdiscectomy",
    "surgery | operation",
    "physiotherapy | physio | physical therapy",
    "painkiller | pain relief medicine | analgesic",
    "anti inflammatory | nsaid | ibuprofen | naproxen",
    "opioid | morphine | codeine | oxycodone | tramadol",
    "pretend | sham | placebo",
    "side effect | adverse event | harm | complication",
    "cost | price | fee",
    "approved | approval | licensed | licence",
    "mri | magnetic resonance | mr scan",
    "back pain | backache | back ache | lumbago",
    "tingling | pins and needles",
    "pee | urine | urinate | wee",
    "jab | injection | shot",
    "disc | disk",
    "randomised | randomized",
    "tumour | tumor",
    "centre | center",
    "anaesthetic | anesthetic",
)
"""What people say and what texts say; in each line every name stands for all the others."""


def fold(text: str) -> str:
    """Small letters without accents, so that what is typed and what is printed meet."""
    if text.isascii():
        return text.lower()
    bare = (letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    return "".join(bare).casefold()


def words_of(text: str) -> list[str]:
    return [word[:LONGEST_WORD] for word in WORD.findall(fold(text))]


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """A folded word without its ending; rough, and the same for the forms of most words."""
    bare = without_ending(word)
    return bare[:-1] if len(bare) > 3 and bare[-1] == bare[-2] else bare


def without_ending(word: str) -> str:
    if len(word) <= 3:
        return word
    if word in ("disk", "disks"):
        return "disc"
    if word.endswith("ies"):
        word = word[:-3] + "y"
    elif word.endswith("s") and word[-2] not in "sui":
        word = word[:-1]
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= (4 if len(ending) > 3 else 3):
            word = word.removesuffix(ending)
            break
    return word.removesuffix("e") if len(word) > 3 else word


def stems_of(text: str) -> tuple[str, ...]:
    return tuple(stem(word) for word in words_of(text) if word not in STOP_WORDS)


def _choices() -> dict[tuple[str, ...], tuple[str, ...]]:
    """The stems of each name -> all names that mean the same."""
    found: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for line in SYNONYMS:
        names = [name.strip() for name in line.split("|")]
        for name in names:
            found[stems_of(name)] += [other for other in names if other not in found[stems_of(name)]]
    return {key: tuple(names) for key, names in found.items()}


MEANS_THE_SAME: Final = _choices()
LONGEST_NAME: Final = max(map(len, MEANS_THE_SAME))
NAMED_WORDS: Final = frozenset(word for line in SYNONYMS for word in words_of(line))


@dataclasses.dataclass(frozen=True, slots=True)
class Unit:
    """One thing asked for: the words as typed, and everything that counts as a match, as names of one word or more."""

    typed: str
    choices: tuple[str, ...]

    @property
    def stems(self) -> tuple[tuple[str, ...], ...]:
        return tuple(found for name in (self.typed, *self.choices) if (found := stems_of(name)))


class Vocabulary:
    """The words that visitors could find, each with how many entries hold it."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        self.counts = counts

    @cached_property
    def known(self) -> frozenset[str]:
        return frozenset(without_ending(word) for word in (*self.counts, *NAMED_WORDS))

    @cached_property
    def by_trigram(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for word in (*self.counts, *(NAMED_WORDS - self.counts.keys())):
            for trigram in _trigrams(word):
                found[trigram].append(word)
        return found

    def knows(self, word: str) -> bool:
        return word in self.counts or without_ending(word) in self.known

    def completions(self, beginning: str) -> tuple[str, ...]:
        """The commonest words that go on from here; none for one or two letters."""
        if len(beginning) < 3:
            return ()
        found = [word for word in self.counts if word.startswith(beginning)]
        return tuple(sorted(found, key=lambda word: (-self.counts[word], word))[:COMPLETIONS])

    def nearest(self, word: str) -> str:
        """The word that was probably meant; empty when nothing is near."""
        if len(word) < SHORTEST_CORRECTED or word.isdecimal():
            return ""
        shared: dict[str, int] = defaultdict(int)
        own = _trigrams(word)
        for trigram in own:
            for other in self.by_trigram.get(trigram, ()):
                shared[other] += 1
        alike = sorted(shared, key=lambda other: -shared[other] / len(own | _trigrams(other)))[:30]
        slips = 1 if len(word) <= 5 else 2
        near = [(distance(word, other), -self.counts.get(other, 0), other) for other in alike]
        return min((each for each in near if each[0] <= slips), default=(0, 0, ""))[2]


def _trigrams(word: str) -> frozenset[str]:
    padded = f"  {word} "
    return frozenset(padded[place : place + 3] for place in range(len(padded) - 2))


def distance(first: str, second: str) -> int:
    """How many slips part two words: a letter added, left out or changed, or two neighbours swapped."""
    before: list[int] = []
    last = list(range(len(second) + 1))
    for row, letter in enumerate(first, 1):
        line = [row]
        for column, other in enumerate(second, 1):
            line.append(min(last[column] + 1, line[-1] + 1, last[column - 1] + (letter != other)))
            if row > 1 and column > 1 and letter == second[column - 2] and first[row - 2] == other:
                line[-1] = min(line[-1], before[column - 2] + 1)
        before, last = last, line
    return last[-1]


def units_of(words: list[str], vocabulary: Vocabulary) -> list[Unit]:
    """What is asked for, widened: names of several words first, the last word as a beginning if it is not a word."""
    asked = [word for word in words if word not in STOP_WORDS]
    units = [Unit(typed, MEANS_THE_SAME.get(stems_of(typed), ())) for typed in _named(asked)]
    if units and not units[-1].choices and not vocabulary.knows(units[-1].typed):
        units[-1] = Unit(units[-1].typed, vocabulary.completions(units[-1].typed))
    return units


def _named(asked: list[str]) -> Iterator[str]:
    place = 0
    while place < len(asked):
        for length in range(min(LONGEST_NAME, len(asked) - place), 0, -1):
            typed = " ".join(asked[place : place + length])
            if length == 1 or stems_of(typed) in MEANS_THE_SAME:
                yield typed
                place += length
                break


def corrected(words: list[str], units: list[Unit], vocabulary: Vocabulary) -> str:
    """The words with those unknown to us replaced by the nearest known; empty when there is nothing to correct."""
    unknown = {unit.typed for unit in units if not unit.choices and not vocabulary.knows(unit.typed)}
    better = [(vocabulary.nearest(word) or word) if word in unknown else word for word in words]
    return " ".join(better) if better != words else ""
