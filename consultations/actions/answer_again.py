"""What is new or worse since a person last told us. A danger among it opens, raises or reopens their safety case."""

import dataclasses
import datetime
from typing import Final

from django.conf import settings

from clinic.core.text_lists import semicolon_list
from consultations.actions.base import ConsultationAction, Ctx
from consultations.candidacy import asked_again as the_list
from consultations.enums import AssessmentOrigin, TextKind
from consultations.forms.asked_again import ELSE, SAME, AskedAgainForm
from consultations.models import Assessment
from consultations.services import asked_again, dangers, patient_texts, scheduling, sources
from consultations.services.transitions import WORKFLOW

REPEATED_WITHIN: Final = datetime.timedelta(minutes=2)
TO_ASK_ABOUT: Final = frozenset({"procedure"})
"""Ticks that somebody asks about within one working day where no red flag fires."""


@dataclasses.dataclass(frozen=True, slots=True)
class AnswerAgainData:
    """The ticks, by code."""

    ticks: tuple[str, ...]

    @property
    def signs(self) -> tuple[str, ...]:
        """What the rules are to judge."""
        return tuple(code for code in self.ticks if code != ELSE and code not in SAME)


@WORKFLOW.register
class AnswerAgain(ConsultationAction[AnswerAgainData, Assessment | None]):
    """Also for a request that ended while its page was open: what was ticked on it counts all the same."""

    verb, data_class, form_class = "answer_again", AnswerAgainData, AskedAgainForm

    def is_repeat(self, ctx: Ctx, data: AnswerAgainData) -> bool:
        """A double click, or the same page from another tab: the same ticks again within two minutes. After words about
        danger the same answer is a new one.
        """
        answered = ctx.row.answered_again_at
        if answered is None or ctx.now - answered > REPEATED_WITHIN or asked_again.wrote_of_danger(ctx.row):
            return False
        return not data.signs or self.result_again(ctx, data) is not None

    def result_again(self, ctx: Ctx, data: AnswerAgainData) -> Assessment | None:
        last = asked_again.last_answer(ctx.row)
        told = asked_again.told_in(last) if last is not None else None
        return last if told is not None and told.ticks == tuple(sorted(data.signs)) else None

    def perform(self, ctx: Ctx, data: AnswerAgainData) -> Assessment | None:
        since, held = asked_again.since(ctx.row), scheduling.chosen(ctx.row)
        row = None
        if data.signs:
            heard = dangers.hear(
                response=sources.unopened(ctx.row.response_id),
                consultation_request=ctx.row,
                origin=AssessmentOrigin.ASKED_AGAIN,
                ticks=data.signs,
                shown=asked_again.shown(data.signs, since=since, chosen=held.starts_at if held else None),
            )
            row = heard.assessment
            ctx.details |= {"ticks": len(data.signs), "danger": int(heard.is_danger)}
            if not heard.is_danger:
                _leave_to_ask(ctx, data)
        ctx.row.answered_again_at = ctx.now
        ctx.row.save(update_fields=["answered_again_at"])
        ctx.fields.append("answered_again_at")
        return row


def _leave_to_ask(ctx: Ctx, data: AnswerAgainData) -> None:
    """No danger, and something to ask about: it waits to be read as a message does, within one working day."""
    signs = [the_list.ticks()[code] for code in data.signs if code in TO_ASK_ABOUT]
    text = semicolon_list(tick.words_in(settings.CLINIC_REGION) for tick in signs)
    patient_texts.keep_about(consultation_request=ctx.row, kind=TextKind.ASKED_AGAIN, text=text)
