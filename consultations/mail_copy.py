"""What every mail says: neutral, without a health word. `emails.py` puts it into a letter."""

import dataclasses
from typing import TYPE_CHECKING, Final

from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from consultations.enums import MessageKind

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise


@dataclasses.dataclass(frozen=True, slots=True)
class Wording:
    """`subject` may hold `%(reference)s` and nothing else: no name or health word ever stands in a header.

    What is `to_helper` says the same to somebody who sent the request for a patient, by the patient's name; where there
    is none, both read the same.
    """

    subject: "_StrOrPromise"
    opening: "_StrOrPromise"
    action: "_StrOrPromise"
    next_step: "_StrOrPromise"
    opening_to_helper: "_StrOrPromise" = ""
    action_to_helper: "_StrOrPromise" = ""
    next_step_to_helper: "_StrOrPromise" = ""

    def addressed(self, *, helped_name: str) -> dict[str, str]:
        """Opening, action and next step to the patient, or, with the patient's name, to who helps them."""
        if not helped_name:
            return {"opening": str(self.opening), "action": str(self.action), "next_step": str(self.next_step)}
        texts = {
            "opening": self.opening_to_helper or self.opening,
            "action": self.action_to_helper or self.action,
            "next_step": self.next_step_to_helper or self.next_step,
        }
        return {part: capfirst(str(text) % {"name": helped_name}) for part, text in texts.items()}


WORDINGS: Final[dict[str, Wording]] = {
    MessageKind.REQUEST_RECEIVED: Wording(
        _("Your request %(reference)s: we have it"),
        _("We have your request. A person at the clinic reads every request."),
        _("See your request"),
        _("On the private page you can follow the request, write to us, or withdraw it."),
        opening_to_helper=_("We have %(name)s’s request. A person at the clinic reads every request."),
        action_to_helper=_("See %(name)s’s request"),
    ),
    MessageKind.PRIVATE_LINK: Wording(
        _("Your request %(reference)s: your private link"),
        _("Here is a private link to your request."),
        _("See your request"),
        _("If you did not ask for this, you do not need to do anything."),
        opening_to_helper=_("Here is a private link to %(name)s’s request."),
        action_to_helper=_("See %(name)s’s request"),
    ),
    MessageKind.QUESTION_ASKED: Wording(
        _("Your request %(reference)s: we have a question"),
        _("We have a question about your request before we can go on."),
        _("Read and answer"),
        _("We go on as soon as we have your answer."),
        opening_to_helper=_("We have a question about %(name)s’s request before we can go on."),
    ),
    MessageKind.CONSULTATION_OFFERED: Wording(
        _("Your request %(reference)s: choose a time"),
        _("You can now choose a time."),
        _("Choose a time"),
        _("Nothing is booked until you choose a time."),
        opening_to_helper=_("You can now choose a time for %(name)s."),
    ),
    MessageKind.FOLLOW_UP_INVITED: Wording(
        _("Your request %(reference)s: choose a time"),
        _("We invite you to another visit. You can now choose a time."),
        _("Choose a time"),
        _("Nothing is booked until you choose a time. Before it is booked we ask you a few questions."),
        opening_to_helper=_("We invite %(name)s to another visit. You can now choose a time for %(name)s."),
    ),
    MessageKind.APPOINTMENT_BOOKED: Wording(
        _("Your request %(reference)s: your time is booked"),
        _("Your time is booked. Open the link to see the date, time and place."),
        _("See date, time and place"),
        _("On the private page you can add it to a calendar, move it, or cancel it."),
        opening_to_helper=_("%(name)s’s time is booked. Open the link to see the date, time and place."),
    ),
    MessageKind.APPOINTMENT_MOVED: Wording(
        _("Your request %(reference)s: your time has changed"),
        _("Your time has changed. Open the link to see the new date, time and place."),
        _("See date, time and place"),
        _("If the old time is in a calendar, the file on the private page puts the new one in its place."),
        opening_to_helper=_("%(name)s’s time has changed. Open the link to see the new date, time and place."),
    ),
    MessageKind.APPOINTMENT_CANCELLED: Wording(
        _("Your request %(reference)s: your time is cancelled"),
        _("Your time is cancelled. If it is in a calendar, delete it from your calendar. The page says what is next."),
        _("See what is next"),
        _("Your request stays open. The private page has a file that removes the time from most calendars."),
        opening_to_helper=_(
            "%(name)s’s time is cancelled. If it is in a calendar, delete it from your calendar. "
            "The page says what is next."
        ),
        next_step_to_helper=_(
            "%(name)s’s request stays open. The private page has a file that removes the time from most calendars."
        ),
    ),
    MessageKind.VISIT_CALLED_OFF: Wording(
        _("Your request %(reference)s: your visit cannot take place"),
        _("We are sorry: your visit cannot take place at the time that was booked. Please choose another time."),
        _("Choose another time"),
        _("Your request stays open, and its place in line is kept. If no time suits you, call us."),
        opening_to_helper=_(
            "We are sorry: %(name)s’s visit cannot take place at the time that was booked. Please choose another time."
        ),
        next_step_to_helper=_(
            "%(name)s’s request stays open, and its place in line is kept. If no time suits, call us."
        ),
    ),
    MessageKind.VISIT_REMINDER: Wording(
        _("Your request %(reference)s: a reminder"),
        _("This is a reminder of the time that you booked with us. Open the link to see the date, time and place."),
        _("See your time"),
        _(
            "On the private page you can tell us in one step that you will come, or cancel. Please also tell us there "
            "if anything has changed. You can choose there what these reminders say, or switch them off."
        ),
        opening_to_helper=_(
            "This is a reminder of the time that is booked for %(name)s. Open the link to see the date, time and place."
        ),
        action_to_helper=_("See %(name)s’s time"),
        next_step_to_helper=_(
            "On the private page you can tell us in one step that %(name)s will come, or cancel. Please also tell us "
            "there if anything has changed. You can choose there what these reminders say, or switch them off."
        ),
    ),
    MessageKind.CHOOSE_NUDGE: Wording(
        _("Your request %(reference)s: choose a time"),
        _("You can still choose a time. Nothing is booked yet."),
        _("Choose a time"),
        _(
            "If no time suits you, call us or write to us on the private page. Please also tell us there if anything "
            "has changed."
        ),
        opening_to_helper=_("You can still choose a time for %(name)s. Nothing is booked yet."),
    ),
    MessageKind.OFFER_EXPIRED: Wording(
        _("Your request %(reference)s: we will get in touch"),
        _(
            "We have not heard which time suits you. That is all right: your request stays open, and somebody at the "
            "clinic will get in touch with you."
        ),
        _("See your request"),
        _(
            "You can also call us, or write to us on the private page. Please also tell us there if anything has "
            "changed."
        ),
        opening_to_helper=_(
            "We have not heard which time suits %(name)s. That is all right: the request stays open, and somebody at "
            "the clinic will get in touch."
        ),
        action_to_helper=_("See %(name)s’s request"),
    ),
    MessageKind.OFFERED_AGAIN: Wording(
        _("Your request %(reference)s: choose a time"),
        _("You can choose a new time."),
        _("Choose a time"),
        _("Nothing is booked until you choose a time."),
        opening_to_helper=_("You can choose a new time for %(name)s."),
    ),
    MessageKind.EARLIER_TIME: Wording(
        _("Your request %(reference)s: an earlier time"),
        _(
            "You asked us for an earlier time. One has come free, and we keep it for you for a while. Open the link to "
            "see it."
        ),
        _("See the time"),
        _(
            "You can take it or decline it in one step. If you decline it, or do nothing, everything stays as it is "
            "and you stay on the waiting list. Please also tell us there if anything has changed."
        ),
        opening_to_helper=_(
            "You asked us for an earlier time for %(name)s. One has come free, and we keep it for a while. Open the "
            "link to see it."
        ),
        next_step_to_helper=_(
            "You can take it or decline it in one step. If you decline it, or do nothing, everything stays as it is "
            "and %(name)s stays on the waiting list. Please also tell us there if anything has changed."
        ),
    ),
    MessageKind.AFTER_VISIT: Wording(
        _("Your request %(reference)s: what comes next"),
        _("Thank you for your visit. The private page says what comes next."),
        _("See what comes next"),
        _("If you have a question, call us."),
        opening_to_helper=_("Thank you for the visit. The private page says what comes next for %(name)s."),
    ),
    MessageKind.MISSED_VISIT: Wording(
        _("Your request %(reference)s: we can find another time"),
        _("We are sorry that your visit did not take place. These things happen."),
        _("See what you can do"),
        _("If you would still like to come, call us: we can offer you another time without new questions."),
        opening_to_helper=_("We are sorry that %(name)s’s visit did not take place. These things happen."),
        next_step_to_helper=_(
            "If %(name)s would still like to come, call us: we can offer another time without new questions."
        ),
    ),
    MessageKind.REQUEST_CLOSED: Wording(
        _("Your request %(reference)s: there is news"),
        _("There is news about your request."),
        _("Read the news"),
        _("Open the link to see what changed, and what you can do next."),
        opening_to_helper=_("There is news about %(name)s’s request."),
    ),
    MessageKind.WEEKLY_QUESTION: Wording(
        _("Your request %(reference)s: has anything changed?"),
        _("Your request is still open. Please tell us if anything has changed."),
        _("Answer one question"),
        _("It takes a minute. On the private page you can also switch off these weekly mails."),
        opening_to_helper=_("%(name)s’s request is still open. Please tell us if anything has changed."),
    ),
    MessageKind.PLEASE_CONTACT: Wording(
        _("Your request %(reference)s: please contact us"),
        _("We would like to speak to you about your request."),
        _("Open your request"),
        _("Please call us, or write to us on the private page."),
        opening_to_helper=_("We would like to speak to you about %(name)s’s request."),
        action_to_helper=_("Open %(name)s’s request"),
    ),
    MessageKind.NEXT_DAY_QUESTION: Wording(
        _("Your request %(reference)s: a short question"),
        _("We have a short question about your request."),
        _("Read and answer"),
        _("It takes a minute. A person at the clinic reads the answer."),
        opening_to_helper=_("We have a short question about %(name)s’s request."),
    ),
    MessageKind.SAVED_CHECK: Wording(
        _("Your link to carry on"),
        _("Here is the link to carry on with the form that you began. Nothing was sent to the clinic yet."),
        _("Carry on"),
        _(
            "If you did not ask for this, somebody may have typed your address by mistake: you do not need to do "
            "anything. Only the newest link works."
        ),
    ),
    MessageKind.SAVED_CHECK_REMINDER: Wording(
        _("The form that you began"),
        _(
            "You asked for one reminder of the form that you began. It was not sent to the clinic, and we delete it "
            "soon."
        ),
        _("Carry on"),
        _("If you do nothing, it is deleted, and your address with it. Only the newest link works."),
    ),
    MessageKind.STAFF_ALERT: Wording(
        _("Something urgent waits in the staff area"),
        _("Something urgent waits for you in the staff area."),
        _("Open the staff area"),
        _("An alert that cannot wait repeats until somebody takes it on or has read it. Others come once."),
    ),
    MessageKind.STAFF_NOTICE: Wording(
        _("Something to read in the staff area"),
        _("There is something new to read for you in the staff area."),
        _("Open the staff area"),
        _("It is not urgent, and this message comes once."),
    ),
    MessageKind.DAY_END: Wording(
        _("The day’s end: nothing pressing is open"),
        _("The clinic is closed for today."),
        _("See the day’s end"),
        _("This message comes once, when the clinic has closed."),
    ),
}
CALLED_OFF_TODAY: Final = Wording(
    WORDINGS[MessageKind.VISIT_CALLED_OFF].subject,
    _("We are sorry: your visit today cannot take place. Please choose another time."),
    WORDINGS[MessageKind.VISIT_CALLED_OFF].action,
    WORDINGS[MessageKind.VISIT_CALLED_OFF].next_step,
    opening_to_helper=_("We are sorry: %(name)s’s visit today cannot take place. Please choose another time."),
    next_step_to_helper=WORDINGS[MessageKind.VISIT_CALLED_OFF].next_step_to_helper,
)
"""The same on the day of the visit itself."""
CALLED_OFF_TO_CALL: Final = Wording(
    WORDINGS[MessageKind.VISIT_CALLED_OFF].subject,
    _("We are sorry: your visit cannot take place at the time that was booked. Somebody at the clinic will call you."),
    _("See what is next"),
    _("Your request stays open, and its place in line is kept. You can also call us."),
    opening_to_helper=_(
        "We are sorry: %(name)s’s visit cannot take place at the time that was booked. Somebody at the clinic will "
        "call."
    ),
    next_step_to_helper=_("%(name)s’s request stays open, and its place in line is kept. You can also call us."),
)
"""The same while nobody can choose a time: a doctor has to look first."""
