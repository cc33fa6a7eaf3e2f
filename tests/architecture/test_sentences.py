"""Every sentence that a person reads stands in a template, in a content file, or in a message catalogue: whole."""

from pathlib import Path

import pytest

from tests.architecture.sentence_finder import Finder

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = (
    "clinic/accounts/apps.py",
    "clinic/accounts/models.py",
    "clinic/accounts/sign_in.py",
    "clinic/staff/admin.py",
    "clinic/staff/apps.py",
    "clinic/staff/area.py",
    "clinic/staff/audit_labels.py",
    "clinic/staff/base_admin.py",
    "clinic/staff/site.py",
    "consultations/actions",
    "consultations/admin",
    "consultations/apps.py",
    "consultations/candidacy",
    "consultations/emails.py",
    "consultations/enums.py",
    "consultations/forms",
    "consultations/ics/",
    "consultations/mail_copy.py",
    "consultations/models",
    "consultations/permissions.py",
    "consultations/phones.py",
    "consultations/presenters",
    "consultations/questionnaire",
    "consultations/services",
    "consultations/status_copy.py",
    "consultations/templatetags",
    "consultations/views",
    "consultations/workflow.py",
    "education/actions",
    "education/apps.py",
    "education/claims/content_checks.py",
    "education/claims/publication_checks.py",
    "education/fixed_pages.py",
    "education/library.py",
    "education/models",
    "education/workflow.py",
)
"""Packages and modules whose sentences are all marked."""
NOBODY_READS: dict[str, tuple[str, ...]] = {
    "consultations/admin/audit.py": ('<a href="{}">{}</a>',),
    "consultations/views/check_form.py": ("{name}={code}",),
    "consultations/views/check_required.py": ("Location",),
    "consultations/views/private_status.py": ("text/calendar; charset=utf-8",),
    "consultations/views/calendar_feed.py": ("text/calendar; charset=utf-8", 'inline; filename="visits.ics"'),
    # Whoever looks after the server reads these: the health check, the log, the record of a failure.
    "consultations/services/alarms.py": ("nobody was told of ", "nobody can be told"),
    "consultations/services/readiness.py": (" not read for ",),
    "consultations/services/carried.py": ("too long", "too old"),
    "consultations/services/figures.py": (
        "Open requests", "Age of the oldest", "Safety cases that", "Since the oldest", "Texts with such", "Clocks that",
        "Visits ", "Requests received",
    ),
    "consultations/services/cases.py": ("hand over", "tell of more", "repeat of texts"),
    "consultations/services/slot_release.py": (
        "request ended", "chose another", "hold ran out", "no longer away", "over early", "no longer busy",
        "a danger was told", "hours added", "offer declined", "left the waiting list", "offer not sent",
        "offer no longer possible",
        "called off",
    ),
    "consultations/models/stored.py": (
        "a question that was asked", "the questions asked", "a result", "the scores of a result", "a rule that fired",
        "the rules that fired", "the record of an assessment", "the answers of a record",
    ),
}  # fmt: skip
"""Module -> how texts in it begin that look like words and that no patient and no nurse reads."""


def modules() -> list[Path]:
    results = []
    for package in PACKAGES:
        path = ROOT / package
        results += sorted(path.rglob("*.py")) if path.is_dir() else [path]
    return [module for module in results if "migrations" not in module.parts]


def offenders_in(module: Path) -> list[str]:
    name = str(module.relative_to(ROOT))
    known = NOBODY_READS.get(name, ())
    result = Finder(module.read_text()).offenders()
    return [f"{name}:{line}" for line in result if not any(text in line for text in known)]


def test_every_sentence_is_in_a_catalogue_and_whole():
    """Mark it: `_("Booked with %(doctor)s on %(day)s.") % {...}`; `gettext_lazy` at import time, `ngettext` to count.
    Say the whole sentence with named placeholders, never pieces. A list of things is said by one helper.
    """
    assert len(modules()) >= len(PACKAGES)
    assert [line for module in modules() for line in offenders_in(module)] == []


def test_what_nobody_reads_is_still_there():
    stale = [
        (name, text) for name, texts in NOBODY_READS.items() for text in texts if text not in (ROOT / name).read_text()
    ]
    assert stale == []


LAZY = "from django.utils.translation import gettext_lazy as _\n"
AT_ONCE = "from django.utils.translation import gettext as _, ngettext\n"


@pytest.mark.parametrize(
    ("source", "offender"),
    [
        ('raise NotAllowed("Your role may not do this.")', "1: not marked: 'Your role may not do this.'"),
        ('label = "Yes"', "1: not marked: 'Yes'"),
        ('OPEN = "open", "Open"', "1: not marked: 'Open'"),
        ('text = f"Case {pk}"', "1: glued: f'Case {pk}'"),
        ('text = words + " and more"', "1: glued: words + ' and more'"),
        ('text = " and ".join(names)', "1: glued: ' and '.join(names)"),
        ('text = "day" if number == 1 else "days"', "1: plural by hand: 'day' if number == 1 else 'days'"),
        (LAZY + 'label = _(f"Case {pk}")', "2: not a literal in gettext_lazy: f'Case {pk}'"),
        (LAZY + 'label = _("Case %s")', "2: name the placeholder, like %(name)s: 'Case %s'"),
        (AT_ONCE + 'label = _("Open")', "2: translated once, at import: use gettext_lazy: _('Open')"),
        (AT_ONCE + 'def f(words=_("Open")): pass', "2: translated once, at import: use gettext_lazy: _('Open')"),
        (AT_ONCE + "for code, _ in pairs: pass", "2: “_” is the catalogue here: name it _rest"),
    ],
)  # fmt: skip
def test_it_is_found(source, offender):
    assert offender in Finder(source).offenders()


@pytest.mark.parametrize(
    "source",
    [
        '"""Says what it is for."""',
        'logger.error("case %s: nobody was told", pk)',
        'raise ValueError("A naive datetime names no instant.")',
        'PATTERN = re.compile("[a-z] [a-z]")',
        'key = f"case-{pk}"',
        'text = ", ".join(names)',
        'fields = ["status", "closed_at"]',
        LAZY + 'label = _("Case %(number)s") % {"number": pk}',
        AT_ONCE + 'def f(): return ngettext("%(count)s day", "%(count)s days", n) % {"count": n}',
    ],
)
def test_it_is_let_pass(source):
    assert Finder(source).offenders() == []
