"""What input must never become: a question to the database, a pattern, a template, a program, or a file."""

import ast
import re
from collections.abc import Iterator

from django.apps import apps
from django.conf import settings
from django.db import models

from tests.architecture.test_house_rules import ROOT, called_names, name, offenders, sources, text_of, tree_of

OF_THE_CLIENT = re.compile(r"request\.(GET|POST|COOKIES|headers|META|body)|cleaned_data")
LOOKS = {"filter", "exclude", "get", "create", "update", "update_or_create", "get_or_create", "order_by", "values"}
OF_RE = {f"re.{name}" for name in ("compile", "search", "match", "fullmatch", "findall", "finditer", "sub", "split")}
MAKES_TEMPLATES = ["clinic/core/gallery.py"]
"""The gallery of components shows pieces that stand in a file of ours, and only under DEBUG."""
SCRIPTS = sorted(
    file for package in ("clinic", "education", "consultations") for file in (ROOT / package).rglob("static/**/*.js")
)
KEEPS_OR_WRITES = re.compile(
    r"localStorage|sessionStorage|indexedDB|document\.cookie|caches\.|serviceWorker|innerHTML|outerHTML|insertAdjacentHTML"
    r"|document\.write|DOMParser|srcdoc|\beval\(|new Function|postMessage|https?://"
)


def spread_calls(tree: ast.AST) -> Iterator[str]:
    """`**something of the client` in a question to the database."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LOOKS:
            for keyword in node.keywords:
                if keyword.arg is None and OF_THE_CLIENT.search(ast.unparse(keyword.value)):
                    yield ast.unparse(node)


def made_patterns(tree: ast.AST) -> Iterator[str]:
    """A pattern of `re` that is put together, and not a constant."""
    for node in ast.walk(tree):
        is_made = isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.JoinedStr | ast.BinOp)
        if is_made and ast.unparse(node.func) in OF_RE:
            yield ast.unparse(node)


def test_no_dictionary_of_the_client_is_a_question_to_the_database() -> None:
    assert offenders(sources(), lambda file: list(spread_calls(tree_of(file)))) == []
    assert list(spread_calls(ast.parse("Row.objects.filter(**request.GET.dict())")))


def test_no_question_is_written_past_the_models() -> None:
    """Django's ways to put text into SQL; our own SQL has parameters, and the linter refuses text put into it."""
    past = re.compile(r"objects\.raw\(|\.extra\(|RawSQL\(")
    assert offenders(sources(), lambda file: past.search(text_of(file))) == []


def test_no_pattern_is_made_of_input() -> None:
    made = [file for file in sources() if [text for text in made_patterns(tree_of(file)) if "re.escape" not in text]]
    of_input = [name(file) for file in made if "request" in text_of(file)]
    assert of_input == []
    assert list(made_patterns(ast.parse('re.search(f"{word}x", text)')))


def test_no_template_and_no_program_is_made_of_input() -> None:
    makers = {"from_string", "Template", "eval", "exec", "__import__", "format_map"}
    assert offenders(sources(), lambda file: makers & called_names(tree_of(file))) == MAKES_TEMPLATES
    starts = offenders(sources(), lambda file: re.search(r"shell=True|os\.system|os\.popen", text_of(file)))
    assert starts == []


def test_there_is_no_upload() -> None:
    """Nobody sends a file, so none is decoded, kept or shown: a form field for one would be a new decision."""
    fields = [field for model in apps.get_models() for field in model._meta.get_fields()]
    assert [field for field in fields if isinstance(field, models.FileField)] == []
    upload = re.compile(r"\bforms\.(File|Image)Field|request\.FILES")
    assert offenders(sources(), lambda file: upload.search(text_of(file))) == []
    assert settings.DATA_UPLOAD_MAX_NUMBER_FILES == 0


def test_scripts_keep_nothing_write_no_markup_and_ask_no_other_site() -> None:
    assert len(SCRIPTS) >= 3
    assert {name(file): found for file in SCRIPTS if (found := KEEPS_OR_WRITES.findall(file.read_text()))} == {}


def test_sessions_are_json_and_no_clients_class_is_built() -> None:
    assert settings.SESSION_SERIALIZER == "django.contrib.sessions.serializers.JSONSerializer"


def test_nothing_is_written_as_a_spreadsheet() -> None:
    """A cell that begins with "=" is a formula to the program that opens it. We hand out JSON and calendars."""
    spreadsheet = re.compile(r"^\s*(import|from) (csv|openpyxl|xlsxwriter|pandas)\b|text/csv", re.MULTILINE)
    assert offenders(sources(), lambda file: spreadsheet.search(text_of(file))) == []


def test_no_secret_is_compared_letter_by_letter() -> None:
    """Secrets that somebody sends are looked up by their digest, or compared in constant time."""
    compared = re.compile(r"\b(token|secret|password|METRICS_TOKEN|signature_of)\w* (==|!=) ")
    # There both are our own: what the session holds and what the row does.
    assert offenders(sources(), lambda file: compared.search(text_of(file))) == ["consultations/views/check_browser.py"]
    assert compared.search("if token == given:")
