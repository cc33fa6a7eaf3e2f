"""Text that may be translated only when it is shown, as what `gettext_lazy` gives is."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise as Wording
else:
    Wording = str

__all__ = ["Wording"]
