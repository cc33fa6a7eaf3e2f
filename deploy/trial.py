"""Follows the section “Installation” of docs/operations.md line by line in an empty Debian, as root.

    debootstrap --variant=minbase bookworm /tmp/clinic-trial
    python3 deploy/trial.py --root /tmp/clinic-trial

It reads the commands from the document, so that the document is what is tried. There is no systemd in the folder: a
stand-in starts what the units say, without their sandbox. What it cannot run it names. `--bind` and `--copy` give the
folder what this machine needs to reach package registries (pip's settings; of a proxy the certificate, which belongs
into /usr/local/share/ca-certificates). Nothing is left mounted, and the folder is yours to remove.
"""

import argparse
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ARCHIVE = "clinic-1.0.0.tar.gz"
NOT_HERE = {
    "certbot certonly": "needs a name that leads to this machine",
    "/etc/letsencrypt": "needs what certbot gets",
    "systemd-journald": "there is no systemd",
}
WARNS_YET = "--fail-level WARNING"
"""The last look of all: it warns until backups are set up, which is a section of its own."""
ANSWERS = {"Name": "Ada Boone", "Email": "ada@clinic.example", "Password": "a quiet passphrase"}
MOUNTS = (("proc", "proc"), ("sysfs", "sys"), ("devtmpfs", "dev"), ("devpts", "dev/pts"), ("tmpfs", "dev/shm"))
SYSTEMCTL = '''#!/usr/bin/python3
"""Stands in for systemd: starts by hand what the units say."""
import configparser, os, shlex, subprocess, sys, time

def settings(name):
    lines = [line.strip() for line in open(name)]
    return [line for line in lines if line and not line.startswith("#")]

def start(name):
    if name == "postgresql":
        subprocess.run("pg_ctlcluster $(pg_lsclusters --no-header | cut -c1-2) main start", shell=True)
    elif name == "nginx":
        subprocess.run(["nginx"], check=True)
    else:
        parser = configparser.ConfigParser(strict=False, interpolation=None)
        parser.optionxform = str
        parser.read(f"/etc/systemd/system/{name}.service")
        unit = parser["Service"]
        command = ["runuser", f"--user={unit['User']}", "--", "env", "-i", "PATH=/usr/bin:/bin", "LANG=C.UTF-8"]
        command += settings(unit["EnvironmentFile"]) + shlex.split(unit["ExecStart"])
        if "StateDirectory" in unit:
            folder = f"/var/lib/{unit['StateDirectory']}"
            subprocess.run(["install", "--directory", f"--owner={unit['User']}", folder], check=True)
        log = open(f"/var/log/{name}.log", "a")
        subprocess.Popen(
            command,
            cwd=unit["WorkingDirectory"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )

verb, names = sys.argv[1], [word for word in sys.argv[2:] if not word.startswith("-")]
if verb == "restart" or (verb == "enable" and "--now" in sys.argv):
    for name in names:
        start(name)
elif verb == "reload" and names == ["nginx"]:
    subprocess.run(["nginx", "-s", "reload"], check=True)
'''


def commands() -> list[str]:
    section = (ROOT / "docs" / "operations.md").read_text().split("\n## Installation\n")[1].split("\n## ")[0]
    return re.findall(r"^ {4,}(\S.*)$", section, re.MULTILINE)


def run(*words: str) -> None:
    subprocess.run(words, check=True)


@contextmanager
def mounted(root: Path, binds: list[Path]) -> Iterator[None]:
    done: list[Path] = []
    try:
        for kind, place in MOUNTS:
            (root / place).mkdir(parents=True, exist_ok=True)
            run("mount", "-t", kind, kind, str(root / place))
            done.append(root / place)
        for folder in binds:
            inside = root / folder.relative_to("/")
            inside.mkdir(parents=True, exist_ok=True)
            run("mount", "--bind", "-o", "ro", str(folder), str(inside))
            done.append(inside)
        yield
    finally:
        end_all_in(root)
        for place in reversed(done):
            run("umount", str(place))


def end_all_in(root: Path) -> None:
    """Whatever was started in the folder, and nothing else of this machine."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if entry.joinpath("root").readlink() == root:
                os.kill(int(entry.name), signal.SIGKILL)
        except OSError:
            continue  # it has ended meanwhile


def typed(root: Path, line: str) -> int:
    """Run a line at a terminal of its own, and answer what it asks."""
    child, terminal = pty.fork()
    if not child:
        os.chroot(root)
        os.chdir("/root")
        kept = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        surroundings = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}
        os.execve("/bin/bash", ["bash", "-c", line], {**kept, **surroundings, "DEBIAN_FRONTEND": "noninteractive"})
    said = ""
    while True:
        try:
            piece = os.read(terminal, 4096).decode(errors="replace")
        except OSError:  # how Linux says that the other end is closed
            break
        sys.stdout.write(piece)
        said += piece
        question = said.rsplit("\n", 1)[-1]
        if (asked := re.match(r"(\w+).*: $", question)) and asked[1] in ANSWERS:
            os.write(terminal, f"{ANSWERS[asked[1]]}\n".encode())
            said += "\n"
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=lambda given: Path(given).resolve(), required=True)
    parser.add_argument("--bind", type=Path, action="append", default=[])
    parser.add_argument("--copy", type=Path, action="append", default=[])
    parser.add_argument("--stay", action="store_true", help="wait for Enter at the end, with everything running")
    asked = parser.parse_args()
    for file in asked.copy:
        inside = asked.root / file.relative_to("/")
        inside.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, inside)
    stand_in = asked.root / "usr/local/bin/systemctl"
    stand_in.write_text(SYSTEMCTL)
    stand_in.chmod(0o755)
    run("git", "-C", str(ROOT), "archive", "--format=tar.gz", f"--output={asked.root}/root/{ARCHIVE}", "HEAD")
    # Asked to end it takes down what it mounted, as after Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    failed = []
    with mounted(asked.root, asked.bind):
        for line in commands():
            print(f"\n# {line}", flush=True)
            if reason := next((why for word, why in NOT_HERE.items() if word in line), ""):
                print(f"(not run here: {reason})")
            elif (status := typed(asked.root, line)) and WARNS_YET not in line:
                failed.append(f"exit status {status}: {line}")
                print(f"(exit status {status})")
        print("\n".join(["", f"{len(commands())} lines, {len(failed)} failed.", *failed]), flush=True)
        if asked.stay:
            input("Everything runs. Enter ends it. ")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
