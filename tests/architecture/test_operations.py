"""docs/operations.md shows each command as it must be typed beside the units that are shipped."""

import configparser
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands, load_command_class

from clinic.core.management.clinic_command import ClinicCommand

ROOT = Path(__file__).resolve().parent.parent.parent
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
UNITS = sorted((ROOT / "deploy").glob("*.service"))
TYPED = [line.strip() for line in OPERATIONS.splitlines() if re.match(r" {4,}.*manage\.py", line)]


def service(unit: Path) -> dict[str, str]:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read_string(unit.read_text())
    return dict(parser["Service"])


def as_typed(unit: Path) -> str:
    """A command of manage.py with the user, the settings, the Python and the folder of a unit."""
    says = service(unit)
    folder, python = says["WorkingDirectory"], says["ExecStart"].split("/bin/")[0] + "/bin/python"
    return f"sudo -u {says['User']} env ENV_FILE={says['EnvironmentFile']} {python} {folder}/manage.py "


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_every_command_names_the_user_the_settings_and_the_place_of_the_units(unit):
    assert len(TYPED) >= 9
    for line in TYPED:
        assert line.startswith(as_typed(unit)), line


def test_every_command_that_it_shows_exists():
    known = get_commands()
    for line in TYPED:
        assert line.split("manage.py ")[1].split()[0] in known, line


def test_every_command_on_a_clinics_own_data_is_shown():
    own = {
        name for name, app in get_commands().items() if app.split(".")[0] in ("clinic", "consultations", "education")
    }
    clinic_commands = {
        name for name in own if isinstance(load_command_class(get_commands()[name], name), ClinicCommand)
    }
    shown = {line.split("manage.py ")[1].split()[0] for line in TYPED}
    assert {"rotate_keys", "print_index_key", "verify_audit"} <= clinic_commands
    assert clinic_commands <= shown


def test_no_sentence_gives_a_command_without_its_settings():
    """What is not on a line of its own is named without `manage.py`, so that nobody copies half of it."""
    prose = [line for line in OPERATIONS.splitlines() if line.strip() not in TYPED]
    assert [line for line in prose if re.search(r"manage\.py \w", line)] == []


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_runs_what_is_there(unit):
    says = service(unit)
    for path in re.findall(r"(?<= )(?:deploy/)?[\w.]+\.py\b", says["ExecStart"]):
        assert (ROOT / path).is_file()


def test_the_table_of_readiness_names_every_probe():
    for probe in settings.READINESS:
        assert f"| `{probe.rpartition('.')[2]}` |" in OPERATIONS
