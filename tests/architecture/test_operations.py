"""docs/operations.md shows each command as it must be typed beside the units that are shipped."""

import configparser
import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands, load_command_class

from clinic.core.management.clinic_command import ClinicCommand

ROOT = Path(__file__).resolve().parent.parent.parent
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
HARDENED = {
    "NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes",
    "PrivateDevices": "yes", "CapabilityBoundingSet": "", "RestrictNamespaces": "yes",
    "SystemCallFilter": "@system-service", "RestrictAddressFamilies": "AF_UNIX AF_INET AF_INET6", "UMask": "0077",
}  # fmt: skip
DEPLOY = ROOT / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))
SHOWN = re.findall(r"^ {4,}(\S.*)$", OPERATIONS, re.MULTILINE)
"""Every line that is typed."""
WRAPPER = re.compile(r"^(?:/srv/clinic-[\d.]+/deploy/)?clinic-manage (.+)$")
TYPED = [found[1] for line in SHOWN if (found := WRAPPER.match(line))]
IN_A_CONTAINER = [
    line.split("manage.py ")[1] for line in SHOWN if line.startswith("docker compose") and "manage" in line
]
PLACES = re.compile(r"/srv/clinic(?:-[\d.]+)?/((?:deploy/|requirements|\.env\.)\S*)")


def service(unit: Path) -> dict[str, str]:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read_string(unit.read_text())
    return dict(parser["Service"])


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_the_wrapper_takes_the_user_the_settings_and_the_place_of_the_units(unit):
    says, wrapper = service(unit), (DEPLOY / "clinic-manage").read_text()
    assert says["EnvironmentFile"] == "/etc/clinic/env"
    assert f"settings={says['EnvironmentFile']}\n" in wrapper
    assert f"user={says['User']}\n" in wrapper
    assert says["WorkingDirectory"] == "/srv/clinic"
    assert "ln --symbolic --force /srv/clinic/deploy/clinic-manage /usr/local/sbin/clinic-manage" in SHOWN
    assert os.access(DEPLOY / "clinic-manage", os.X_OK)


def test_no_command_is_typed_without_the_wrapper():
    assert len(TYPED) >= 15
    bare = [line for line in SHOWN if "manage.py" in line and not line.startswith("docker compose --env-file ")]
    assert bare == []


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_no_unit_may_write_beside_its_own_folders_or_gain_a_right(unit):
    says = service(unit)
    assert {name: says.get(name) for name in HARDENED} == HARDENED


def test_files_of_ours_that_it_names_are_there():
    named = {found.rstrip("/") for line in SHOWN for found in PLACES.findall(line)}
    assert len(named) >= 8
    assert [name for name in sorted(named) if not list(ROOT.glob(name))] == []


def test_every_unit_is_installed_and_started():
    for unit in UNITS:
        assert [line for line in SHOWN if line.startswith("install ") and f"deploy/{unit.name}" in line], unit.name
        assert [
            line for line in SHOWN if "enable --now" in line and {unit.stem, f"{unit.stem}.timer"} & {*line.split()}
        ], unit.name


def test_every_file_of_nginx_is_installed():
    installed = " ".join(line for line in SHOWN if line.startswith("install ") and "nginx" in line)
    for file in re.findall(r"include /etc/nginx/(clinic-[\w-]+\.conf)", (DEPLOY / "nginx.conf").read_text()):
        assert file in installed or "deploy/clinic-*.conf" in installed, file
        assert (DEPLOY / file).is_file()


def test_what_nginx_compresses_stands_as_data_protection_says():
    """BREACH: never the page on which a password is typed, nor staff and private pages whose address has a query."""
    nginx = (DEPLOY / "nginx.conf").read_text()
    blocks = dict(re.findall(r"^    location ([^{]+) \{\n(.*?)^    \}", nginx, re.MULTILINE | re.DOTALL))
    assert {name for name, block in blocks.items() if "gzip off;" in block} == {
        "^~ /admin/login/",
        "~ ^/(admin|request)/",
    }
    assert "if ($args) {\n            gzip off;" in blocks["~ ^/(admin|request)/"]
    assert re.findall(r"gzip_types (.*);", nginx) == [
        "text/plain text/calendar application/json application/xml application/fhir+json"
    ]


def test_the_steps_of_an_installation_stand_in_their_order():
    """Each rests on what those before it made."""
    steps = [
        "useradd", "tar ", "python3 -m venv", "install --mode=640 --group=clinic", "SECRET_KEY", "roles.sql",
        "clinic-manage migrate", "clinic-manage load_education", "clinic-manage static_pages", "createsuperuser",
        "publish_shipped", "enable --now clinic-web clinic-worker", "nginx -t", "certbot certonly",
    ]  # fmt: skip
    places = [next(n for n, line in enumerate(SHOWN) if step in line) for step in steps]
    assert places == sorted(places)


@pytest.mark.parametrize(
    "steps",
    [
        [
            "createdb --owner=clinic", "dump.backup --into postgres://clinic@/clinic_restored",
            "clinic RENAME TO clinic_before", "clinic_restored RENAME TO clinic", "deploy/roles.sql",
            "clinic-manage migrate", "clinic-manage verify_audit --restored", "start clinic-web clinic-worker",
        ],
        [
            "stop clinic-web clinic-worker", "--group=clinic /dev/null /run/clinic-paper", "base.backup --into",
            "stop postgresql", "chown --recursive postgres", "start postgresql", "after_restore --facts - <",
            "verify_audit --restored", "ALTER SYSTEM RESET archive_mode", "restart postgresql", "backup --base",
            "start clinic-web clinic-worker",
        ],
    ],
    ids=["a dump", "a whole server"],
)  # fmt: skip
def test_the_steps_of_a_restore_stand_in_their_order(steps):
    """Nobody gets in before the copy was settled; afterwards backups and the archive go on."""
    restoring = OPERATIONS.split("\n### Restore\n")[1].split("\n### ")[0]
    lines = re.findall(r"^ {4,}(\S.*)$", restoring, re.MULTILINE)
    after = 0
    for step in steps:
        places = [number for number, line in enumerate(lines) if step in line and number >= after]
        assert places, step
        after = places[0]


def test_the_wrapper_says_what_is_wrong_in_the_wrong_shell():
    if os.getuid():
        done = subprocess.run([DEPLOY / "clinic-manage", "migrate"], capture_output=True, text=True, check=False)
        assert (
            done.stderr == "clinic-manage changes the user by itself, so it must be root: sudo clinic-manage migrate\n"
        )
    assert subprocess.run(["sh", "-n", DEPLOY / "clinic-manage"], check=False).returncode == 0


class TestCompose:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    ours = {name: service for name, service in compose["services"].items() if name != "database"}

    def test_the_application_is_no_superuser_and_only_migrate_owns_the_tables(self):
        urls = {name: service["environment"]["DATABASE_URL"] for name, service in self.ours.items()}
        assert {url.split(":")[1] for url in urls.values()} == {"//clinic"}
        own = {name: service["environment"]["MIGRATE_DATABASE_URL"] for name, service in self.ours.items()}
        assert own.pop("migrate").startswith("postgres://clinic_migrate:${MIGRATION_PASSWORD}@database")
        assert set(own.values()) == {""}
        database = self.compose["services"]["database"]
        assert "POSTGRES_USER" not in database["environment"]
        assert "./roles.sql:/docker-entrypoint-initdb.d/roles.sql:ro" in database["volumes"]

    def test_no_container_of_ours_can_write_its_own_files_or_gain_a_right(self):
        for name, service in self.ours.items():
            assert service["read_only"] is True, name
            assert service["cap_drop"] == ["ALL"], name
            assert service["security_opt"] == ["no-new-privileges:true"], name
        writable = {
            name
            for name, service in self.ours.items()
            if [volume for volume in service.get("volumes", []) if not volume.endswith(":ro")]
        }
        assert writable == {"content", "backup"}

    def test_backups_are_made_by_one_and_their_age_is_seen_by_the_site(self):
        folder = "${CLINIC_BACKUPS:-/var/backups/clinic}:/var/backups/clinic"
        assert self.ours["backup"]["volumes"] == [folder]
        assert self.ours["web"]["volumes"] == [f"{folder}:ro"]
        assert {service["environment"]["BACKUP_FOLDER"] for service in self.ours.values()} == {"/var/backups/clinic"}
        assert "do python manage.py backup; sleep 300; done" in self.ours["backup"]["command"]
        # What it calls is in the image, of the server's version.
        major = self.compose["services"]["database"]["image"].removeprefix("postgres:")
        assert f"postgresql-client-{major} " in (DEPLOY / "Dockerfile").read_text()

    def test_the_site_begins_after_its_tables_and_its_content(self):
        after = {name: list(service["depends_on"]) for name, service in self.ours.items()}
        assert after == {
            "migrate": ["database"], "content": ["migrate"], "web": ["content"], "worker": ["content"],
            "backup": ["content"],
        }  # fmt: skip
        assert "load_education" in self.ours["content"]["command"]
        assert "static_pages /pages" in self.ours["content"]["command"]


def test_every_command_that_it_shows_exists():
    known = get_commands()
    assert [line for line in [*TYPED, *IN_A_CONTAINER] if line.split()[0] not in known] == []


def test_every_command_on_a_clinics_own_data_is_shown():
    own = {
        name for name, app in get_commands().items() if app.split(".")[0] in ("clinic", "consultations", "education")
    }
    kept = {name for name in own if isinstance(load_command_class(get_commands()[name], name), ClinicCommand)}
    shown = {line.split()[0] for line in TYPED}
    assert {"rotate_keys", "print_index_key", "verify_audit"} <= kept
    assert kept <= shown


def test_no_sentence_gives_a_command_without_its_settings():
    """What is not on a line of its own is named without `manage.py`, so that nobody copies half of it."""
    prose = [line for line in OPERATIONS.splitlines() if not line.startswith("    ")]
    assert [line for line in prose if re.search(r"manage\.py \w", line)] == []


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_runs_what_is_there(unit):
    says = service(unit)
    for path in re.findall(r"(?<= )(?:deploy/)?[\w.]+\.py\b", says["ExecStart"]):
        assert (ROOT / path).is_file()


def test_the_table_of_readiness_names_every_probe():
    for probe in settings.READINESS:
        assert f"| `{probe.rpartition('.')[2]}` |" in OPERATIONS
