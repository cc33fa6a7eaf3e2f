"""Words as search understands them: folded, stemmed, widened by what means the same, and corrected. Pure.

The engines stem for themselves. The stems here compare single words: to mark them in a sentence, to find a
synonym, and to notice what is misspelt. Synonyms are our own list, not clinically reviewed.
"""

import dataclasses
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from snowballstemmer import stemmer

from clinic.core import region_words

WORD: Final = re.compile(r"[^\W_]+")
LONGEST_WORD: Final = 40
WORDS_ALONE: Final = re.compile(r"[a-z ]+")
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
LITTLE_SAID: Final = (
    "also another anyone anything around available away because best better bit come comes could does doing done else "
    "even ever exactly explain find get gets getting give go goes going gone good got great happen happens help info "
    "information im ive kind know let like likely long look looking lot made make makes making many may maybe me mean "
    "means might much must near nearby need needed needs never new ok one ones page pages people person please "
    "possible put really right said say says see seem shall show soon start still stuff sure take taken takes tell "
    "thing things think today told too try true truth use used using usually want way website well will without work "
    "working works would yes yet really actually dont doesnt cant isnt wont whats hows"
)
SAYS_LITTLE: Final = frozenset(LITTLE_SAID.split())
"""Words that a question holds and an answer may not: they are let go while any other word is left."""
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
    "approved | approval | licensed | licence | license | licences | licenses",
    "mri | magnetic resonance | mr scan",
    "back pain | backache | back ache | lumbago",
    "tingling | pins and needles",
    "pee | urine | urinate | wee",
    "jab | injection | shot",
    "disc | disk",
    "emergency room | emergency department | casualty",
    *(" | ".join(sorted(forms)) for forms in region_words.forms() if all(map(WORDS_ALONE.fullmatch, forms))),
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
    """What the forms of a word share, by the algorithm that PostgreSQL uses too; “epidurral” is one of “epidural”.

    A stemmer keeps the word it works on, so every call has its own: requests run in threads.
    """
    bare: str = stemmer("english").stemWord("disc" if word in ("disk", "disks") else word)
    return bare[:-1] if len(bare) > 3 and bare[-1] == bare[-2] else bare


def stems_of(text: str) -> tuple[str, ...]:
    return tuple(stem(word) for word in words_of(text) if word not in STOP_WORDS)


def _choices() -> dict[tuple[str, ...], tuple[str, ...]]:
    """The stems of each name -> all names that mean the same."""
    choices: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for line in SYNONYMS:
        names = [name.strip() for name in line.split("|")]
        for name in names:
            choices[stems_of(name)] += [other for other in names if other not in choices[stems_of(name)]]
    return {key: tuple(names) for key, names in choices.items()}


def _names_of_two() -> dict[str, dict[str, str]]:
    pairs: dict[str, dict[str, str]] = defaultdict(dict)
    for line in SYNONYMS:
        for name in line.split("|"):
            if len(both := words_of(name)) == 2:
                pairs[stem(both[0])][stem(both[1])] = both[1]
    return dict(pairs)


MEANS_THE_SAME: Final = _choices()
LONGEST_NAME: Final = max(map(len, MEANS_THE_SAME))
NAMED_WORDS: Final = frozenset(word for line in SYNONYMS for word in words_of(line))
NAMES_OF_TWO: Final[Mapping[str, Mapping[str, str]]] = _names_of_two()
"""Names of two words: the stem of the first, then of the second with the second as it is written."""


@dataclasses.dataclass(frozen=True, slots=True)
class Unit:
    """One thing asked for: the words as typed, and everything that counts as a match, as names of one word or more."""

    typed: str
    choices: tuple[str, ...]

    @property
    def stems(self) -> tuple[tuple[str, ...], ...]:
        return tuple(name_stems for name in (self.typed, *self.choices) if (name_stems := stems_of(name)))


def let_go(words: list[str]) -> list[str]:
    """The words that say what a question is about: all but the little ones, unless there are none but those."""
    said = [word for word in words if word not in STOP_WORDS]
    telling = [word for index, word in enumerate(said) if word not in SAYS_LITTLE or _is_named(said, index)]
    return telling or said


def _is_named(words: list[str], index: int) -> bool:
    """Whether a word is part of a name of two: “back” of “back pain”."""
    pairs = zip(words[max(0, index - 1) : index + 1], words[max(1, index) : index + 2], strict=False)
    return any(stem(second) in NAMES_OF_TWO.get(stem(first), ()) for first, second in pairs)


def named(asked: list[str]) -> Iterator[str]:
    """The words in order, those that are a name of several words together."""
    index = 0
    while index < len(asked):
        for length in range(min(LONGEST_NAME, len(asked) - index), 0, -1):
            typed = " ".join(asked[index : index + length])
            if length == 1 or stems_of(typed) in MEANS_THE_SAME:
                yield typed
                index += length
                break
