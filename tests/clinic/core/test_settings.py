"""How the project starts: never by accident without secrets, and with nothing set only through manage.py."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PRODUCTION = {
    "SECRET_KEY": "s" * 30 + "ecret-key-that-is-long-enough-" + "0123456789",
    "FIELD_KEYS": "k1:" + "QUFB" * 10 + "QUE=",
    "ALLOWED_HOSTS": "clinic.example",
    "SITE_URL": "https://clinic.example",
    "UNSIGNED_RULES_ACCEPTED_BY": "Dr Rosa Alarcon",
}


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "ENV_FILE": "", **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def setting(name: str, **variables: str) -> str:
    code = f"from django.conf import settings; print(*map(repr, (settings.{name},)))"
    done = run("-c", code, DJANGO_SETTINGS_MODULE="clinic.settings", **variables)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("name", ["SECRET_KEY", "FIELD_KEYS", "ALLOWED_HOSTS", "SITE_URL"])
def test_a_missing_secret_stops_the_start_with_a_sentence_that_says_what_to_set(name):
    done = run("-c", "import clinic.wsgi", **{key: value for key, value in PRODUCTION.items() if key != name})
    assert done.returncode != 0
    assert f"This site cannot start without {name}." in done.stderr
    assert f"Set {name} to " in done.stderr


def test_with_everything_set_the_web_server_starts():
    assert run("-c", "import clinic.wsgi", **PRODUCTION).returncode == 0


def test_the_web_server_refuses_unsigned_rules_that_nobody_accepts():
    done = run("-c", "import clinic.wsgi", **{**PRODUCTION, "UNSIGNED_RULES_ACCEPTED_BY": " "})
    assert done.returncode != 0
    assert "consultations.E004" in done.stderr
    assert "The medical director has not signed the rules 1.0.0 and 1.1.0." in done.stderr


def test_the_web_server_refuses_what_the_checks_forbid():
    done = run("-c", "import clinic.wsgi", **PRODUCTION, OPENING_HOURS="whenever")
    assert done.returncode != 0
    assert "clinic.E004" in done.stderr


def test_a_setting_that_cannot_be_read_stops_the_start_with_a_sentence():
    done = run("-c", "import clinic.wsgi", **PRODUCTION, HTTPS="perhaps")
    assert done.returncode != 0
    assert done.stderr.strip().endswith(
        "This site cannot start: HTTPS must be 1 (yes) or 0 (no), but it is 'perhaps'; write it as in HTTPS=1"
    )


def test_the_sentence_shows_no_password():
    done = run("-W", "always", "-c", "import clinic.wsgi", **PRODUCTION, DATABASE_URL="oracle://user:hush@db/clinic")
    assert "This site cannot start: DATABASE_URL must be the address of a PostgreSQL or SQLite database" in done.stderr
    assert "hush" not in done.stderr


def test_the_web_server_refuses_an_index_key_that_is_none():
    done = run("-c", "import clinic.wsgi", **PRODUCTION, INDEX_KEY="zz")
    assert done.returncode != 0
    assert "INDEX_KEY is not valid base64." in done.stderr


def test_with_nothing_set_only_manage_py_runs_the_demonstration():
    assert run("manage.py", "check").returncode == 0
    assert "cannot start without" in run("-c", "import clinic.wsgi").stderr


@pytest.mark.parametrize("name", ["SECRET_KEY", "FIELD_KEYS", "DATABASE_URL", "ALLOWED_HOSTS", "DEBUG"])
def test_one_variable_is_enough_to_be_taken_seriously(name):
    done = run("manage.py", "check", **{name: "" if name == "DEBUG" else "sqlite://:memory:"})
    assert done.returncode != 0
    assert "cannot start without" in done.stderr or "DEBUG" in done.stderr


def test_an_env_file_counts_as_configuration(tmp_path):
    file = tmp_path / ".env"
    file.write_text("CLINIC_NAME=Somewhere Clinic\n")
    done = run("manage.py", "check", ENV_FILE=str(file))
    assert "cannot start without" in done.stderr
    file.write_text("".join(f"{key}={value}\n" for key, value in PRODUCTION.items()) + "CLINIC_NAME=Somewhere Clinic\n")
    assert setting("CLINIC_NAME", ENV_FILE=str(file)) == "'Somewhere Clinic'"


def test_production_is_strict_by_default():
    strict = {
        "DEBUG": False,
        "DEMO": False,
        "SESSION_COOKIE_NAME": "__Host-session",
        "CSRF_COOKIE_NAME": "__Host-csrf",
        "SECURE_HSTS_SECONDS": 31536000,
        "EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend",
    }
    code = f"from django.conf import settings; print({{name: getattr(settings, name) for name in {list(strict)}}})"
    assert run("-c", code, DJANGO_SETTINGS_MODULE="clinic.settings", **PRODUCTION).stdout.strip() == str(strict)


def test_the_demonstration_needs_no_https_and_no_mail_server():
    assert setting("SESSION_COOKIE_NAME", DEBUG="1") == "'session'"
    assert setting("SESSION_COOKIE_SECURE", DEBUG="1") == "False"
    assert setting("EMAIL_BACKEND", DEBUG="1") == "'django.core.mail.backends.dummy.EmailBackend'"


def test_sqlite_is_the_default_and_waits_its_turn():
    assert setting("DATABASES['default']['OPTIONS']['transaction_mode']", DEBUG="1") == "'IMMEDIATE'"
    assert "journal_mode=WAL" in setting("DATABASES['default']['OPTIONS']['init_command']", DEBUG="1")


def test_postgresql_has_time_limits_and_checks_its_connections():
    url = {"DATABASE_URL": "postgres://user:word@db.example:5432/clinic"}
    database = setting("DATABASES['default']", **PRODUCTION, **url)
    assert "'ENGINE': 'django.db.backends.postgresql'" in database
    assert "'CONN_HEALTH_CHECKS': True" in database
    assert "statement_timeout=5000" in database
    assert "lock_timeout=3000" in database
    assert "idle_in_transaction_session_timeout=10000" in database
    commands = setting("DATABASES['default']", **PRODUCTION, **url, STATEMENT_TIMEOUT_MS="0")
    assert "statement_timeout=0 " in commands
    assert "idle_in_transaction_session_timeout=600000" in commands


@pytest.mark.parametrize(
    ("region", "number"), [("GB", "999"), ("US", "911"), ("CA", "911"), ("EU", "112"), ("AU", "000"), ("NZ", "111")]
)
def test_the_region_picks_the_emergency_lines(region, number):
    lines = setting("EMERGENCY_NUMBER, settings.EMERGENCY_LINE", DEBUG="1", CLINIC_REGION=region)
    assert lines.startswith(f"'{number}' ")
    assert lines.count(number) > 1


def test_each_line_can_be_overridden():
    assert setting("URGENT_LINE", DEBUG="1", URGENT_LINE="ring the bell.") == "'ring the bell.'"
    assert setting("REPLY_TARGETS['DEFER']", DEBUG="1", REPLY_TARGETS='{"DEFER": {"days": 9}}') == "{'days': 9}"
