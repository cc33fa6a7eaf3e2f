"""System checks of the lines for help: every number in them dials, and every number setting has its line."""

from typing import Any, Final

from django.conf import settings
from django.core.checks import CheckMessage, Warning, register

from clinic.core import lines

WHERE: Final = (
    ("EMERGENCY_NUMBER", "emergency", "tel"),
    ("URGENT_PHONE", "urgent", "tel"),
    ("CRISIS_PHONE", "crisis", "tel"),
    ("CRISIS_TEXT", "crisis", "sms"),
)
"""A number setting, the line its number belongs in, and the kind of link it makes there."""


@register("clinic")
def check_lines(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    return [*_numbers_without_setting(), *_settings_without_link()]


def _numbers_without_setting() -> list[CheckMessage]:
    return [
        Warning(
            f'{line.setting} names the number "{number}", which no setting names, so it is not a link that dials.',
            hint=f"Set {_settings_of(kind)} to the number that the line names.",
            id="clinic.W004",
        )
        for kind, line in ((kind, make()) for kind, make in lines.LINES.items())
        for number in line.unlinked()
    ]


def _settings_without_link() -> list[CheckMessage]:
    messages: list[CheckMessage] = []
    for name, kind, scheme in WHERE:
        number, line = getattr(settings, name), lines.LINES[kind]()
        if not number.strip() or not line.text.strip():
            continue  # an empty line is an error of its own, see check_clinic
        if not lines.can_be_dialled(number):
            hint = (
                "Write digits, with spaces, dashes, brackets and a + in front if you like: letters cannot be dialled."
            )
            messages.append(Warning(f'{name} "{number}" cannot be dialled.', hint=hint, id="clinic.W005"))
        elif not line.dials(f"{scheme}:{lines.dialled(number)}"):
            hint = f"Change {line.setting} so that it names the number, or {name} to the number that the line names."
            if scheme == "sms":
                hint += ' If it takes calls as well, the line says so: "call or text 988".'
            messages.append(
                Warning(f'{name} "{number}" is not to be found in {line.setting}.', hint=hint, id="clinic.W006")
            )
    return messages


def _settings_of(kind: str) -> str:
    return " or ".join(name for name, of, _ in WHERE if of == kind)
