"""Floods: alarms of visitors without a name that come too fast to be told one by one become one alarm with a count."""

import datetime
from typing import Final

from django.db.models import Exists, OuterRef, Q

from clinic.core import clock, encryption, limits
from clinic.core.encryption import DamagedRecord
from consultations.enums import CaseStatus
from consultations.models import AlarmGroup, QuestionnaireResponse, SafetyCase

WINDOW: Final = datetime.timedelta(minutes=10)
SINGLE_A_NETWORK: Final = 3
"""So many of one network within the window are told one by one."""
SINGLE_IN_ALL: Final = 20
"""So many of all networks. Beyond it somebody calls from many networks at once."""
FROM_ANYWHERE: Final = "anywhere"
MOMENT: Final = datetime.timedelta(microseconds=1)
KEPT: Final = datetime.timedelta(days=2)


def network_index(network: str) -> str:
    """What is kept of a network: a keyed digest. Empty for one that is not known, which is never grouped."""
    return encryption.blind_index(network, purpose="alarm-network") if network not in ("", "unknown") else ""


def fold(case: SafetyCase) -> bool:
    """Put an alarm that has just begun into a group if it came in a flood. True when nobody need be told of it alone.

    False for the first of a group: its mail tells of the group. Call inside a transaction, on a locked or new row.
    """
    if not case.network or case.patient_id is not None:
        return False
    limits.hold(f"alarm:{case.network}")
    if (key := _flood_of(case)) is None or has_unsent_contact(case):
        return False
    group = _waiting_group(key, case.level)
    is_new = group is None
    if group is None:
        group = AlarmGroup.objects.create(
            network=key, level=case.level, first_at=case.alarmed_at, last_at=case.alarmed_at
        )
    else:
        # Later than all before it, under the lock of the group: two begin in one instant, the clock of a second server
        # is a moment behind, or one waited for the lock. So a page that showed `last_at` showed everything up to it.
        case.alarmed_at = max(case.alarmed_at, group.last_at + MOMENT)
        group.last_at = case.alarmed_at
        group.save(update_fields=["last_at"])
    case.alarm_group = group
    case.save(update_fields=["alarm_group", "alarmed_at"])
    return not is_new


def has_unsent_contact(case: SafetyCase) -> bool:
    """The person filled in how to reach them and has not sent it: somebody without consent, who may call.

    One query, since what is encrypted cannot be asked of many at once. Details that cannot be read are details.
    """
    if case.patient_id is not None:
        return False
    try:
        return bool(QuestionnaireResponse.objects.only("contact", "data_key").get(pk=case.response_id).contact)
    except DamagedRecord:
        return True


def _flood_of(case: SafetyCase) -> str | None:
    recent = SafetyCase.objects.filter(patient=None, level=case.level, alarmed_at__gt=case.alarmed_at - WINDOW).exclude(
        pk=case.pk
    )
    if recent.filter(network=case.network).count() >= SINGLE_A_NETWORK:
        return case.network
    # Only what was told singly counts here: one busy network must not fold what comes from others.
    alone = recent.exclude(network="").filter(Q(alarm_group=None) | Q(alarm_group__network=FROM_ANYWHERE))
    if alone.count() >= SINGLE_IN_ALL:
        limits.hold(f"alarm:{FROM_ANYWHERE}")
        return FROM_ANYWHERE
    return None


def _waiting_group(network: str, level: str) -> AlarmGroup | None:
    """One that nobody has acknowledged and in which somebody still waits: another alarm adds to its count."""
    waiting = SafetyCase.objects.filter(alarm_group=OuterRef("pk"), status=CaseStatus.OPEN)
    groups = AlarmGroup.objects.filter(Exists(waiting), network=network, level=level, acknowledged_at=None)
    return groups.select_for_update(of=("self",)).order_by("-pk").first()


def sound_anew(moved: list[SafetyCase]) -> None:
    """Put cases that somebody else has now, and whose group was acknowledged, into a new group that nobody has.

    One group for each of before, so that a flood stays one line and one mail with a count. Call inside a transaction,
    on locked rows.
    """
    keys = {case.alarm_group_id for case in moved if case.alarm_group_id is not None}
    for silent in AlarmGroup.objects.filter(pk__in=keys, acknowledged_at__isnull=False).order_by("pk"):
        now = clock.now()
        newer = AlarmGroup.objects.create(network=silent.network, level=silent.level, first_at=now, last_at=now)
        for case in moved:
            if case.alarm_group_id == silent.pk:
                case.alarm_group, case.alarmed_at = newer, now
                case.save(update_fields=["alarm_group", "alarmed_at"])


def is_sounding() -> Q:
    """Cases that stand alone or whose group nobody has acknowledged. The others wait and keep their clock, but no mail
    repeats them.
    """
    return Q(alarm_group=None) | Q(alarm_group__acknowledged_at=None)


def forget_networks() -> int:
    """Empty the digests of networks after two days: a flood is told within minutes, and nothing else needs them.

    Not an event of the audit trail: nobody acted, and the digest names nobody; an event each would keep more of a
    visitor than this removes.
    """
    before = clock.now() - KEPT
    AlarmGroup.objects.filter(last_at__lt=before).exclude(network="").update(network="")
    return SafetyCase.objects.filter(alarmed_at__lt=before).exclude(network="").update(network="")
