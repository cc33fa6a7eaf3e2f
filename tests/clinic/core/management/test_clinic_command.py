"""Commands on which a clinic's data depends never work on a demonstration by accident. All say which database it is."""

import base64
import json
import os
import shutil
import subprocess
import sys
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command, get_commands, load_command_class
from django.db import OperationalError, connection

from clinic.core import command_line
from clinic.core.management import clinic_command
from clinic.core.management.clinic_command import ClinicCommand

ROOT = Path(__file__).resolve().parents[4]
CLINIC = {
    "SECRET_KEY": "s" * 60,
    "FIELD_KEYS": "k1:" + base64.b64encode(b"k" * 32).decode(),
    "ALLOWED_HOSTS": "clinic.example",
    "SITE_URL": "https://clinic.example",
    "UNSIGNED_RULES_ACCEPTED_BY": "Dr Rosa Alarcon",
}
OURS = ("clinic", "consultations", "education")
REFUSED = "This command works on a clinic's own data, and DEBUG is on"
HOW_TO = "ENV_FILE=/etc/clinic/env"


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """A checkout of its own, so that no .env and no database of the developer has a say."""
    folder = tmp_path_factory.mktemp("checkout")
    shutil.copy2(ROOT / "manage.py", folder)
    for name in ("clinic", "consultations", "education"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("static"))
    return folder


@pytest.fixture
def run(copy, tmp_path):
    def ran(*arguments: str, cwd: Path = tmp_path, given: str = "", **variables: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=cwd,
            env={"PATH": os.environ["PATH"], **variables},
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )

    return ran


@pytest.fixture
def manage(copy) -> str:
    return str(copy / "manage.py")


@pytest.mark.parametrize("command", ["rotate_keys", "verify_audit"])
def test_without_settings_it_refuses_and_says_how_to_give_them(run, manage, command):
    """As a shell, a cron job or the wrong folder leave it: no variable at all."""
    done = run(manage, command)
    assert done.returncode == 1
    assert done.stdout == ""
    assert REFUSED in done.stderr
    assert HOW_TO in done.stderr
    assert "This is the demonstration" in done.stderr


@pytest.mark.parametrize("variables", [{"DEBUG": "1"}, {"DEBUG": "1", "DEMO": "0", **CLINIC}])
def test_debug_alone_is_not_enough(run, manage, variables):
    done = run(manage, "verify_audit", **variables)
    assert (done.returncode, done.stdout) == (1, "")
    assert REFUSED in done.stderr


def test_nor_is_it_by_way_of_django_itself(run, copy):
    done = run("-m", "django", "rotate_keys", cwd=copy, DJANGO_SETTINGS_MODULE="clinic.settings", DEBUG="1")
    assert (done.returncode, done.stdout) == (1, "")
    assert REFUSED in done.stderr


def test_an_option_before_the_command_leads_nowhere_else(run, manage):
    done = run(manage, "--no-color", "rotate_keys")
    assert done.returncode == 1
    assert done.stdout == ""


@pytest.mark.slow
def test_in_a_demonstration_that_was_asked_for_it_works(run, manage, tmp_path):
    demo = {"DEBUG": "1", "DEMO": "1", "DATABASE_URL": f"sqlite:///{tmp_path}/demo.sqlite3"}
    assert "has no tables. If it is the right one, run migrate." in run(manage, "verify_audit", **demo).stderr
    assert run(manage, "migrate", "-v0", **demo).returncode == 0
    done = run(manage, "verify_audit", **demo)
    assert (done.returncode, done.stdout[:28]) == (0, "0 audit events and 0 reading")
    assert f"Database: SQLite {tmp_path}/demo.sqlite3" in done.stderr
    done = run(manage, "rotate_keys", **demo)
    assert done.returncode == 1
    assert "holds no encrypted value" in done.stderr
    assert "removed" not in done.stdout + done.stderr


def test_the_settings_file_of_a_clinic_is_enough_from_any_folder(run, manage, tmp_path):
    lines = {**CLINIC, "DATABASE_URL": "postgres://clinic:hush@127.0.0.1:1/clinic"}
    (tmp_path / "env").write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
    done = run(manage, "verify_audit", ENV_FILE=str(tmp_path / "env"))
    assert done.returncode == 1
    assert "The PostgreSQL database “clinic” on 127.0.0.1:1 cannot be reached" in done.stderr
    assert "hush" not in done.stdout + done.stderr
    assert "demonstration" not in done.stderr


def test_a_settings_file_beside_manage_py_is_taken_from_any_folder(run, manage, copy):
    file = copy / ".env"
    file.write_text("".join(f"{name}={value}\n" for name, value in CLINIC.items()))
    try:
        done = run(manage, "verify_audit")
    finally:
        file.unlink()
    assert done.returncode == 1
    assert f"Database: SQLite {copy}/clinic.sqlite3" in done.stderr
    assert "This database has no tables." in done.stderr
    assert "demonstration" not in done.stderr


def test_a_settings_file_that_is_not_there_is_never_replaced_by_the_demonstration(run, manage, tmp_path):
    done = run(manage, "migrate", ENV_FILE=str(tmp_path / "nowhere"))
    assert done.returncode == 1
    assert f"the settings file {tmp_path}/nowhere cannot be read (No such file or directory)" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_newcomer_reads_that_it_is_the_demonstration(run, manage, copy):
    done = run(manage, "check")
    assert done.returncode == 0
    assert done.stderr == (f"This is the demonstration, with made-up people. Database: SQLite {copy}/clinic.sqlite3\n")
    assert "demonstration" not in run(manage, "check", **CLINIC).stderr


def test_help_needs_nothing_and_refuses_nothing(run, manage):
    done = run(manage, "help", "rotate_keys")
    assert done.returncode == 0
    assert "Encrypt all that stands under FIELD_KEYS again" in done.stdout


def test_what_a_command_prints_is_not_mixed_with_the_notice(run, manage):
    done = run(manage, "assess", given='{"ab_age": 56}\n')
    assert [json.loads(line)["booking_allowed"] for line in done.stdout.splitlines()] == [False]
    assert "This is the demonstration" in done.stderr


ON_ANY_DATABASE = {
    "assess": "reads answers from a pipe and uses no database",
    "check_facts": "reads the content's files",
    "demo": "fills a demonstration, and refuses anything else by itself",
    "export_questionnaire": "prints a published version",
    "lint_claims": "reads the content's files",
    "load_education": "a newcomer's second command; it changes nothing that anybody wrote",
    "make_backup_key": "uses no database and no settings",
    "migrate": "a newcomer's first command",
    "read_keys": "--show needs no settings; the comparison refuses by itself",
    "worker": "a part of `make run`; on a demonstration no mail leaves the machine",
}


def test_every_other_command_of_ours_refuses_the_demonstration():
    """A new one inherits ClinicCommand, or says here why it may work on the demonstration unasked."""
    ours = {
        name: app for name, app in get_commands().items() if app.split(".")[0] in OURS and not app.endswith("tests")
    }
    unasked = {name for name, app in ours.items() if not isinstance(load_command_class(app, name), ClinicCommand)}
    assert unasked == ON_ANY_DATABASE.keys()


def test_beside_a_clinic_no_command_works_on_a_demonstration_unasked(settings, monkeypatch, tmp_path):
    """Not Django's own either: an account, a password, a shell."""
    monkeypatch.setattr(command_line, "CLINIC_FOLDER", str(tmp_path))
    for name in ("DEMO", "ENV_FILE"):
        monkeypatch.delenv(name, raising=False)
    settings.DEMO = True
    for command in (
        "createsuperuser",
        "changepassword",
        "shell",
        "worker",
        "load_education",
        "migrate",
        "collectstatic",
    ):
        said = command_line.demonstration_beside_a_clinic(["manage.py", command, "--by", "admin"])
        assert said.startswith(f"This machine serves a clinic ({tmp_path}), and its settings were not given")
        assert f"Nothing was done. Type it as: clinic-manage {command} --by admin" in said
    with pytest.raises(SystemExit) as ended:
        command_line.OwnDatabaseOnly(["manage.py", "worker"]).fetch_command("worker")
    assert ended.value.code == 1


@pytest.mark.parametrize("exception", ["asked for", "help", "no clinic", "a clinic's settings"])
def test_what_was_meant_is_not_stopped(settings, monkeypatch, tmp_path, exception):
    folder = tmp_path / "nowhere" if exception == "no clinic" else tmp_path
    monkeypatch.setattr(command_line, "CLINIC_FOLDER", str(folder))
    monkeypatch.delenv("ENV_FILE", raising=False)
    monkeypatch.delenv("DEMO", raising=False)
    settings.DEMO = exception != "a clinic's settings"
    if exception == "asked for":
        monkeypatch.setenv("DEMO", "1")
    words = ["help", "worker"] if exception == "help" else ["worker"]
    assert command_line.demonstration_beside_a_clinic(["manage.py", *words]) == ""


class Later(ClinicCommand):
    """A command as another one will be: it inherits all that."""

    def handle(self, *args, **options):
        return "done"


class Restore(Later):
    needs_tables = False


@pytest.mark.django_db
class TestClinicCommand:
    @staticmethod
    def call(command: type[ClinicCommand] = Later) -> tuple[str, str]:
        out, err = StringIO(), StringIO()
        call_command(command(), stdout=out, stderr=err)
        return out.getvalue().strip(), err.getvalue().strip()

    def test_it_prints_the_database_beside_its_output(self):
        out, err = self.call()
        assert out == "done"
        assert err == f"Database: {clinic_command.describe_database()}"

    def test_it_refuses_under_debug(self, settings, monkeypatch):
        settings.DEBUG = settings.DEMO = True
        monkeypatch.delenv("DEMO", raising=False)
        with pytest.raises(CommandError, match=REFUSED):
            self.call()
        monkeypatch.setenv("DEMO", "1")
        assert self.call()[0] == "done"

    def test_only_what_makes_a_database_runs_without_tables(self, monkeypatch):
        monkeypatch.setattr(connection.introspection, "table_names", lambda *_: [])
        with pytest.raises(CommandError, match="has no tables"):
            self.call()
        assert self.call(Restore)[0] == "done"

    def test_a_database_that_is_away_is_a_sentence(self, monkeypatch):
        def away():
            raise OperationalError("password of clinic")

        monkeypatch.setattr(connection.introspection, "table_names", away)
        with pytest.raises(CommandError, match=r"does not answer \(OperationalError\)") as caught:
            self.call()
        assert "password" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "phrase"),
    [
        ({"HOST": "db.example", "PORT": 5433, "PASSWORD": "hush"}, "PostgreSQL clinic at db.example:5433"),
        ({"HOST": "", "PORT": "", "PASSWORD": "hush"}, "PostgreSQL clinic at this machine:5432"),
    ],
)
def test_a_database_is_described_without_its_password(monkeypatch, given, phrase):
    stand_in = SimpleNamespace(vendor="postgresql", settings_dict={"NAME": "clinic", **given})
    monkeypatch.setattr(clinic_command, "connection", stand_in)
    assert clinic_command.describe_database() == phrase
