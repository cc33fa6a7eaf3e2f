"""What is on file behind an account of a real person or a clinician's statement, and whether it is enough."""

import datetime
from typing import Final

from django.db import models, transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.accounts.models import User
from clinic.core import audit, clock
from clinic.core.permissions import may
from clinic.core.refusals import NotAllowed
from education.claims.content_checks import BOOKING, surer_than
from education.library import Library
from education.models import CaseAccount, ClinicianStatement, Page
from education.services.transitions import WORKFLOW
from education.workflow import NOT_CHANGE

REGISTER_HOLDS: Final = datetime.timedelta(days=365)
CARE: Final = {
    "has_timeline": _("a timeline"),
    "has_all_treatments": _("all treatments"),
    "has_dated_scores": _("outcome scores with their dates"),
    "has_unwanted_events": _("unwanted events, or that there were none"),
    "has_own_view": _("the person's own view"),
}


def problems_beside(page: Page, library: Library) -> list[str]:
    """What an account or a statement still lacks; nothing for pages of other kinds."""
    if page.kind == Page.Kind.ACCOUNT:
        account = CaseAccount.objects.filter(page_id=page.pk).first()
        if account is None:
            return [
                gettext("Nothing is on file for this account: add its consent and its facts under “Case accounts”.")
            ]
        return account_problems(account, page)
    if page.kind == Page.Kind.STATEMENT:
        statement = ClinicianStatement.objects.filter(page_id=page.pk).first()
        if statement is None:
            return [gettext("Nothing is on file for this statement: add who said it under “Clinician statements”.")]
        return statement_problems(statement, page, library)
    return []


def account_problems(account: CaseAccount, page: Page) -> list[str]:
    today = clock.today()
    problems = [
        gettext("The account lacks %(words)s (CARE).") % {"words": label}
        for name, label in CARE.items()
        if not getattr(account, name)
    ]
    if account.consent_ends_on < today:
        problems.append(
            gettext("Consent ran out on %(day)s. Ask the person anew.") % {"day": clock.day(account.consent_ends_on)}
        )
    if account.read_by_person_on is None:
        problems.append(gettext("The person has not read the final text yet."))
    if account.privacy_reviewed_on is None or not account.privacy_reviewed_by:
        problems.append(gettext("Nobody has reviewed the account for privacy yet."))
    if not account.asked or not account.agreed:
        problems.append(
            gettext("Say how many people were asked and how many agreed: it is printed beside the account.")
        )
    if BOOKING.search(page.body):
        problems.append(gettext("An account never leads to booking. Take the link out."))
    if account.result == CaseAccount.Result.BETTER and not _has_counterpart(page):
        problems.append(gettext("A good result is shown only beside another: publish an account without one first."))
    return problems


def _has_counterpart(page: Page) -> bool:
    """Whether the accounts with no change or harm are at least as many as the good ones, this one included."""
    public = CaseAccount.objects.filter(page__live__isnull=False).exclude(page=page)
    good = public.filter(result=CaseAccount.Result.BETTER).count()
    return public.count() - good >= good + 1


def statement_problems(statement: ClinicianStatement, page: Page, library: Library) -> list[str]:
    problems = []
    if statement.approved_on is None:
        problems.append(gettext("The clinician has not approved these words in writing yet."))
    if clock.today() - statement.register_checked_on > REGISTER_HOLDS:
        problems.append(gettext("The register number was last checked more than a year ago. Look it up again."))
    graded = library.evidence.get(statement.evidence)
    if graded is None:
        problems.append(
            gettext("“%(evidence)s” is no graded statement: an opinion stands beside the evidence.")
            % {"evidence": statement.evidence}
        )
    elif match := surer_than(page.body, graded["grade"]):
        problems.append(gettext("“%(found)s” says more than the grade beside it.") % {"found": match[0]})
    return problems


@transaction.atomic
def save_consent_record(*, record: models.Model, by: User, changed: list[str]) -> None:
    """Keep what is on file. What is printed beside a page belongs to its words, so its sign-offs are void.

    Raises NotAllowed, WrongStatus.
    """
    verb = "add" if record.pk is None else "change"
    if not may(by, f"education.{verb}_{record._meta.model_name}", None if record.pk is None else record):
        raise NotAllowed(NOT_CHANGE)
    record.save()
    if isinstance(record, CaseAccount | ClinicianStatement):
        page = Page.objects.select_for_update().get(pk=record.page_id)
        page.state = WORKFLOW.state_after(page, "edit")
        page.publish_at = page.publish_by = None
        page.save(update_fields=["state", "publish_at", "publish_by"])
        page.drafted_by.add(by)
    audit.record(action="content.edit", target=record, by=by, fields=changed)
