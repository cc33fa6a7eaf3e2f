"""Versions of the texts that people agree to. A new wording gets a new version, kept with each consent."""

PRIVACY_NOTICE_VERSION = "2026-11.5"
