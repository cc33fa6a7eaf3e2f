"""A set of answers in one line, and what a nurse should look out for in it.

The words are copy of the version that asked: an answer is never summed up in the words of another.
"""

from collections.abc import Mapping
from typing import Any

from django.utils import formats
from django.utils.translation import gettext as _

from clinic.core.text_lists import comma_list, semicolon_list
from consultations.questionnaire import page_copy
from consultations.questionnaire.definition import UnknownVersion


def one_line(answers: Mapping[str, Any], *, version: str) -> str:
    """Where it hurts, which is worse, how long, how bad: enough to tell one request from the next."""
    try:
        copy = page_copy.load(version)
    except UnknownVersion:
        return _("Answered on questionnaire %(version)s: open the request to read it") % {"version": version}
    where = [copy.where.words[code] for code in chosen(answers, copy.where.question) if code in copy.where.words]
    parts = [_("%(where)s pain") % {"where": comma_list(where).capitalize()}] if where else []
    parts += [
        gist.words[code]
        for gist in (copy.worse, copy.duration)
        for code in chosen(answers, gist.question)
        if code in gist.words
    ]
    peg = [answers.get(key) for key in ("peg_p", "peg_e", "peg_g")]
    scores = [item for item in peg if isinstance(item, int) and 0 <= item <= 10]
    if len(scores) == len(peg):
        score = formats.number_format(round(sum(scores) / 3, 1), decimal_pos=1)
        parts.append(_("PEG %(score)s of 10") % {"score": score})
    return semicolon_list(parts) or _("No answer about the pain yet")


def look_outs(answers: Mapping[str, Any], *, version: str) -> list[str]:
    """What a nurse should look out for, the weightiest first; nothing for a version without words of its own."""
    try:
        rows = page_copy.load(version).look_outs
    except UnknownVersion:
        return []
    return [row.text for row in rows if row.options.intersection(chosen(answers, row.question))]


def chosen(answers: Mapping[str, Any], question: str) -> list[str]:
    """The codes given to a question, whatever shape the raw answer has."""
    given = answers.get(question)
    if isinstance(given, str):
        return [given]
    return [code for code in given if isinstance(code, str)] if isinstance(given, list) else []
