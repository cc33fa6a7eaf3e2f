"""The safety section, asked whole before a follow-up. A danger among the answers does what one told in a call does."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from consultations.actions.answer_again import REPEATED_WITHIN
from consultations.actions.base import ConsultationAction, Ctx
from consultations.enums import AssessmentOrigin
from consultations.forms.asked_again import SectionForm
from consultations.models import Assessment
from consultations.services import asked_again, dangers, scheduling, sources
from consultations.services.transitions import WORKFLOW


@dataclasses.dataclass(frozen=True, slots=True)
class AnswerSectionData:
    """Raw answers of the safety section, by question. `is_whole`: none is missing."""

    answers: Mapping[str, Any]
    is_whole: bool


@WORKFLOW.register
class AnswerSection(ConsultationAction[AnswerSectionData, Assessment]):
    """The whole safety section, as it is asked before a follow-up: laid on what was told before, and judged, as what is
    heard in a call.
    """

    verb, name, data_class, form_class = "answer_again", "answer_section", AnswerSectionData, SectionForm

    def is_repeat(self, ctx: Ctx, data: AnswerSectionData) -> bool:
        answered = ctx.row.answered_again_at
        is_just_now = answered is not None and ctx.now - answered <= REPEATED_WITHIN
        return is_just_now and self.result_again(ctx, data) is not None

    def result_again(self, ctx: Ctx, data: AnswerSectionData) -> Assessment | None:
        last = asked_again.last_answer(ctx.row)
        told = asked_again.told_in(last) if last is not None else None
        return last if told is not None and told.said == dict(data.answers) else None

    def perform(self, ctx: Ctx, data: AnswerSectionData) -> Assessment:
        response, held = sources.unopened(ctx.row.response_id), scheduling.chosen(ctx.row)
        heard = dangers.hear(
            response=response,
            consultation_request=ctx.row,
            origin=AssessmentOrigin.ASKED_AGAIN,
            said=data.answers,
            shown=asked_again.section_shown(
                data.answers,
                version=response.questionnaire_version,
                since=asked_again.since(ctx.row),
                chosen=held.starts_at if held else None,
            ),
        )
        ctx.details |= {"section": 1, "danger": int(heard.is_danger)}
        ctx.row.answered_again_at = ctx.now
        if data.is_whole:
            ctx.row.section_answered_at = ctx.now
        ctx.row.save(update_fields=["answered_again_at", "section_answered_at"])
        ctx.fields += ["answered_again_at", "section_answered_at"]
        return heard.assessment
