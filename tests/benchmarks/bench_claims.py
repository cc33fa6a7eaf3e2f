"""How well the claims rules tell bad from honest, printed and never asserted: `make bench`."""

import time

from education.claims import linter
from tests.benchmarks.bench_speed import say
from tests.education.claims.test_linter import CORPUS

LINE = "Most people with back pain get better with time, and no injection has been proven to repair a worn disc. "
CHARACTERS = 100_000


def test_bad_and_honest_sentences() -> None:
    bad, good = CORPUS["bad"], CORPUS["good"]
    results = {
        entry["text"]: {f"{finding.rule} {finding.level}" for finding in linter.find(entry["text"])}
        for entry in bad + good
    }
    missed = [entry["text"] for entry in bad if not results[entry["text"]] & set(entry["expect"])]
    stopped = [entry["text"] for entry in good if any(item.endswith("block") for item in results[entry["text"]])]
    blocks = [
        sum(finding.level == linter.BLOCK for entry in entries for finding in linter.find(entry["text"]))
        for entries in (bad, good)
    ]
    say("claims: bad sentences found (recall)", f"{1 - len(missed) / len(bad):>8.1%} of {len(bad)}")
    say("claims: honest sentences let through (precision)", f"{1 - len(stopped) / len(good):>8.1%} of {len(good)}")
    say("claims: blocks that stand in bad sentences (precision)", f"{blocks[0] / sum(blocks):>7.1%} of {sum(blocks)}")
    for text in missed:
        say("  not found", text)
    for text in stopped:
        say("  stopped though honest", text)


def test_speed() -> None:
    text = (LINE * (CHARACTERS // len(LINE) + 1))[:CHARACTERS]
    begin = time.perf_counter()
    linter.find(text)
    say("claims: a line of 100,000 characters", f"{time.perf_counter() - begin:>8.2f} seconds")
