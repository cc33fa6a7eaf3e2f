"""What the claims rules say of a record, each finding at its place."""

from typing import Any

from django.db import models
from django.forms import Form
from django.utils.translation import gettext as _

from education.claims import linter
from education.claims.content_checks import Remark
from education.models import ClaimWaiver
from education.presenters.action_panel import Refused
from education.services import waivers


def findings_of(record: models.Model, refused: Refused | None = None) -> list[dict[str, Any]]:
    """Every finding at its place in the text, and the reason where one was given, or was typed and refused."""
    sent = (refused or {}).get("waive")
    remarks = waivers.remarks_of(record)
    waiting = waivers.open_remarks(record)
    given = {
        (each.where, each.rule, each.digest): each
        for each in ClaimWaiver.objects.filter(where__in={each.where for each in remarks})
    }
    return [
        {
            "remark": each,
            "why": waivers.full_stop(each.why),
            "instead": waivers.full_stop(each.instead),
            "field": each.where.split(".")[2].replace("_", " ") if each.where.count(".") > 1 else _("the page"),
            "around": each.passage.split(each.words, 1) if each.words and each.words in each.passage else None,
            "is_open": each in waiting,
            "is_block": each.level == linter.BLOCK,
            "waiver": given.get((each.where, each.rule, each.digest)),
            "typed": sent.data["reason"] if sent is not None and _is_about(sent, each) else "",
        }
        for each in remarks
    ]


def _is_about(sent: Form, remark: Remark) -> bool:
    return (sent.data.get("rule"), sent.data.get("digest")) == (remark.rule, remark.digest)
