"""`manage.py export_questionnaire`: the published document, with addresses of this clinic."""

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from consultations.questionnaire import definition


def exported(*arguments: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command("export_questionnaire", *arguments, stdout=out)
    document: dict[str, Any] = json.loads(out.getvalue())
    return document


@pytest.mark.parametrize(("arguments", "version"), [((), "1.1.0"), (("--version", "1.0.0"), "1.0.0")])
def test_every_address_of_our_own_has_the_base_of_the_setting(
    settings: Any, arguments: tuple[str, ...], version: str
) -> None:
    settings.FHIR_BASE_URL = "https://back.example/fhir"
    document = exported(*arguments)
    assert (document["version"], document["resourceType"]) == (version, "Questionnaire")
    assert document["url"] == "https://back.example/fhir/Questionnaire/back-pain-candidacy"
    assert "clinic.example" not in json.dumps(document)
    asked = [question.text for question in definition.build(document).questions]
    assert asked == [question.text for question in definition.load(version).questions]
    assert definition.raw(version)["url"] == "https://clinic.example/fhir/Questionnaire/back-pain-candidacy"


def test_without_a_setting_the_base_is_the_sites_own() -> None:
    assert exported()["url"] == "http://testserver/fhir/Questionnaire/back-pain-candidacy"


def test_a_version_that_was_never_published_is_refused() -> None:
    with pytest.raises(CommandError, match=r"There is no questionnaire '2\.0\.0'"):
        exported("--version", "2.0.0")
