"""Why a change to the content is refused, in words for the person who asked."""


class NotComplete(Exception):
    """Something that cannot be shown yet; `problems` says why, in sentences."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


class NotEntitled(Exception):
    """This person may not do this."""


class ReasonRefused(Exception):
    """A reason, comment or date that cannot be accepted; the text says why."""
