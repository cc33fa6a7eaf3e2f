"""The only code that writes content. Each change renews the snapshot that pages are served from."""

from education.services.consent_records import save_file
from education.services.feedback import finish, give
from education.services.loading import TABLES, Loaded, load
from education.services.publishing import (
    publish,
    publish_due,
    retire,
    schedule,
    send,
    send_back,
    sign,
    standing,
    take_up,
    waits_for,
    withdraw,
)
from education.services.records import digest_of, problems_of, publish_record, save
from education.services.refusals import NotComplete, NotEntitled, ReasonRefused
from education.services.reopening import pages_using, reopen, reopen_due
from education.services.self_check import keep_self_check
from education.services.snapshot import refresh_snapshot
from education.services.waivers import MAY_GIVE_REASONS, full_stop, open_remarks, remarks_of, sentence_of, waive, wrote

__all__ = [
    "MAY_GIVE_REASONS",
    "TABLES",
    "Loaded",
    "NotComplete",
    "NotEntitled",
    "ReasonRefused",
    "digest_of",
    "finish",
    "full_stop",
    "give",
    "keep_self_check",
    "load",
    "open_remarks",
    "pages_using",
    "problems_of",
    "publish",
    "publish_due",
    "publish_record",
    "refresh_snapshot",
    "remarks_of",
    "reopen",
    "reopen_due",
    "retire",
    "save",
    "save_file",
    "schedule",
    "send",
    "send_back",
    "sentence_of",
    "sign",
    "standing",
    "take_up",
    "waits_for",
    "waive",
    "withdraw",
    "wrote",
]
