"""gunicorn's own settings come from the settings file as every other, and its master loads nothing of ours."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from clinic.core import web_settings
from clinic.core.environment import Environment

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    surroundings = {"ENV_FILE": str(tmp_path / "env"), "PATH": os.environ["PATH"]}
    monkeypatch.setattr(os, "environ", surroundings)
    monkeypatch.setattr(Environment, "ENVIRON", surroundings)
    return tmp_path / "env"


def test_they_are_read_from_the_file(env_file: Path) -> None:
    env_file.write_text("BIND=0.0.0.0:9000\nWEB_CONCURRENCY=5\nFORWARDED_ALLOW_IPS=10.0.0.1\n")
    assert web_settings.read() == {"bind": "0.0.0.0:9000", "workers": 5, "forwarded_allow_ips": "10.0.0.1"}


def test_without_them_it_listens_to_this_machine_alone(env_file: Path) -> None:
    env_file.write_text("")
    assert web_settings.read() == {"bind": "127.0.0.1:8001", "workers": 3, "forwarded_allow_ips": "127.0.0.1"}


@pytest.mark.parametrize("given", ["0", "101", "-1", "many", ""])
def test_a_number_that_cannot_be_is_refused_by_name(env_file: Path, given: str) -> None:
    env_file.write_text(f"WEB_CONCURRENCY={given}\n")
    with pytest.raises(ImproperlyConfigured, match="WEB_CONCURRENCY must be"):
        web_settings.read()


def test_a_refusal_is_one_sentence_and_the_master_does_not_start(env_file: Path) -> None:
    env_file.write_text("WEB_CONCURRENCY=many\n")
    command = [sys.executable, "-m", "gunicorn", "--check-config", "-c", "deploy/gunicorn.conf.py", "clinic.wsgi"]
    answer = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False)
    assert answer.returncode == 1
    assert answer.stderr.startswith("This site cannot start: WEB_CONCURRENCY must be a whole number")
    assert "Traceback" not in answer.stderr


def test_the_master_loads_neither_django_nor_the_product() -> None:
    """A reload starts workers of the new release: they must not find modules of the old one."""
    code = (
        "import json, runpy, sys; runpy.run_path('deploy/gunicorn.conf.py'); "
        "print(json.dumps(sorted(n for n in sys.modules if n.partition('.')[0] in ('clinic', 'django', 'environ'))))"
    )
    surroundings = {**os.environ, "ENV_FILE": ""}
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=surroundings, capture_output=True, text=True, check=True
    )
    assert json.loads(answer.stdout) == []
