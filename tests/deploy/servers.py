"""A real nginx before a real gunicorn, on free ports of this machine, with the files of `deploy/`."""

import contextlib
import datetime
import io
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import time
from pathlib import Path
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.core.management import call_command

from tests.concurrency.processes import free_port, start

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
HOST = "clinic.example"
DEADLINE = 120
"""On a machine with much else to do the application takes a minute to load."""
HTTP_BLOCK = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr emerg;
events {{}}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    types {{ text/html html; text/css css; }}
    default_type application/octet-stream;
    # As in Debian's own nginx.conf.
    gzip on;
    include {folder}/clinic.conf;
}}
"""


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


def parse(raw: bytes) -> Answer:
    """The first answer in what a socket gave; header names in small letters."""
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = [line.split(": ", 1) for line in lines]
    assert len({name for name, _ in pairs}) == len(pairs), f"a header is sent twice: {lines}"
    return Answer(int(first.split()[1]), {name.lower(): value for name, value in pairs}, body)


class Servers:
    """`plain` and `secure` are nginx's ports, `direct` is gunicorn's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.plain, self.secure, self.direct = free_port(), free_port(), free_port()
        self._write()
        self.start_gunicorn()
        command = [nginx_path() or "nginx", "-c", str(folder / "nginx.conf"), "-p", str(folder)]
        with (folder / "nginx.err").open("wb") as errors:
            self.nginx = subprocess.Popen(command, stderr=errors, env={**os.environ, "TZ": "UTC"})
        self._await(self.secure)

    def _write(self) -> None:
        call_command("static_pages", self.folder / "pages", stdout=io.StringIO())
        (self.folder / "ssl").mkdir()
        certificate(self.folder / "ssl")
        for name in ("nginx.conf", "clinic-proxy.conf", "clinic-errors.conf", "clinic-headers.conf"):
            text = (DEPLOY / name).read_text()
            text = re.sub(r"^\s*listen \[::\].*\n", "", text, flags=re.MULTILINE)
            for shipped, here in (
                ("listen 80", f"listen 127.0.0.1:{self.plain}"),
                ("listen 443", f"listen 127.0.0.1:{self.secure}"),
                ("127.0.0.1:8001", f"127.0.0.1:{self.direct}"),
                ("/etc/nginx/", f"{self.folder}/"),
                ("/etc/ssl/clinic/", f"{self.folder}/ssl/"),
                ("/srv/clinic/pages", f"{self.folder}/pages"),
                ("/var/log/nginx/", f"{self.folder}/"),
            ):
                text = text.replace(shipped, here)
            (self.folder / name.replace("nginx.conf", "clinic.conf")).write_text(text)
        (self.folder / "nginx.conf").write_text(HTTP_BLOCK.format(folder=self.folder))

    def start_gunicorn(self) -> None:
        """Its database is away, as it needs none to answer what is tested here. Its own settings stand in a file."""
        (self.folder / "env").write_text(
            f"BIND=127.0.0.1:{self.direct}\nWEB_CONCURRENCY=2\nPROXY_COUNT=1\nHTTPS=1\nMETRICS_TOKEN={'m' * 32}\n"
        )
        with (self.folder / "gunicorn.log").open("ab") as log:
            self.gunicorn = self._start(log)
        self._await(self.direct)

    def _start(self, log: Any) -> subprocess.Popen[bytes]:
        return start(
            "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "clinic.wsgi",
            log=log,
            ENV_FILE=str(self.folder / "env"), HTTPS="1", SITE_URL=f"https://{HOST}", ALLOWED_HOSTS=f"{HOST},127.0.0.1",
            DATABASE_URL="postgres://nobody:nobody@127.0.0.1:1/nowhere", DJANGO_SETTINGS_MODULE="tests.deploy.settings",
        )  # fmt: skip

    def _await(self, port: int) -> None:
        begun = time.monotonic()
        while time.monotonic() - begun < DEADLINE:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError((self.folder / "nginx.err").read_text() + (self.folder / "gunicorn.log").read_text())

    def stop(self) -> None:
        self.nginx.terminate()
        self.nginx.wait(timeout=DEADLINE)
        self.kill_gunicorn()

    def kill_gunicorn(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.gunicorn.pid, signal.SIGKILL)
        self.gunicorn.wait(timeout=DEADLINE)

    def send(self, port: int, raw: bytes, *, host: str = HOST, tls: bool = True) -> Answer:
        """Exactly these bytes, under TLS where the port is that of https."""
        with contextlib.ExitStack() as opened:
            connection = opened.enter_context(socket.create_connection(("127.0.0.1", port), timeout=DEADLINE))
            if tls and port == self.secure:
                context = ssl.create_default_context(cafile=str(self.folder / "ssl" / "fullchain.pem"))
                context.check_hostname = False
                connection = opened.enter_context(context.wrap_socket(connection, server_hostname=host))
            connection.sendall(raw)
            return parse(read_all(connection))

    def ask(self, path: str, *, method: str = "GET", headers: str = "", host: str = HOST, port: int = 0) -> Answer:
        head = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n"
        return self.send(port or self.secure, head.encode("latin-1"), host=host)

    def access_lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in whole_lines(self.folder / "clinic.log")]

    def access_line(self, answer: "Answer") -> dict[str, Any]:
        """The line of one answer, and no other. nginx writes it once the answer is out, so it may come after it."""
        until = time.monotonic() + 10
        while True:
            lines = [line for line in self.access_lines() if line["request_id"] == answer.headers["x-request-id"]]
            if lines:
                (line,) = lines
                return line
            assert time.monotonic() < until, "no line in the log"
            time.sleep(0.02)

    def gunicorn_lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in whole_lines(self.folder / "gunicorn.log")]


def whole_lines(file: Path) -> list[str]:
    return [line for line in file.read_text().splitlines(keepends=True) if line.endswith("\n")]


def read_all(connection: socket.socket) -> bytes:
    """One answer: nginx keeps a connection for a while whose request it did not read to the end."""
    found = b""
    try:
        while not is_whole(found) and (part := connection.recv(65536)):
            found += part
    except (ConnectionResetError, ssl.SSLError):
        pass  # what was sent is not read to its end
    return found


def is_whole(found: bytes) -> bool:
    head, _, body = found.partition(b"\r\n\r\n")
    length = re.search(rb"\r\nContent-Length: (\d+)", head, re.IGNORECASE)
    return length is not None and len(body) >= int(length[1])


def certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "fullchain.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def nginx_path() -> str | None:
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
