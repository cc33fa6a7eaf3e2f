"""System checks for settings that are unsafe or contradict one another. Each says what to change."""

from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email

from clinic.core import addresses, clock, defaults, encryption, message_hours

MIN_SECRET_LENGTH = 50
MAX_TARGET = 10_000
"""Of hours or days. Beyond it (Infinity is a number to JSON) no calendar could count the target out."""
MOST_DAYS = 36_500
"""That anything is kept: a hundred years. A number far beyond it leads to no date, and nothing would be deleted."""
MOST_REMINDED = 60
"""Days before a visit."""
HOW_TO_KEEP_INDEX_KEY = (
    "Without INDEX_KEY, run: manage.py print_index_key, and set INDEX_KEY to what it prints. "
    "A new installation needs none."
)


@register("clinic")
def check_secrets(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    messages: list[CheckMessage] = []
    if not settings.DEBUG:
        if settings.SECRET_KEY == settings.INSECURE_SECRET_KEY or len(settings.SECRET_KEY) < MIN_SECRET_LENGTH:
            messages.append(
                Error(
                    "SECRET_KEY is the development one or shorter than 50 characters.",
                    hint="Make one: python3 -c 'import secrets; print(secrets.token_urlsafe(50))'",
                    id="clinic.E001",
                )
            )
        if not settings.FIELD_KEYS:
            messages.append(Error("FIELD_KEYS is not set, so health data cannot be encrypted.", id="clinic.E002"))
    try:
        encryption.parse_keys(settings.FIELD_KEYS)
    except ValueError as problem:
        messages.append(Error(f"FIELD_KEYS is not usable: {problem}", id="clinic.E003"))
    if settings.INDEX_KEY:
        try:
            encryption.index_key()
        except ImproperlyConfigured as problem:
            messages.append(Error(str(problem), hint=HOW_TO_KEEP_INDEX_KEY, id="clinic.E009"))
    return messages


@register(Tags.database)
def check_keys(app_configs: Any = None, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Only with `check --database default`, and before a migration: it asks the database."""
    if "default" not in (databases or ()):
        return []
    # Models cannot be imported while the apps are being loaded, when this module is.
    from clinic.core import key_fingerprints

    try:
        problems = key_fingerprints.find_problems()
    except ImproperlyConfigured:
        return []  # check_secrets names it
    hint = "Put FIELD_KEYS and INDEX_KEY back as they were. Until then health data is neither read nor written."
    return [Error(item.sentence, hint=hint, id="clinic.E017") for item in problems]


@register("clinic")
def check_clinic(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    about_mail = [*_check_staff_addresses(), *_check_keeping(), *_check_sender(), *_check_visit_messages()]
    return [*_check_times(), *_check_lines(), *about_mail]


def _check_times() -> list[CheckMessage]:
    """Opening hours, days closed, and how soon each kind of request is answered."""
    messages: list[CheckMessage] = []
    try:
        clock.parse_opening_hours(settings.OPENING_HOURS)
    except ValueError as problem:
        messages.append(Error(str(problem), id="clinic.E004"))
    try:
        clock.closed_dates()
    except ValueError:
        messages.append(Error("CLOSED_DATES must be dates like 2026-12-25, with commas between.", id="clinic.E005"))
    for outcome in sorted(defaults.REPLY_TARGETS.keys() | settings.REPLY_TARGETS.keys()):
        if outcome not in defaults.REPLY_TARGETS or not is_target(settings.REPLY_TARGETS.get(outcome)):
            messages.append(
                Error(
                    f'REPLY_TARGETS for "{outcome}" is missing or not understood.',
                    hint='Give each outcome hours or days, for example {"SAME_DAY": {"hours": 2}}.',
                    id="clinic.E006",
                )
            )
    return messages + [_wait_problem(name) for name in _odd_waits()]


def _check_lines() -> list[CheckMessage]:
    """The numbers that a person in danger is told to call."""
    messages: list[CheckMessage] = []
    if settings.CLINIC_REGION not in defaults.REGIONS:
        messages.append(
            Error(
                f'CLINIC_REGION "{settings.CLINIC_REGION}" has no emergency lines.',
                hint=f"Use one of {', '.join(defaults.REGIONS)}, and override the lines where they differ.",
                id="clinic.E007",
            )
        )
    if not all(line.strip() for line in (settings.EMERGENCY_LINE, settings.URGENT_LINE, settings.CRISIS_LINE)):
        messages.append(Error("EMERGENCY_LINE, URGENT_LINE and CRISIS_LINE must not be empty.", id="clinic.E008"))
    if not settings.CLINIC_PHONE.strip() or not settings.CLINIC_PHONE_TEL.strip():
        messages.append(Error("CLINIC_PHONE and CLINIC_PHONE_TEL must not be empty.", id="clinic.E010"))
    return messages


def _check_staff_addresses() -> list[CheckMessage]:
    messages: list[CheckMessage] = []
    for name in ("DUTY_EMAIL", "ON_CALL"):
        if not _is_address(getattr(settings, name)):
            messages.append(
                Error(
                    f"{name} is not one e-mail address, so nobody there would be told of an emergency.",
                    hint=f"Write one address, as in {name}=duty@clinic.example, or leave it empty for nobody.",
                    id="clinic.E020",
                )
            )
    return messages


def _check_keeping() -> list[CheckMessage]:
    """How long a link is open, and how long what was written is kept."""
    messages: list[CheckMessage] = []
    if settings.PRIVATE_LINK_MINUTES < 1:
        messages.append(Error("PRIVATE_LINK_MINUTES must be at least 1.", id="clinic.E011"))
    if not 1 <= settings.KEEP_UNSENT_HOURS <= min(24, settings.KEEP_UNSENT_DAYS * 24):
        messages.append(
            Error(
                "KEEP_UNSENT_HOURS must be from 1 to 24, and no longer than KEEP_UNSENT_DAYS.",
                hint="A check that a browser can still go on with must not be deleted meanwhile, and staff stay signed "
                "in as long.",
                id="clinic.E026",
            )
        )
    if not 1 <= settings.KEEP_SENT_DAYS <= MOST_DAYS:
        messages.append(
            Error(
                f"KEEP_SENT_DAYS must be from 1 to {MOST_DAYS}.",
                hint="A message that could not be delivered must be there when somebody tries it again.",
                id="clinic.E033",
            )
        )
    if not 1 <= settings.CALENDAR_FEED_DAYS <= 365:
        messages.append(Error("CALENDAR_FEED_DAYS must be from 1 to 365.", id="clinic.E070"))
    if settings.KEEP_UNSENT_DAYS > MOST_DAYS:
        messages.append(Error(f"KEEP_UNSENT_DAYS must be at most {MOST_DAYS}.", id="clinic.E034"))
    return messages


def _check_sender() -> list[CheckMessage]:
    try:
        addresses.mailable(parseaddr(settings.DEFAULT_FROM_EMAIL)[1])
    except addresses.AddressRefused:
        # Every mail would fail by it, one after the other.
        hint = "Write an address like Clinic <clinic@clinic.example>."
        return [Error("No mail can be sent from DEFAULT_FROM_EMAIL.", hint=hint, id="clinic.E025")]
    return []


def _check_visit_messages() -> list[CheckMessage]:
    """When reminders of a visit are due, and between which hours they go."""
    messages: list[CheckMessage] = []
    try:
        message_hours.hours()
    except ValueError as problem:
        messages.append(Error(str(problem), id="clinic.E063"))
    text_url = urlsplit(settings.TEXT_MESSAGE_URL)
    is_safe = text_url.scheme == "https" or text_url.hostname in ("127.0.0.1", "localhost", "::1")
    if settings.TEXT_MESSAGE_URL and not (is_safe and text_url.hostname):
        hint = "Numbers and the token travel with each message."
        messages.append(Error("TEXT_MESSAGE_URL must begin with https://.", hint=hint, id="clinic.E067"))
    for name, code in (("REMINDER_DAYS", "clinic.E064"), ("NUDGE_DAYS", "clinic.E065")):
        if not all(1 <= days <= MOST_REMINDED for days in getattr(settings, name)):
            hint = f"Write them with commas between, as in {name}=5,2, or leave it empty for none."
            sentence = f"{name} must be numbers of days from 1 to {MOST_REMINDED}."
            messages.append(Error(sentence, hint=hint, id=code))
    if settings.OFFER_DAYS and not max(settings.NUDGE_DAYS, default=0) < settings.OFFER_DAYS <= MOST_DAYS:
        sentence = f"OFFER_DAYS must be 0, or more than each of NUDGE_DAYS and at most {MOST_DAYS}."
        hint = "An offer ends after the last mail that asks to choose a time."
        messages.append(Error(sentence, hint=hint, id="clinic.E066"))
    return messages


def is_target(target: Any) -> bool:
    """Whether a reply target can be counted out: so many hours, or so many whole days."""
    if not isinstance(target, dict) or len(target) != 1:
        return False
    unit, amount = next(iter(target.items()))
    if isinstance(amount, bool) or not isinstance(amount, int | float) or not 0 < amount <= MAX_TARGET:
        return False
    return unit == "hours" or (unit == "days" and isinstance(amount, int))


def _odd_waits() -> list[str]:
    """The waits that are missing, unknown, or no number of days."""
    names = sorted(defaults.PATIENT_WAITS.keys() | settings.PATIENT_WAITS.keys())
    return [name for name in names if name not in defaults.PATIENT_WAITS or not _is_wait(name)]


def _is_wait(name: str) -> bool:
    wait: Any = settings.PATIENT_WAITS.get(name)
    return is_target(wait) and next(iter(wait)) == "days"


def _wait_problem(name: str) -> CheckMessage:
    return Error(
        f'PATIENT_WAITS for "{name}" is missing or not understood.',
        hint='Give ANSWER and CHOICE whole days, for example {"ANSWER": {"days": 3}}.',
        id="clinic.E035",
    )


@register("clinic")
def check_production(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    messages: list[CheckMessage] = []
    site = urlsplit(settings.SITE_URL)
    if site.scheme not in ("http", "https") or not site.hostname or site.path or site.query:
        messages.append(Error("SITE_URL must be an address like https://clinic.example.", id="clinic.E012"))
    base = urlsplit(settings.FHIR_BASE_URL)
    if base.scheme not in ("http", "https") or not base.hostname or base.query or base.fragment:
        hint = "It is what addresses in our FHIR documents begin with."
        messages.append(
            Error("FHIR_BASE_URL must be an address like https://clinic.example/fhir.", hint=hint, id="clinic.E027")
        )
    if settings.DEBUG:
        return messages
    if settings.DEMO:
        messages.append(
            Error(
                "DEMO is on without DEBUG: invented patients and known passwords would be public.",
                hint="Remove DEMO, or set DEBUG=1 on a machine that only you can reach.",
                id="clinic.E013",
            )
        )
    if settings.HTTPS and site.scheme == "http":
        messages.append(Error("SITE_URL must start with https:// in production.", id="clinic.E014"))
    if "*" in settings.ALLOWED_HOSTS:
        messages.append(Error("ALLOWED_HOSTS must name the hosts: * lets anyone choose the name.", id="clinic.E015"))
    if site.hostname and not _host_is_allowed(site.hostname):
        messages.append(Error("The host of SITE_URL is not in ALLOWED_HOSTS.", id="clinic.E016"))
    if not settings.HTTPS:
        messages.append(
            Warning(
                "HTTPS is off: cookies are not secure and nothing redirects to https.",
                hint="Remove HTTPS=0 unless this is a private test.",
                id="clinic.W001",
            )
        )
    return messages


def _is_address(given: str) -> bool:
    """One plain address in ASCII, as every mail server takes it; empty means nobody."""
    try:
        if given:
            validate_email(given)
    except ValidationError:
        return False
    return given.isascii()


def _host_is_allowed(host: str) -> bool:
    from django.http.request import validate_host

    return validate_host(host, settings.ALLOWED_HOSTS)
