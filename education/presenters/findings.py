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
        (waiver.where, waiver.rule, waiver.digest): waiver
        for waiver in ClaimWaiver.objects.filter(where__in={item.where for item in remarks})
    }
    return [
        {
            "remark": item,
            "why": waivers.full_stop(item.why),
            "instead": waivers.full_stop(item.instead),
            "field": item.where.split(".")[2].replace("_", " ") if item.where.count(".") > 1 else _("the page"),
            "around": item.passage.split(item.words, 1) if item.words and item.words in item.passage else None,
            "is_open": item in waiting,
            "is_block": item.level == linter.BLOCK,
            "waiver": given.get((item.where, item.rule, item.digest)),
            "typed": sent.data["reason"] if sent is not None and _is_about(sent, item) else "",
        }
        for item in remarks
    ]


def _is_about(sent: Form, remark: Remark) -> bool:
    return (sent.data.get("rule"), sent.data.get("digest")) == (remark.rule, remark.digest)
