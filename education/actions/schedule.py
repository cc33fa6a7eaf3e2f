"""Publishing the words of a page at a later instant."""

import dataclasses
import datetime
from typing import Any, Final

from django import forms
from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.core import audit, clock
from clinic.core.actions import Context, NoData, perform_action
from clinic.core.failures import one_by_one
from clinic.core.refusals import TransitionNotAllowed
from education.actions.base import ActionForm, PageAction
from education.models import Page
from education.services import publication
from education.services.refusals import NotComplete, ReasonRefused
from education.services.transitions import WORKFLOW

WHEN: Final = _("Choose a day and a time, for example 2027-01-31 09:00.")


class ScheduleForm(ActionForm):
    at = forms.DateTimeField(
        label=_("Publish on (the clinic’s time)"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
        error_messages={"required": WHEN, "invalid": WHEN},
    )


@dataclasses.dataclass(frozen=True, slots=True)
class ScheduleData:
    at: datetime.datetime


@WORKFLOW.register
class Schedule(PageAction[ScheduleData, None]):
    verb, data_class, form_class = "schedule", ScheduleData, ScheduleForm
    button = _("Publish then")
    done = _("“%(title)s” will be published at that time.")

    def initial_for(self, row: Page) -> dict[str, Any]:
        tomorrow = clock.local(clock.now()) + datetime.timedelta(days=1)
        return {"at": tomorrow.replace(hour=9, minute=0, second=0, microsecond=0)}

    def check(self, ctx: Context[Page], data: ScheduleData) -> None:
        if data.at <= clock.now():
            raise ReasonRefused(gettext("Choose a time that is still to come."))
        if problems := publication.publication_blockers(ctx.row):
            raise NotComplete(problems)

    def changes(self, ctx: Context[Page], data: ScheduleData) -> dict[str, object]:
        ctx.details["at"] = data.at.isoformat()
        return {"publish_at": data.at, "publish_by": ctx.person}

    def perform(self, ctx: Context[Page], data: ScheduleData) -> None:
        return None


def publish_due() -> int:
    """Publish what was scheduled and is due. A page that no longer may be shown loses its schedule. How many.

    Raises SomeFailed after the others had their turn.
    """
    due = Page.objects.filter(publish_at__lte=clock.now()).values_list("pk", flat=True)
    return one_by_one(list(due), _publish_scheduled, what="scheduled page")


@transaction.atomic
def _publish_scheduled(pk: int) -> bool:
    fresh = Page.objects.select_for_update(of=("self",)).select_related("publish_by").get(pk=pk)
    if fresh.publish_at is None or fresh.publish_at > clock.now() or fresh.publish_by is None:
        return False
    try:
        return not perform_action(WORKFLOW.actions["publish"], fresh, NoData(), by=fresh.publish_by).is_repeat
    except TransitionNotAllowed as refusal:
        problems = len(refusal.problems) if isinstance(refusal, NotComplete) else 0
    fresh.publish_at = fresh.publish_by = None
    fresh.save(update_fields=["publish_at", "publish_by"])
    audit.record(action="content.schedule_failed", actor="system", target=fresh, details={"problems": problems})
    return False
