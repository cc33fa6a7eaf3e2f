"""Writes the fonts that pages load, and their rules: weights and letters in use, and a zero without a slash.

Each family comes in three files. The first has the letters and marks of English, and every page loads it; the others
have the other Latin letters (names have them), and browsers load them where one stands on the page.
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables._g_l_y_f import GlyphCoordinates
from fontTools.varLib import instancer

SOURCES = Path("node_modules/@fontsource-variable")
TARGET, SHEET = Path("../static/clinic/fonts"), Path("css/fonts.css")
FAMILIES = {"atkinson": "atkinson-hyperlegible-next", "newsreader": "newsreader"}
CSS_NAMES = {"atkinson": "Atkinson Next", "newsreader": "Newsreader"}
WEIGHTS = {"atkinson": (400, 750), "newsreader": (400, 700)}
"""The first is that of plain text, which a browser takes for anything lighter."""
ENGLISH = {*range(0x20, 0x7F), 0xA0, *map(ord, "£§©®°±²³·¹×÷½¼¾–—‘’“”•…€™−′″éï")}
FEATURES = ["kern", "liga", "ccmp", "locl", "mark", "mkmk", "pnum", "tnum", "lnum", "rvrn"]
ZERO_WITHOUT_SLASH = [*range(20), *range(28, 39), 27, *range(20, 27)]
"""The points of Atkinson's zero, so that the two counters beside the slash are one: it has no other zero to ask for."""

HEAD = "/* Fonts under the OFL, self-hosted. Not written by hand: change build_fonts.py and run: make frontend */\n"
FACE = """\
@font-face {{
  font-family: "{family}";
  src: url("fonts/{file}.woff2") format("woff2");
  font-weight: {weights};
  font-display: swap;
  unicode-range:
    {ranges};
}}
"""


def plain_zero(font: TTFont) -> None:
    glyph = font["glyf"]["zero"]
    if list(glyph.endPtsOfContours) != [15, 26, 38]:
        sys.exit("The zero of this version is drawn in another way: look at it, and change ZERO_WITHOUT_SLASH.")
    ends = list(glyph.endPtsOfContours)
    phantoms = font["glyf"]._getCoordinatesAndControls("zero", font["hmtx"].metrics)[0]
    for variation in font["gvar"].variations["zero"]:
        variation.calcInferredDeltas(phantoms, ends)
        moves = variation.coordinates
        variation.coordinates = [moves[index] for index in ZERO_WITHOUT_SLASH] + moves[39:]
    points = list(glyph.coordinates)
    glyph.coordinates = GlyphCoordinates([points[index] for index in ZERO_WITHOUT_SLASH])
    glyph.flags = bytearray(glyph.flags[index] for index in ZERO_WITHOUT_SLASH)
    glyph.endPtsOfContours, glyph.numberOfContours = [15, 38], 2


def cut(name: str, script: str, target: str, *, english: bool) -> str:
    """One file: of a script the letters that English needs, or the others. Returns its rule."""
    family = FAMILIES[name]
    font = TTFont(SOURCES / family / f"files/{family}-{script}-wght-normal.woff2", recalcTimestamp=False)
    if name == "atkinson" and script == "latin":
        plain_zero(font)
    characters = {item for item in font.getBestCmap() if (item in ENGLISH) is english}
    options = subset.Options(layout_features=FEATURES, hinting=False, notdef_outline=True)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=characters)
    cutter.subset(font)
    font = instancer.instantiateVariableFont(font, {"wght": WEIGHTS[name]})
    font.flavor = "woff2"
    font.save(TARGET / f"{target}.woff2")
    return FACE.format(
        family=CSS_NAMES[name], file=target, weights="{} {}".format(*WEIGHTS[name]), ranges=ranges(characters)
    )


def ranges(characters: set[int]) -> str:
    """As `unicode-range` takes them, a few a line."""
    runs: list[list[int]] = []
    for character in sorted(characters):
        if runs and runs[-1][1] == character - 1:
            runs[-1][1] = character
        else:
            runs.append([character, character])
    written = [f"U+{first:X}" + (f"-{last:X}" if last > first else "") for first, last in runs]
    lines = [", ".join(written[start : start + 8]) for start in range(0, len(written), 8)]
    return ",\n    ".join(lines)


def faces(name: str) -> str:
    first = cut(name, "latin", name, english=True)
    return (
        first
        + cut(name, "latin", f"{name}-latin-1", english=False)
        + cut(name, "latin-ext", f"{name}-latin-ext", english=False)
    )


SHEET.write_text(HEAD + "".join(map(faces, FAMILIES)))
