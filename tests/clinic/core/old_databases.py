"""Databases that an earlier version of this program, or another one, made."""

import hashlib
import sqlite3
from pathlib import Path

from django.db import ConnectionHandler
from django.db.backends.base.base import BaseDatabaseWrapper

RECORDS = "CREATE TABLE django_migrations (id integer PRIMARY KEY, app varchar(255), name varchar(255))"
STOCK = "CREATE TABLE auth_user (id integer PRIMARY KEY, username varchar(150))"
PATIENTS = "CREATE TABLE consultations_patient (id integer PRIMARY KEY, name varchar(120))"
DJANGO = [("contenttypes", "0001_initial"), ("auth", "0001_initial"), ("sessions", "0001_initial")]
BEFORE = [*DJANGO, ("clinic", "0001_initial"), ("consultations", "0001_initial"), ("education", "0001_initial")]


def recorded(*names: tuple[str, str]) -> list[str]:
    rows = [f"INSERT INTO django_migrations VALUES ({n}, '{app}', '{name}')" for n, (app, name) in enumerate(names)]
    return [RECORDS, *rows]


OLD = [*recorded(*BEFORE, ("education", "0011_lines")), STOCK, PATIENTS]


def make_file(path: Path, statements: list[str]) -> Path:
    made = sqlite3.connect(path)
    for statement in statements:
        made.execute(statement)
    made.commit()
    made.close()
    return path


def on_file(path: Path | str) -> BaseDatabaseWrapper:
    return ConnectionHandler({"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path)}})["default"]


def digests(folder: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir() if file.is_file()}
