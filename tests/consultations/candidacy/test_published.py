"""What was published stays as it was: its files, its hashes and its results, pinned here as literals."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from consultations.candidacy import engine, rules
from consultations.questionnaire import definition, flow, page_copy, sentences
from tests.consultations.candidacy.cases import SWEEP, VIGNETTES, read

PINNED = {
    "definitions/1.1.0.json": "33d439d2a3142a7a058e31bf30afad8c4518cc0c554ea74fcd0e18975899b23f",
    "definitions/1.1.0.copy.toml": "c5ff2527ce2221eda927057727852fbc0c20d3cdd6337d14030aab2c06d2ba90",
    "rules/1.1.0.toml": "df86afcccedcd8e9cb05464f225ad24b8e834ef0229fe1f09997c6593cc161ea",
    "definitions/1.0.0.json": "9cab8f68288e3f8a7a334a60c2afa6bdb0d59c03f5911365012cc2f976aa0f15",
    "definitions/1.0.0.copy.toml": "665dfc0e7d39700f849538646627d26cda9bc6d10e073105785fa3eb9fe3a84b",
    "rules/1.0.0.toml": "4af085994ff8677f22e3e337b5abc4d4d8e20b30f63cc72ffb3f57cd5d1a159f",
}
CONTENT = {
    "1.0.0": "a5dddacd0ffc125139f0d9f0257f5f9592011d49fb86941f5cf683c0296fc5d0",
    "1.1.0": "9a71b5573170c79fabb91204c0a455116a753dc4cfe1d0a06b027acb9856786b",
}
GOLDEN: list[dict[str, Any]] = read("golden_1.0.0.json")
ANSWERS = {
    **{item["id"]: item["answers"] for item in (*VIGNETTES, *SWEEP)},
    **{item["case"]: item["answers"] for item in GOLDEN if "answers" in item},
}


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def files() -> dict[str, Path]:
    folders = (definition.DEFINITIONS, rules.RULES)
    return {f"{folder.name}/{file.name}": file for folder in folders for file in folder.iterdir() if file.is_file()}


def test_the_sentences_around_the_questions_are_these() -> None:
    """Answers that are stored hold these words."""
    digest = hashlib.sha256(sentences.FILE.read_bytes()).hexdigest()
    assert digest == "34379367fdd171b3eebd38522c1bb13e48c294d16c46bed30ad0355e0d42e9e8"


def test_every_file_of_a_published_version_is_pinned_and_as_it_was() -> None:
    digests = {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in files().items()}
    edited = sorted(name for name, digest in PINNED.items() if digests.get(name) != digest)
    assert edited == [], "Published versions are frozen: put these files back, and make the next version instead."
    added = sorted(digests.keys() - PINNED.keys())
    assert added == [], "A new version: add its files to PINNED here, and its content hash to CONTENT."


def test_the_hash_that_is_stored_with_results_is_the_one_of_the_day_of_publishing() -> None:
    assert {version: rules.load(version).content_hash for version in rules.versions()} == CONTENT
    assert set(definition.versions()) == set(page_copy.versions()) == set(CONTENT)


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden["case"])
def test_answers_to_1_0_0_give_the_bytes_they_always_gave(golden: dict[str, Any]) -> None:
    answers = ANSWERS[golden["case"]]
    assert canonical(engine.assess(answers, version="1.0.0").as_json()) == golden["result"]
    asked = canonical(flow.as_asked(answers, version="1.0.0", region="US"))
    assert hashlib.sha256(asked.encode()).hexdigest() == golden["asked_sha256"]


def test_the_golden_results_are_of_every_kind() -> None:
    assert len(GOLDEN) == 158
    assert {json.loads(golden["result"])["outcome"] for golden in GOLDEN} == {
        "EMERGENCY", "SAME_DAY", "URGENT_REVIEW", "NOT_SUITABLE_NOW", "DEFER", "NEEDS_INFO", "LIKELY_SUITABLE",
    }  # fmt: skip
