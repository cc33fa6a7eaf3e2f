"""What every action on the content shares: its address, its form, and its place above the record."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from crispy_forms.helper import FormHelper
from django import forms
from django.db import models

from clinic.accounts.models import User
from clinic.core.actions import Action, Data, Result
from clinic.core.transitions import Row
from education.models import Page
from education.services.transitions import WORKFLOW, states_of


class ActionForm(forms.Form):
    """The form of one action on one record. What is missing is said in a sentence above the record."""

    use_required_attribute = False

    def __init__(self, *args: Any, row: models.Model, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.row = row
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True  # the page that shows it has the token


class ContentAction(Action[Data, Row, Result]):
    workflow = WORKFLOW
    form_class: ClassVar[type[forms.Form] | None] = None
    address: ClassVar[str] = ""
    """The end of its address, where that is not its name."""
    template: ClassVar[str] = "admin/education/actions/form.html"
    """What shows its form: what is asked first, and the button."""
    has_own_place: ClassVar[bool] = False
    """Whether it stands beside what it is about, and not with the other actions above the record."""
    is_main: ClassVar[bool] = False
    is_grave: ClassVar[bool] = False

    def slug(self) -> str:
        return self.address or self.name.replace("_", "-")

    def is_for(self, model: type[models.Model]) -> bool:
        """Whether rows of a model have a state in which this is possible."""
        return any(state in self.transition.sources for state in states_of(model))

    def is_meant(self, posted: Mapping[str, Any]) -> bool:
        """Whether a form is for this action, where several share an address."""
        return True

    def is_offered(self, row: Row, *, by: User) -> bool:
        """Whether a page shows it to somebody whom the table lets do it."""
        return True

    def label_for(self, row: Row) -> str:
        """What it is called above one record."""
        return self.label

    def button_for(self, row: Row) -> str:
        return self.button_label

    def initial_for(self, row: Row) -> dict[str, Any]:
        return {}

    def form_for(self, row: Row, *, data: Mapping[str, Any] | None = None) -> forms.Form:
        form: Callable[..., forms.Form] = self.form_class or ActionForm
        return form(data, row=row, initial=self.initial_for(row), auto_id=f"{self.name.replace('_', '-')}-%s")


class PageAction(ContentAction[Data, Page, Result]):
    """An action on a page."""
