"""Addresses as people, telephones and attackers type them, from a seed. About two in three can be mailed."""

import random

LATIN = "abcdefghijklmnopqrstuvwxyz"
SIGNS = "!#$%&'*+-/=?^_`{|}~"
SCRIPTS = (
    "äöüéèçñåøæ",
    "абвгдежзикл",
    "αβγδεζηθικ",
    "אבגדהוזחטי",
    "ابتثجحخدذر",
    "कखगघङचछज",
    "漢字仮名日本東京",
    "ひらがなカタカナ",
    "한국어메일",
    "ÄÖÜÉÇŞİĞ",
    "ｆｕｌｌｗｉｄｔｈ",
    "❤☂♞😀🦴",
)
HIDDEN = ("\u200b", "\u00ad", "\ufeff", "\u200e", "\u2060", "\ufe0f")
HOSTILE = (
    "\u3000", " ", "\u00a0", "\t", "\x00", "\r\nBcc: eve@example.com", "\u202e", "\ud800", "\u2028", "…", "℀", "ß", "ς",
    "\u200c", "@", "..", ",", ";", "<", '"', "(", "=?utf-8?q?eve?=", "\ue000", "\U000e0041", "%00", "xn--", "[", "\\",
)  # fmt: skip


def _word(chance: random.Random, letters: str, longest: int = 12) -> str:
    return "".join(chance.choice(letters) for _ in range(chance.randint(1, longest)))


def _local(chance: random.Random) -> str:
    words = [_word(chance, LATIN + LATIN.upper() + "0123456789" + SIGNS) for _ in range(chance.randint(1, 3))]
    return chance.choice([".".join(words), _word(chance, LATIN, 64), _word(chance, SCRIPTS[10])])


def _label(chance: random.Random) -> str:
    letters = chance.choice([LATIN, LATIN + "0123456789-", *SCRIPTS])
    word = _word(chance, letters, chance.choice([8, 8, 8, 63]))
    in_ascii = "xn--" + word.encode("punycode").decode(errors="replace")
    return chance.choice([word, word, word, word.upper(), chance.choice(LATIN) + word, in_ascii])


def typed_address(chance: random.Random) -> str:
    domain = [_label(chance) for _ in range(chance.choice([1, 1, 1, 2, 3]))]
    last = chance.choice(["com", "example", "EXAMPLE.", "test", "рф", "xn--p1ai", "テスト"])
    dot = chance.choice([".", ".", ".", "。", "．"])
    text = f"{_local(chance)}@{dot.join([*domain, last])}"
    for odd, odds in ((HIDDEN, 0.15), (HOSTILE, 0.15)):
        if chance.random() < odds:
            index = chance.randint(0, len(text))
            text = text[:index] + chance.choice(odd) + text[index:]
    return text
