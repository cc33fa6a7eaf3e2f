"""Moves pages from draft to readers and off the site again. Every move is in `workflow.MOVES`."""

import datetime
from typing import Final

from django.db import transaction

from clinic.accounts.models import User
from clinic.core import audit, clock
from clinic.core.failures import one_by_one
from education import library, workflow
from education.claims import linter
from education.claims.publication_checks import grade_ends_on
from education.markup import references
from education.models import Page, Reviewer, SignOff
from education.services.consent_records import REGISTER_HOLDS
from education.services.loading import show
from education.services.records import FIXED_ADDRESSES, problems_of
from education.services.refusals import NotComplete, NotEntitled, ReasonRefused
from education.services.reopening import EXPIRED, close_reopenings
from education.services.snapshot import refresh_snapshot
from education.services.waivers import name_of, open_remarks, sentence_of, wrote

DAYS_A_MONTH: Final = 30.4375
NOT_SIGNED: Final = {
    "clinical": "A clinician who did not write it has to review these very words first.",
    "second": "A page of this kind needs a second sign-off, by somebody else than its reviewer and its writers.",
}
WORDS_OF_A_REASON: Final = 4


@transaction.atomic
def send(*, page: Page, by: User) -> Page:
    """Hand a draft to its reviewers. Raises NotEntitled, NotComplete, MoveRefused."""
    fresh = _ready(page, "send", by)
    blocked = [each for each in open_remarks(fresh) if each.level == linter.BLOCK]
    if problems := [*problems_of(fresh), *map(sentence_of, blocked)]:
        raise NotComplete(problems)
    return _moved(fresh, "send", by)


@transaction.atomic
def send_back(*, page: Page, by: User) -> Page:
    """Hand a page back to its writers. Raises NotEntitled, MoveRefused."""
    return _moved(_ready(page, "send_back", by), "send_back", by)


@transaction.atomic
def take_up(*, page: Page, by: User) -> Page:
    """Work on a withdrawn page again; it stays away until it is published anew. Raises NotEntitled, MoveRefused."""
    fresh = _ready(page, "take_up", by)
    fresh.closed_at, fresh.closed_reason = None, ""
    return _moved(fresh, "take_up", by)


@transaction.atomic
def sign(*, page: Page, part: str, decision: str, comment: str, digest: str, by: User) -> SignOff:
    """Keep what one person says of the version they read, which `digest` names.

    Raises NotEntitled, ReasonRefused, MoveRefused.
    """
    if not by.has_perm(workflow.PERMISSIONS[f"sign_{part}"]):
        raise NotEntitled("This sign-off is for others. Ask a manager.")
    fresh = Page.objects.select_for_update().get(pk=page.pk)
    if fresh.state not in workflow.SIGNABLE:
        raise workflow.MoveRefused("Only a page that is in review or being updated can be signed.")
    if fresh.digest != digest:
        raise ReasonRefused("The page was edited while you read it. Read it again before you sign.")
    if wrote(fresh, by):
        raise NotEntitled("You wrote these words, so somebody else has to sign them.")
    others = [each for each in standing(fresh).values() if each.part != part]
    if any(each.by_id == by.pk for each in others):
        raise NotEntitled("You gave the other sign-off, so somebody else has to give this one.")
    if decision == SignOff.Decision.CHANGES and len(comment.split()) < WORDS_OF_A_REASON:
        raise ReasonRefused("Say what has to change, in a sentence that the writer understands.")
    given = SignOff.objects.create(
        page=fresh,
        digest=digest,
        part=part,
        decision=decision,
        comment=comment.strip(),
        by=by,
        signature=_signature(by) if part == SignOff.Part.CLINICAL else name_of(by),
        at=clock.now(),
    )
    audit.record(action="content.sign", target=fresh, by=by, details={"part": part, "decision": decision})
    return given


def _signature(by: User) -> str:
    """Raises NotEntitled where nobody has checked this person's register entry within a year."""
    reviewer = Reviewer.objects.filter(user=by).first()
    if reviewer is None:
        raise NotEntitled("Readers see who reviewed a page. Ask a manager to enter you under “Reviewers” first.")
    if clock.today() - reviewer.checked_on > REGISTER_HOLDS:
        raise NotEntitled("Your register entry was last checked more than a year ago. Ask a manager to look it up.")
    return reviewer.signature


def standing(page: Page) -> dict[str, SignOff]:
    """The latest sign-off of each part that was given to these very words."""
    given = page.sign_offs.filter(digest=page.digest).order_by("at", "pk")
    return {each.part: each for each in given}


def waits_for(page: Page) -> list[str]:
    """Everything that keeps a page from being published now, in sentences."""
    today = clock.today()
    held = library.Library.of("", library.snapshot_data())
    problems = [*problems_of(page), *map(sentence_of, open_remarks(page))]
    problems += [
        EXPIRED.format(code, clock.day(ends))
        for code in sorted(references.of(page.words(), held).evidence)
        if code in held.evidence and (ends := grade_ends_on(held.evidence[code])) < today
    ]
    given = standing(page)
    for part in workflow.parts_to_sign(page.kind, is_stem_cell_page=page.is_stem_cell_page):
        if part not in given:
            problems.append(NOT_SIGNED[part])
        elif given[part].decision == SignOff.Decision.CHANGES:
            problems.append(f"{given[part].signature} wants changes: {given[part].comment}")
    if page.kind == Page.Kind.EVIDENCE and page.live_id and not page.change_note.strip():
        problems.append("Say under “change note” what changed and why: readers of evidence pages see it.")
    return problems


@transaction.atomic
def publish(*, page: Page, by: User) -> Page:
    """Show these words to everyone. Raises NotEntitled, NotComplete, MoveRefused."""
    if not by.has_perm(workflow.PERMISSIONS["publish"]):
        raise NotEntitled("You may edit pages, but not publish them. Ask a manager.")
    fresh = Page.objects.select_for_update().get(pk=page.pk)
    if fresh.is_published:
        return fresh
    workflow.after(fresh.state, "publish")
    if problems := waits_for(fresh):
        raise NotComplete(problems)
    return _publish(fresh, by)


def _publish(page: Page, by: User) -> Page:
    review = standing(page)[SignOff.Part.CLINICAL]
    version = show(page, by=name_of(by))
    version.reviewed_by, version.reviewed_on = review.signature, clock.local(review.at).date()
    version.next_review_on = version.reviewed_on + datetime.timedelta(days=round(page.review_months * DAYS_A_MONTH))
    version.save(update_fields=["reviewed_by", "reviewed_on", "next_review_on"])
    page.drafted_by.clear()
    close_reopenings(page)
    refresh_snapshot()
    audit.record(action="content.publish", target=page, by=by, fields=["state"], details={"version": version.number})
    return page


@transaction.atomic
def schedule(*, page: Page, at: datetime.datetime, by: User) -> Page:
    """Publish these words at a later instant. Raises NotEntitled, NotComplete, ReasonRefused, MoveRefused."""
    if not by.has_perm(workflow.PERMISSIONS["publish"]):
        raise NotEntitled("You may edit pages, but not publish them. Ask a manager.")
    fresh = Page.objects.select_for_update().get(pk=page.pk)
    workflow.after(fresh.state, "publish")
    if at <= clock.now():
        raise ReasonRefused("Choose a time that is still to come.")
    if problems := waits_for(fresh):
        raise NotComplete(problems)
    fresh.publish_at, fresh.publish_by = at, by
    fresh.save(update_fields=["publish_at", "publish_by"])
    audit.record(action="content.schedule", target=fresh, by=by, details={"at": at.isoformat()})
    return fresh


def publish_due() -> int:
    """Publish what was scheduled and is due. A page that no longer may be shown loses its schedule. How many.

    Raises SomeFailed after the others had their turn.
    """
    due = Page.objects.filter(publish_at__lte=clock.now()).values_list("pk", flat=True)
    return one_by_one(list(due), _publish_scheduled, what="scheduled page")


@transaction.atomic
def _publish_scheduled(pk: int) -> bool:
    fresh = Page.objects.select_for_update(of=("self",)).select_related("publish_by").get(pk=pk)
    if fresh.publish_at is None or fresh.publish_at > clock.now() or fresh.publish_by is None:
        return False
    by, problems = fresh.publish_by, waits_for(fresh)
    if not problems and by.is_active and by.has_perm(workflow.PERMISSIONS["publish"]):
        _publish(fresh, by)
        return True
    fresh.publish_at = fresh.publish_by = None
    fresh.save(update_fields=["publish_at", "publish_by"])
    audit.record(action="content.schedule_failed", actor="system", target=fresh, details={"problems": len(problems)})
    return False


@transaction.atomic
def withdraw(*, page: Page, reason: str, by: User) -> Page:
    """Take a page off the site at once; its address says why. Raises NotEntitled, ReasonRefused, MoveRefused."""
    fresh = _ready(page, "withdraw", by)
    if fresh.state == Page.State.WITHDRAWN:
        return fresh
    if len(reason.split()) < WORDS_OF_A_REASON:
        raise ReasonRefused("Write a reason in a sentence: readers who come to this address see it.")
    if found := [each for each in linter.find(reason) if each.level == linter.BLOCK]:
        raise ReasonRefused(f"Readers see the reason, and “{reason[slice(*found[0].span)]}” claims too much.")
    return _closed(fresh, "withdraw", reason, by)


@transaction.atomic
def retire(*, page: Page, reason: str, moved_to: str, by: User) -> Page:
    """Close a page that is no longer needed; its address leads on, or says so.

    Raises NotEntitled, ReasonRefused, MoveRefused.
    """
    fresh = _ready(page, "retire", by)
    if fresh.state == Page.State.RETIRED:
        return fresh
    public = Page.objects.public().exclude(pk=fresh.pk).values_list("path", flat=True)
    if moved_to and moved_to not in {*public, *FIXED_ADDRESSES}:
        raise ReasonRefused(f"“{moved_to}” is no public page. Write its address with a slash at both ends.")
    if not moved_to and len(reason.split()) < WORDS_OF_A_REASON:
        raise ReasonRefused("Write where readers find this now, or tell them in a sentence why the page is closed.")
    fresh.moved_to = moved_to
    return _closed(fresh, "retire", reason, by)


def _closed(page: Page, verb: str, reason: str, by: User) -> Page:
    page.live, page.publish_at, page.publish_by = None, None, None
    page.closed_reason, page.closed_at = reason.strip(), clock.now()
    close_reopenings(page)
    moved = _moved(page, verb, by)
    refresh_snapshot()
    return moved


def _ready(page: Page, verb: str, by: User) -> Page:
    """The page as it stands now, locked, if this person may make this move. The same move twice is harmless."""
    if not by.has_perm(workflow.PERMISSIONS[verb]):
        raise NotEntitled("You may read this page, but not do this. Ask a manager.")
    fresh = Page.objects.select_for_update().get(pk=page.pk)
    already = {"withdraw": Page.State.WITHDRAWN, "retire": Page.State.RETIRED}.get(verb)
    if fresh.state != already:
        workflow.after(fresh.state, verb)
    return fresh


def _moved(page: Page, verb: str, by: User) -> Page:
    page.state = Page.State(workflow.after(page.state, verb))
    page.save()
    audit.record(action=f"content.{verb}", target=page, by=by, fields=["state"])
    return page
