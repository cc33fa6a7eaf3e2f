"""Why somebody may not do something, in sentences for them. Imported before there are models."""


class TransitionNotAllowed(Exception):
    """An action that this status, or this person, does not allow. The text is fit to show to staff."""


class WrongStatus(TransitionNotAllowed):
    """The row does not stand where this action can be done."""


class NotAllowed(TransitionNotAllowed):
    """This person may not do it, whatever the status."""


class ChangedMeanwhile(WrongStatus):
    """Somebody changed the status after the page was shown; the text names them."""
