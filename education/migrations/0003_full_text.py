"""Each engine's own full text beside the table of plain words that visitors search.

SQLite: an FTS5 table that reads its words from the entries, kept true by triggers. They vanish when a later migration
rebuilds the table, so such a migration must add them again (a test looks for them after all migrations).
PostgreSQL: a stored tsvector, weighted A to D, and a short one of all but the text. Neither needs an extension.
"""

import unicodedata

from django.db import migrations

COLUMNS = ("title", "summary", "keywords", "text")
ACCENTED = [chr(code) for code in range(0xC0, 0x250) if unicodedata.decomposition(chr(code)).count(" ") == 1]
SEPARATORS = "./-@_&:<>"
"""What PostgreSQL would read as parts of an address, a path, a compound or a tag, and SQLite as gaps between words."""
BARE = "".join(unicodedata.normalize("NFD", letter)[0] for letter in ACCENTED) + " " * len(SEPARATORS)
WORDS_OF = f"to_tsvector('english', translate({{column}}, '{''.join(ACCENTED)}{SEPARATORS}', '{BARE}'))"
WEIGHED = [
    f"setweight({WORDS_OF.format(column=column)}, '{weight}')" for column, weight in zip(COLUMNS, "ABCD", strict=True)
]
FTS = "education_searchentry_fts"
LISTED = ", ".join(COLUMNS)
OLD = f"INSERT INTO {FTS} ({FTS}, rowid, {LISTED}) VALUES ('delete', old.id, {', '.join(f'old.{name}' for name in COLUMNS)});"
NEW = f"INSERT INTO {FTS} (rowid, {LISTED}) VALUES (new.id, {', '.join(f'new.{name}' for name in COLUMNS)});"


def add_full_text(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for column, weighed in (("words", WEIGHED), ("heads", WEIGHED[:3])):
            schema_editor.execute(
                f"ALTER TABLE education_searchentry ADD COLUMN {column} tsvector "
                f"GENERATED ALWAYS AS ({' || '.join(weighed)}) STORED"
            )
            # Kept in the row: fetching a vector from elsewhere costs a search more than everything else.
            schema_editor.execute(f"ALTER TABLE education_searchentry ALTER COLUMN {column} SET STORAGE MAIN")
        schema_editor.execute(
            "CREATE INDEX education_searchentry_words ON education_searchentry USING gin (words) "
            "WITH (fastupdate = off)"
        )
        return
    schema_editor.execute(
        f"CREATE VIRTUAL TABLE {FTS} USING fts5({LISTED}, content='education_searchentry', content_rowid='id', "
        "tokenize='porter unicode61 remove_diacritics 2')"
    )
    for verb, step in (("insert", NEW), ("delete", OLD), ("update", OLD + NEW)):
        schema_editor.execute(
            f"CREATE TRIGGER {FTS}_{verb} AFTER {verb.upper()} ON education_searchentry BEGIN {step} END"
        )


def drop_full_text(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE education_searchentry DROP COLUMN words, DROP COLUMN heads")
        return
    for verb in ("insert", "delete", "update"):
        schema_editor.execute(f"DROP TRIGGER {FTS}_{verb}")
    schema_editor.execute(f"DROP TABLE {FTS}")


class Migration(migrations.Migration):
    dependencies = [("education", "0002_groups")]

    operations = [migrations.RunPython(add_full_text, drop_full_text)]
