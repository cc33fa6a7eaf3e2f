"""What visitors search: a table of plain words, and each engine's own full text beside it.

SQLite: an FTS5 table that reads its words from the entries, kept true by triggers. They vanish when a later migration
rebuilds the table, so such a migration must add them again (a test looks for them after all migrations).
PostgreSQL: a stored tsvector, weighted A to D, and a short one of all but the text. Neither needs an extension.
"""

import unicodedata

from django.db import migrations, models
from django.db.models import Q

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
    dependencies = [
        ("education", "0009_page_constraints"),
    ]

    operations = [
        migrations.CreateModel(
            name="SearchEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("page", "Pages"),
                            ("question", "Questions and answers"),
                            ("term", "Words explained"),
                            ("statement", "Graded statements"),
                            ("trial", "Trials"),
                            ("source", "Sources"),
                        ],
                        max_length=20,
                    ),
                ),
                ("key", models.CharField(max_length=80)),
                ("digest", models.CharField(max_length=64)),
                ("path", models.CharField(max_length=220)),
                ("title", models.CharField(max_length=400)),
                ("grade", models.SmallIntegerField(null=True)),
                ("is_stem_cell", models.BooleanField(default=False)),
                ("summary", models.TextField(default="")),
                ("keywords", models.TextField(default="")),
                ("text", models.TextField(default="")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "key"), name="one_search_entry_per_thing"),
                    models.CheckConstraint(
                        condition=Q(kind__in=["page", "question", "term", "statement", "trial", "source"]),
                        name="search_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=Q(grade__isnull=True) | Q(grade__gte=-1, grade__lte=4), name="search_grade_in_range"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SearchVocabulary",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("words", models.JSONField(default=dict)),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=Q(id=1), name="one_search_vocabulary")],
            },
        ),
        migrations.RunPython(add_full_text, drop_full_text),
    ]
