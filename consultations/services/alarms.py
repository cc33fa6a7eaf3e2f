"""That nobody could be told is itself an alarm: in words for Today, in a word for the health check, in the log."""

import datetime
import logging
from typing import Final, NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.core import clock
from clinic.core.models import OutboxMessage
from clinic.core.text_lists import comma_list
from consultations.enums import CaseStatus, MessageKind, Outcome
from consultations.models import PatientText, SafetyCase
from consultations.services import alerts, duty, text_alarms

UNSENT_AFTER: Final = datetime.timedelta(minutes=5)
"""An alert that waits longer has reached nobody: the worker or the mail server is not there."""
FRESH: Final = datetime.timedelta(minutes=1)
CASES_NAMED: Final = 5
logger = logging.getLogger(__name__)


class Mail(NamedTuple):
    """What became of one alert."""

    key: str
    case_id: int | None
    created_at: datetime.datetime
    sent_at: datetime.datetime | None
    parked_at: datetime.datetime | None


def untold(*, now: datetime.datetime) -> list[int]:
    """The numbers of waiting emergencies of which nobody was told, and of which no alert is on its way."""
    # No column more than is asked: one that cannot be decoded must not hide the alarm of all the others.
    waiting = alerts.waiting().select_related("alarm_group").order_by("pk")
    cases = list(waiting.only("patient_id", "alarmed_at", "alarm_group__first_at"))
    if not cases:
        return []
    groups = {case.alarm_group_id: case.alarm_group.first_at for case in cases if case.alarm_group is not None}
    since = min([case.alarmed_at for case in cases] + list(groups.values()))
    about = Q(subject__case__in=[case.pk for case in cases]) | Q(key__startswith=f"{alerts.POOL}-")
    for group in groups:
        about |= Q(key__startswith=f"group-{group}-")
    rows = OutboxMessage.objects.filter(about, kind=MessageKind.STAFF_ALERT, created_at__gte=since)
    mails = [Mail(*row) for row in rows.values_list("key", "subject__case_id", "created_at", "sent_at", "parked_at")]
    return [case.pk for case in cases if not _is_told(case, mails, now=now)]


def _is_told(case: SafetyCase, mails: list[Mail], *, now: datetime.datetime) -> bool:
    mine = [mail for mail in mails if _is_about(case, mail, now=now)]
    return _have_arrived(mine, since=case.alarmed_at, now=now)


def _have_arrived(mine: list[Mail], *, since: datetime.datetime, now: datetime.datetime) -> bool:
    """Whether one of the mails about an alarm that began then went out, or is soon to go out."""
    if not mine:
        # It has just changed hands: the worker is about to tell of it.
        return now - since < FRESH and _is_anybody_there(now)
    if all(mail.parked_at for mail in mine):
        return False
    change = alerts.told_before(now)
    if change is not None and now - change >= UNSENT_AFTER:
        mine = [mail for mail in mine if mail.created_at >= change]
    if not mine or any(mail.sent_at for mail in mine):
        return bool(mine)
    is_on_its_way = any(mail.parked_at is None for mail in mine)
    begun = since if change is None else max(since, change)
    is_late = now - begun >= alerts.REPEAT + FRESH or now - min(mail.created_at for mail in mine) >= UNSENT_AFTER
    return is_on_its_way and not is_late


def untold_texts(*, now: datetime.datetime) -> list[int]:
    """The numbers of texts with words about self-harm of which nobody was told, as with emergencies."""
    texts = list(text_alarms.waiting().only("response_id", "sent_at"))
    if not texts:
        return []
    about = Q(key__startswith=f"{text_alarms.POOL}-")
    for text in texts:
        about |= Q(key__startswith=f"text-{text.response_id}-")
    since = min(text_alarms.told_since(text) for text in texts)
    rows = OutboxMessage.objects.filter(about, kind=MessageKind.STAFF_ALERT, created_at__gte=since)
    mails = [Mail(*row) for row in rows.values_list("key", "subject__case_id", "created_at", "sent_at", "parked_at")]
    return [text.pk for text in texts if not _is_text_told(text, mails, now=now)]


def _is_text_told(text: PatientText, mails: list[Mail], *, now: datetime.datetime) -> bool:
    starts = (f"{text_alarms.POOL}-", f"text-{text.response_id}-")
    mine = [mail for mail in mails if mail.key.startswith(starts) and mail.created_at >= text_alarms.told_since(text)]
    return _have_arrived(mine, since=text.sent_at, now=now)


def _is_about(case: SafetyCase, mail: Mail, *, now: datetime.datetime) -> bool:
    """By itself or in a count. The mail that told of its group is enough until the next count, at most ten minutes."""
    if mail.case_id == case.pk:
        return mail.created_at >= case.alarmed_at
    if case.patient_id is not None:
        return False
    if mail.key.startswith(f"{alerts.POOL}-"):
        return mail.created_at >= case.alarmed_at
    if case.alarm_group is None or not mail.key.startswith(f"group-{case.alarm_group_id}-"):
        return False
    return alerts.told_before(now) is None or now - case.alarmed_at < alerts.REPEAT


def _is_anybody_there(now: datetime.datetime) -> bool:
    if settings.ON_CALL and not clock.is_open(now):
        return True
    return bool(settings.DUTY_EMAIL) or duty.next_owner() is not None


def nobody_on_duty(*, now: datetime.datetime) -> bool:
    """The clinic is open, nobody is on duty, and there is no duty address either."""
    return clock.is_open(now) and not settings.DUTY_EMAIL and not duty.care_team().filter(is_on_duty=True).exists()


def sentences(*, now: datetime.datetime) -> list[str]:
    """What stands at the very top of Today while somebody could not be told; empty when all is well."""
    told = []
    if numbers := untold(now=now):
        told.append(_untold_sentence(numbers))
    if number := len(untold_texts(now=now)):
        told.append(
            ngettext(
                "Nobody was told of %(count)s text that may be about self-harm. It stands below: act on it now.",
                "Nobody was told of %(count)s texts that may be about self-harm. It stands below: act on it now.",
                number,
            )
            % {"count": number}
        )
    if nobody_on_duty(now=now):
        told.append(
            _(
                "Nobody is on duty, and no duty address is set, so nobody can be told of an emergency. "
                "Switch yourself on duty if you are here."
            )
        )
    if unowned := SafetyCase.objects.filter(owner=None).exclude(status=CaseStatus.CLOSED).count():
        told.append(
            ngettext(
                "%(count)s safety case has no owner, because nobody in the care team may sign in. "
                "Open Safety cases and take it.",
                "%(count)s safety cases have no owner, because nobody in the care team may sign in. "
                "Open Safety cases and take it.",
                unowned,
            )
            % {"count": unowned}
        )
    return told


def _untold_sentence(numbers: list[int]) -> str:
    cases = comma_list(numbers[:CASES_NAMED])
    if len(numbers) > CASES_NAMED:
        cases = _("%(cases)s and more") % {"cases": cases}
    sentence = ngettext(
        "Nobody was told of %(count)s emergency (case %(cases)s). Open Safety cases and act on it now.",
        "Nobody was told of %(count)s emergencies (cases %(cases)s). Open Safety cases and act on it now.",
        len(numbers),
    )
    return sentence % {"count": len(numbers), "cases": cases}


def state(*, now: datetime.datetime) -> str:
    """The word for the health check: operators read it, in English."""
    if number := len(untold(now=now)):
        return f"nobody was told of {number} {'emergency' if number == 1 else 'emergencies'}"
    if number := len(untold_texts(now=now)):
        return f"nobody was told of {number} {'text' if number == 1 else 'texts'} that cannot wait"
    return "nobody can be told" if nobody_on_duty(now=now) else "ok"


@transaction.atomic
def log_untold() -> int:
    """Put each emergency of which nobody was told in the log, by number, once every ten minutes."""
    now = clock.now()
    if not (numbers := untold(now=now)):
        return 0
    silent = Q(warned_at=None) | Q(warned_at__lte=now - alerts.REPEAT) | Q(warned_at__gt=now + alerts.REPEAT)
    due = alerts.waiting().filter(silent, pk__in=numbers, level=Outcome.EMERGENCY).order_by("pk")
    logged = list(due.select_for_update(of=("self",)).values_list("pk", flat=True))
    SafetyCase.objects.filter(pk__in=logged).update(warned_at=now)
    for number in logged:
        logger.error("safety case %s: nobody was told of this emergency", number)
    return len(logged)


@transaction.atomic
def log_untold_texts() -> int:
    """The same for texts with words about self-harm."""
    now = clock.now()
    if not (numbers := untold_texts(now=now)):
        return 0
    silent = Q(warned_at=None) | Q(warned_at__lte=now - alerts.REPEAT) | Q(warned_at__gt=now + alerts.REPEAT)
    due = text_alarms.waiting().filter(silent, pk__in=numbers).order_by("pk")
    logged = list(due.select_for_update(of=("self",)).values_list("pk", flat=True))
    PatientText.objects.filter(pk__in=logged).update(warned_at=now)
    for number in logged:
        logger.error("text %s: nobody was told of it", number)
    return len(logged)
