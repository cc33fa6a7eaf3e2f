"""All settings, from the environment (and a .env file when there is one). Safe by default: DEBUG is off."""

import os
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from clinic.core import defaults
from clinic.core.environment import Environment

BASE_DIR = Path(__file__).resolve().parent.parent

env = Environment()
env.read_settings_file(os.environ.get("ENV_FILE"), default=BASE_DIR / ".env")

DEBUG = env.is_on("DEBUG", default=False)

HOW_TO_SET = {
    "SECRET_KEY": (
        "a long random text that signs sessions. Make one with: "
        "python3 -c 'import secrets; print(secrets.token_urlsafe(50))'"
    ),
    "FIELD_KEYS": (
        "the keys that seal health data, newest first, as id:key. Make one with: "
        "python3 -c \"import base64, os; print('k1:' + base64.b64encode(os.urandom(32)).decode())\""
    ),
    "ALLOWED_HOSTS": "the host names it answers to, with commas between, for example clinic.example",
    "SITE_URL": "the public address that links in messages start with, for example https://clinic.example",
}
missing = [] if DEBUG else [name for name in HOW_TO_SET if not os.environ.get(name, "").strip()]
if missing:
    raise ImproperlyConfigured(
        "This site cannot start without "
        + ", ".join(missing)
        + ".\n"
        + "\n".join(f"  Set {name} to {HOW_TO_SET[name]}." for name in missing)
        + "\n  Or set DEBUG=1 on your own machine to try the demonstration."
    )

INSECURE_SECRET_KEY = "insecure-key-for-trying-the-site-on-your-own-machine-only"  # noqa: S105
SECRET_KEY = env.str("SECRET_KEY", default="") or INSECURE_SECRET_KEY
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
FIELD_KEYS = env.str("FIELD_KEYS", default="")
INDEX_KEY = env.str("INDEX_KEY", default="")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"] if DEBUG else [])
SITE_URL = env.web_address("SITE_URL", default="http://127.0.0.1:8000").rstrip("/")
# What addresses of our own begin with in the FHIR documents that we hand out.
FHIR_BASE_URL = env.str("FHIR_BASE_URL", default=f"{SITE_URL}/fhir").rstrip("/")
SITE_HOST = urlsplit(SITE_URL).hostname or "localhost"
DEMO = env.is_on("DEMO", default=DEBUG)
HTTPS = env.is_on("HTTPS", default=not DEBUG)
PROXY_COUNT = env.whole_number("PROXY_COUNT", default=0)

# The clinic

CLINIC_NAME = env.str("CLINIC_NAME", default="Larchwell Spine Clinic")
CLINIC_SHORT_NAME = env.str("CLINIC_SHORT_NAME", default="Larchwell")
CLINIC_PHONE = env.str("CLINIC_PHONE", default="(555) 010-0142")
CLINIC_PHONE_TEL = env.str("CLINIC_PHONE_TEL", default="+15550100142")
CLINIC_ADDRESS = env.str("CLINIC_ADDRESS", default="14 Orchard Row, Suite 2")
CLINIC_REGION = env.str("CLINIC_REGION", default="US")
region_lines = defaults.REGIONS.get(CLINIC_REGION, defaults.REGIONS["default"])
EMERGENCY_NUMBER = env.str("EMERGENCY_NUMBER", default=region_lines["emergency_number"])
EMERGENCY_LINE = env.str("EMERGENCY_LINE", default=region_lines["emergency_line"])
URGENT_PHONE = env.str("URGENT_PHONE", default=region_lines["urgent_phone"])
URGENT_LINE = env.str("URGENT_LINE", default=region_lines["urgent_line"])
CRISIS_PHONE = env.str("CRISIS_PHONE", default=region_lines["crisis_phone"])
CRISIS_TEXT = env.str("CRISIS_TEXT", default=region_lines["crisis_text"])
CRISIS_LINE = env.str("CRISIS_LINE", default=region_lines["crisis_line"])
CURRENCY = env.str("CURRENCY", default="USD")
REGULATOR_LINE = env.str("REGULATOR_LINE", default=region_lines["regulator_line"])
OPENING_HOURS = env.str("OPENING_HOURS", default="Mon-Fri 08:30-17:30")
CLOSED_DATES = env.list("CLOSED_DATES", default=[])
# Told of every emergency with the case's owner; told at any hour while the clinic is closed. Empty: nobody.
DUTY_EMAIL = env.str("DUTY_EMAIL", default="").strip()
ON_CALL = env.str("ON_CALL", default="").strip()
# Where the worker notes the head of the audit chain once a day, out of reach of whoever owns the database.
AUDIT_HEAD_EMAIL = env.str("AUDIT_HEAD_EMAIL", default="").strip()
AUDIT_HEAD_FILE = env.str("AUDIT_HEAD_FILE", default="").strip()
# Whoever sends it may read /metrics; without it this machine alone.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="").strip()
REPLY_TARGETS = {**defaults.REPLY_TARGETS, **env.json_object("REPLY_TARGETS", example='{"SAME_DAY": {"hours": 2}}')}
PATIENT_WAITS = {**defaults.PATIENT_WAITS, **env.json_object("PATIENT_WAITS", example='{"CHOICE": {"days": 14}}')}
# Messages about a visit: so many days before it, and between these hours of the clinic's wall clock.
REMINDER_DAYS = env.day_numbers("REMINDER_DAYS", default=[7, 1])
# So many days after an offer its patient is asked to choose a time; after OFFER_DAYS staff call instead (0: never).
NUDGE_DAYS = env.day_numbers("NUDGE_DAYS", default=[5, 2])
OFFER_DAYS = env.whole_number("OFFER_DAYS", default=28)
# The provider of text messages: where each is sent to as JSON, with which bearer token, in whose name. Empty: none.
TEXT_MESSAGE_URL = env.web_address("TEXT_MESSAGE_URL", default="").strip()
TEXT_MESSAGE_TOKEN = env.str("TEXT_MESSAGE_TOKEN", default="").strip()
TEXT_MESSAGE_SENDER = env.str("TEXT_MESSAGE_SENDER", default="").strip()
# What a visit takes more for somebody who needs a longer one.
LONGER_VISIT_MINUTES = env.whole_number("LONGER_VISIT_MINUTES", default=20)
MESSAGE_HOURS = env.str("MESSAGE_HOURS", default="08:00-20:00").strip()
REFERENCE_PREFIX = env.str("REFERENCE_PREFIX", default="".join(word[0] for word in CLINIC_NAME.split()[:2]).upper())
APP_VERSION = env.str("APP_VERSION", default=defaults.APP_VERSION)
CANCEL_NOTICE_HOURS = env.whole_number("CANCEL_NOTICE_HOURS", default=2)
PRIVATE_LINK_MINUTES = env.whole_number("PRIVATE_LINK_MINUTES", default=30)
# A check that was begun and not sent: how long its browser can go on with it, and when the worker deletes it.
KEEP_UNSENT_HOURS = env.whole_number("KEEP_UNSENT_HOURS", default=12)
KEEP_UNSENT_DAYS = env.whole_number("KEEP_UNSENT_DAYS", default=30)
# So many days ahead a clinician's own calendar is told of visits.
CALENDAR_FEED_DAYS = env.whole_number("CALENDAR_FEED_DAYS", default=60)
# How often clinicians' own calendars are read, when one that cannot be is told of, and which networks that are not
# public they may be read from.
CALENDAR_EVERY_MINUTES = env.whole_number("CALENDAR_EVERY_MINUTES", default=10)
CALENDAR_STALE_HOURS = env.whole_number("CALENDAR_STALE_HOURS", default=6)
CALENDAR_PRIVATE_NETWORKS = env.networks("CALENDAR_PRIVATE_NETWORKS", default=[])
KEEP_SENT_DAYS = env.whole_number("KEEP_SENT_DAYS", default=90)
# Who answers for using rules that the medical director has not signed. Empty: with DEBUG off nothing starts on them.
UNSIGNED_RULES_ACCEPTED_BY = env.str("UNSIGNED_RULES_ACCEPTED_BY", default="").strip()
PHONENUMBER_DEFAULT_REGION = None if CLINIC_REGION in ("EU", "default") else CLINIC_REGION

# How the report or pictures of a scan reach the clinic, as patients read it. Empty: they are told to call.
SCAN_REPORT_LINE = env.str("SCAN_REPORT_LINE", default=defaults.SCAN_REPORT_LINE).strip()

# Django

INSTALLED_APPS = [
    "clinic",
    "clinic.core",
    "clinic.accounts",
    "education",
    "consultations",
    "allauth.account",
    "allauth.mfa",
    "clinic.staff",
    "clinic.staff.admin_config.ClinicAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.sitemaps",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "crispy_forms",
    "crispy_bootstrap5",
    "phonenumber_field",
]

MIDDLEWARE = [
    "clinic.core.request_metrics.RequestMetricsMiddleware",
    "clinic.core.middleware.RequestIdMiddleware",
    "clinic.core.middleware.HeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "clinic.core.middleware.RefuseBadInputMiddleware",
    "clinic.core.static_files.StaticFilesMiddleware",
    "clinic.core.page_cache.PageCacheMiddleware",
    "clinic.core.middleware.DatabaseDownMiddleware",
    "clinic.core.unreadable.UnreadableMiddleware",
    "clinic.core.sessions.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "clinic.accounts.middleware.SignedInMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "clinic.core.middleware.OwnNotFoundMiddleware",
]

ROOT_URLCONF = "clinic.urls"
WSGI_APPLICATION = "clinic.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "clinic.core.context_processors.clinic",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"
CRISPY_FAIL_SILENTLY = False

# manage.py lifts it for commands: a migration or a restore may take its time.
STATEMENT_TIMEOUT_MS = env.whole_number("STATEMENT_TIMEOUT_MS", default=5000)
DATABASES = {"default": env.database("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'clinic.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = env.whole_number("CONN_MAX_AGE", default=60)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    options = DATABASES["default"].setdefault("OPTIONS", {})
    options.setdefault("connect_timeout", 5)
    # Whoever dies in the middle of a transaction holds its locks no longer than this; a slow migration thinks longer.
    idle_ms = 10_000 if STATEMENT_TIMEOUT_MS else 600_000
    options.setdefault(
        "options",
        f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c lock_timeout=3000 "
        f"-c idle_in_transaction_session_timeout={idle_ms}",
    )
# The role that owns the tables: `migrate` works as it, and the site as that of DATABASE_URL, which can change no table.
MIGRATE_DATABASE = (
    env.database("MIGRATE_DATABASE_URL", default="") if env.str("MIGRATE_DATABASE_URL", default="").strip() else {}
)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Nobody needs a mail server to try the site: the demonstration's Messages page shows what was sent.
vars().update(env.mail_server("EMAIL_URL", default="dummymail://" if DEMO else "consolemail://"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Larchwell Spine Clinic <clinic@larchwell.example>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# One language for the whole site. Translations of `django.pot` go beside it, as "<language>/LC_MESSAGES/django.po".
LANGUAGE_CODE = "en-us" if CLINIC_REGION == "US" else "en-gb"
USE_I18N = True
LOCALE_PATHS = [BASE_DIR / "clinic" / "locale"]
USE_TZ = True
TIME_ZONE = env.time_zone("TIME_ZONE", default="America/New_York")

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "clinic.core.style_sheets.StyleSheetFinder",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# Fonts and pictures are for our own pages alone.
WHITENOISE_ALLOW_ALL_ORIGINS = False

# People and sessions

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "name", "email")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "clinic.accounts.password_words.ContextWordsValidator"},
]
AUTHENTICATION_BACKENDS = ["clinic.accounts.backends.GroupsBackend"]
AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

# Staff sign in with a password and a second factor, or with a passkey (docs/adr/0066). A demonstration goes without.
SECOND_FACTOR_REQUIRED = not DEMO
PASSWORD_RESET_TIMEOUT = 60 * 60
ACCOUNT_ADAPTER = "clinic.accounts.adapters.AccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = False  # ours are in clinic/accounts/tries.py: nobody can lock a colleague out
MFA_ADAPTER = "clinic.accounts.adapters.SecondFactorAdapter"
MFA_ALLOW_UNVERIFIED_EMAIL = True  # a manager has entered the address
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODE_DIGITS = 10
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_TOLERANCE = 1
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_SERIALIZER = "django.contrib.sessions.serializers.JSONSerializer"
SESSION_COOKIE_AGE = KEEP_UNSENT_HOURS * 60 * 60
MESSAGE_STORAGE = "clinic.core.sessions.MessageStorage"

COOKIE_PREFIX = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}session"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrf"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "clinic.core.error_pages.csrf_failure"
THEME_COOKIE_NAME = f"{COOKIE_PREFIX}theme"
SOUND_COOKIE_NAME = f"{COOKIE_PREFIX}sound"
KNOWN_BROWSER_COOKIE_NAME = f"{COOKIE_PREFIX}known"

# Public pages in memory

PAGE_CACHE_REVISION = "education.library.revision"
PAGE_CACHE_SECONDS = 1

# Backups: the public half of the key that they are encrypted for (`make_backup_key`), and where they are written

BACKUP_KEY = env.str("BACKUP_KEY", default="").strip()
BACKUP_FOLDER = env.str("BACKUP_FOLDER", default="").strip()
BACKUP_KEEP = {**defaults.BACKUP_KEEP, **env.json_object("BACKUP_KEEP", example='{"days": 35}')}
# The database as a role sees it that may read everything and change nothing. Without it DATABASE_URL is read.
BACKUP_DATABASE = (
    env.database("BACKUP_DATABASE_URL", default="") if env.str("BACKUP_DATABASE_URL", default="").strip() else None
)

# What /readyz says beside the database: functions without arguments, each returning a name and "ok" or a short phrase

READINESS = (
    "clinic.core.readiness.worker",
    "clinic.core.readiness.keys",
    "clinic.core.readiness.outbox",
    "clinic.core.readiness.migrations",
    "clinic.core.readiness.disk",
    "clinic.core.readiness.audit",
    "clinic.core.readiness.backup",
    "consultations.services.readiness.alerts",
    "consultations.services.readiness.calendars",
)

# What /metrics says beside the answers of the web processes: functions without arguments that return metrics

METRICS = (
    "clinic.core.metrics.outbox",
    "clinic.core.metrics.worker",
    "clinic.core.metrics.audit",
    "clinic.core.metrics.backup",
    "consultations.services.figures.requests",
    "consultations.services.figures.dangers",
    "consultations.services.figures.bookings",
)

# Headers and limits

# Pages whose answers are kept by nobody, by the namespaces of their addresses; and the views among them that are not.
PRIVATE_NAMESPACES = frozenset({"consultations", "admin"})
PUBLIC_VIEWS = frozenset({"consultations:start"})

SECURE_CSP = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'"],
    "font-src": ["'self'"],
    "connect-src": ["'self'"],
    "form-action": ["'self'"],
    "base-uri": ["'none'"],
    "frame-ancestors": ["'none'"],
    "object-src": ["'none'"],
    # No script of ours writes markup or code from text, so none may.
    "require-trusted-types-for": ["'script'"],
    "trusted-types": ["'none'"],
    # For browsers that know the endpoints below, and for those that do not.
    "report-to": ["csp"],
    "report-uri": ["/csp-report"],
}
REPORTING_ENDPOINTS = 'csp="/csp-report"'
SECURE_CONTENT_TYPE_NOSNIFF = True
# Not "no-referrer": under it browsers post forms with "Origin: null", which the CSRF check rightly refuses.
# "same-origin" gives another site nothing either.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = env.is_on("SECURE_HSTS_PRELOAD", default=True)
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
DATA_UPLOAD_MAX_NUMBER_FILES = 0

LOGGING_CONFIG = "clinic.core.logs.configure"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"mask": {"()": "clinic.core.logs.MaskFilter"}},
    "formatters": {
        "json": {"()": "clinic.core.logs.JSONFormatter"},
        "plain": {"format": "%(levelname)s %(name)s: %(message)s"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "filters": ["mask"],
            "formatter": "plain" if DEBUG else "json",
        },
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": ["console"], "level": "INFO", "propagate": False},
    },
}
