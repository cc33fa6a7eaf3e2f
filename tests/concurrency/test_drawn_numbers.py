"""Many rows written at once: the number that each is bound to is drawn before the row is there, and drawn once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.db import connection

from tests.concurrency.test_one_slot import in_thread
from tests.models import EncryptedNote

pytestmark = [pytest.mark.django_db(transaction=True)]
WRITERS = 4
EACH = 15


def write(start: threading.Barrier, writer: int) -> list[int]:
    start.wait()
    return [EncryptedNote.objects.create(text=f"{writer}-{number}").pk for number in range(EACH)]


def test_no_two_writers_draw_one_number() -> None:
    start = threading.Barrier(WRITERS, timeout=20)
    with ThreadPoolExecutor(WRITERS) as pool:
        drawn = list(pool.map(partial(in_thread, partial(write, start)), range(WRITERS)))
    assert len({pk for pks in drawn for pk in pks}) == WRITERS * EACH
    texts = {note.text for note in EncryptedNote.objects.all()}
    assert texts == {f"{writer}-{number}" for writer in range(WRITERS) for number in range(EACH)}


def test_the_first_numbers_of_a_table_that_never_had_a_row() -> None:
    """The case in which SQLite has nothing to count up from yet."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM sqlite_sequence WHERE name = 'tests_encryptednote'")
    test_no_two_writers_draw_one_number()
