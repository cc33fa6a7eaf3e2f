"""The table that a run ends with."""

from collections import Counter

from tests.faults import comparison
from tests.faults.comparison import CHECKS
from tests.faults.ledger import UNANSWERED
from tests.faults.run import Result


def table(result: Result) -> str:
    plan = result.plan
    said = Counter(entry.what for entry in result.entries if entry.is_acknowledged)
    found = Counter(finding.check for finding in result.findings)
    rows = [
        ("engine", plan.engine),
        ("seed", plan.seed),
        ("seconds", f"{result.seconds:.0f}"),
        ("acknowledged", f"{sum(said.values())} ({_listed(said)})"),
        ("faults", f"{sum(result.faults.values())} ({_listed(result.faults)})"),
        ("no answer, pressed again", result.answers[UNANSWERED]),
        ("error page, pressed again", _listed(_errors(result.answers)) or 0),
        ("denied at a repeat after no answer", comparison.repeats(result.entries)),
        ("mails", ", ".join(f"{count} {name}" for name, count in result.mails.items())),
        ("gave up", result.gave_up),
        *((check, found[check]) for check in CHECKS),
        ("unexpected pages", len(result.surprises)),
    ]
    width = max(len(name) for name, _ in rows)
    lines = [f"{name:<{width}}  {value}" for name, value in rows]
    lines += [f"  {finding}" for finding in result.findings[:50]]
    lines += [f"  unexpected: {text} ({count})" for text, count in Counter(result.surprises).most_common(20)]
    return "\n".join(lines)


def _errors(answers: Counter[str]) -> Counter[str]:
    return Counter({told: count for told, count in answers.items() if told != UNANSWERED})


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
