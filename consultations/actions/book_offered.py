"""Booking the time that the waiting list offers, for who has none yet."""

from django.utils.translation import gettext_lazy as _

from consultations.actions.base import Ctx
from consultations.actions.book import Book, BookData
from consultations.actions.offered_time import TakeOffered
from consultations.services import scheduling
from consultations.services.transitions import WORKFLOW


@WORKFLOW.register
class BookOffered(TakeOffered, Book):
    verb, name = "book", "book_offered"
    position = 78
    button = _("Book the time from the waiting list")

    def is_repeat(self, ctx: Ctx, data: BookData) -> bool:
        appointment = scheduling.booked(ctx.row)
        return appointment is not None and scheduling.slot_of(appointment) == data.slot
