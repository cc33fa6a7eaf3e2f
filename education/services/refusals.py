"""Why a change to the content is refused, in words for the person who asked."""

from clinic.core.refusals import TransitionNotAllowed


class NotComplete(TransitionNotAllowed):
    """Something that cannot be shown yet; `problems` says why, in sentences."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


class ReasonRefused(TransitionNotAllowed):
    """A reason, comment or date that cannot be accepted; the text says why."""
